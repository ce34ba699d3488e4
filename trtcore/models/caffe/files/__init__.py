"""Readers of prototxt and caffemodel files."""
