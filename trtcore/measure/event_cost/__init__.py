"""What the event between two layers costs on this machine."""
