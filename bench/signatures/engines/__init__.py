"""The engines, each a program that signs one file some times and says how long each took."""
