"""The rows of a table: layers or groups of them, and their labels."""
