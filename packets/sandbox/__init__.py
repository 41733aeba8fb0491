"""Work on what comes from outside, in short-lived processes that may do little, and the form in which their answers come back."""
