"""Tests of the whole service, as strangers and their programs meet it."""
