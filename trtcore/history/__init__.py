"""Many saved results: runs in SQLite, their trends, and whether a new one is slower."""
