"""Facts about the database itself, for those who examine the service: nothing here judges them."""
