"""What came in is read, looked at once, and led to its case."""
