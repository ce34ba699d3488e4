"""This machine: GPU, driver, clocks, files, cache."""
