"""Signing a PDF, raced against named peers."""
