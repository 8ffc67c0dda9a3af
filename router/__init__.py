"""The nouns, the ports and the way of a case; free of database, provider and framework."""
