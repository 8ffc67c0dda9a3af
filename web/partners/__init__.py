"""The pages and calls of services and partners."""
