"""Which model nodes each engine layer holds."""
