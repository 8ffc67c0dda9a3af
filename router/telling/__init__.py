"""Writes to people, to services and to other installations, within the budget."""
