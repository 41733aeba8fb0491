"""Who people are to the service and what they keep in it: access, the directory, Step 1 sheets, tokens."""
