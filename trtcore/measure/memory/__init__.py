"""What a run needs of the device's and the host's memory."""
