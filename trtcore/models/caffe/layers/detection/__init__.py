"""The layers of SSD's detection head."""
