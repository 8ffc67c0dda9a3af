"""`guichet try`: a message through the whole way, and nothing sent."""
