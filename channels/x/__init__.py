"""X: private messages and mentions."""
