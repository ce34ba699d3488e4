"""Work in fresh Python interpreters, one after the other."""
