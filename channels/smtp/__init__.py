"""Mail that leaves, for the channel of citizens and the way to services alike."""
