"""`guichet desk`: what agents do on the command line."""
