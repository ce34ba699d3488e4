"""Kernel times by CUPTI, and the layers they belong to."""
