"""Who is at the door: passwords, sessions, and which roles may use which route."""
