"""What can be said of one profile."""
