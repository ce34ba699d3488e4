"""Tells a change from chance: the times of a run, rows that changed, tails that grew."""
