"""Notices: who is told what, in which words, and how it reaches them (R7, R8, REQUIREMENTS 2.4)."""
