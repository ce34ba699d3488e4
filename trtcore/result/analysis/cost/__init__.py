"""What a network has to compute and to move, and how near to the device's peaks it does so."""
