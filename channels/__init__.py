"""One file or folder a channel: how messages come in and how answers leave."""
