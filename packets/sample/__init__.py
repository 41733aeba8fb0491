"""Sample data: deterministic people, numbers and lists, marked as sample wherever they are shown."""
