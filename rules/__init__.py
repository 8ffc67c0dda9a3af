"""The language of the rules: read, check, compile, decide, explain."""
