"""What is copied into every bag and runs without this project."""
