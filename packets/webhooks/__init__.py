"""Telling other machines: what happened goes, signed, to the addresses that an ACO or CMS has registered (ADR 38)."""
