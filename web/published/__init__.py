"""The page of the published rules."""
