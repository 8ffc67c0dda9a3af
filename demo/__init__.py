"""A whole city on loopback: simulators of the providers that a counter talks to."""
