"""The tracking page."""
