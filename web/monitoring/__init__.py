"""Examining the service itself, part by part: what is in order, what is not, and how to mend it."""
