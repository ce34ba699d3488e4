"""What could be done about the time that a network takes, each with a figure."""
