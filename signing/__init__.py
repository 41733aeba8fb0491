"""The act of signing: may this person sign this now; make, time-stamp, extend and judge signatures. No HTTP."""
