"""Whether an engine has the precision that was asked for."""
