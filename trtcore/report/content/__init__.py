"""What a report says: rows, facts and labels, without a format."""
