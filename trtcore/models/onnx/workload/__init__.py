"""What every node of a graph has to compute and to move."""
