"""Certified copies: a named grant with an end, and every retrieval on record."""
