"""Networks that trtcore brings along."""
