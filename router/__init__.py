"""The nouns, the ports and the way of a case; it knows no database, no provider and no framework."""
