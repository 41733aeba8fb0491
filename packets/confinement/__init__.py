"""Work on what comes from outside, in short-lived processes that may do little: `box` asks, `server` forks, `walls` confine."""
