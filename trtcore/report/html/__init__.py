"""One self-contained HTML page made from results; needs the extra ``report``."""
