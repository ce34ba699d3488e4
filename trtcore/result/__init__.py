"""The result: records, samples, files, and what can be said of one profile."""
