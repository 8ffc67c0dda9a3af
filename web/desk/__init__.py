"""``/desk/v1``: what programs of the desk call."""
