"""`guichet rules`: everything that checks, tries and changes the rules."""
