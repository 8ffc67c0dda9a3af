"""The same decisions, made the long way: what the quick engine is tested against."""
