"""Every option: its declaration, its value, and what it means something for."""
