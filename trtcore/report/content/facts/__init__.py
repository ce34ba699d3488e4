"""The facts under a table: how it was timed, in which precision, where the time went."""
