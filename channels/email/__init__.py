"""E-mail: IMAP and LMTP in, SMTP out, read by a parser of our own."""

from channels.email.channel import EmailChannel
from channels.email.settings import EmailSettings

__all__ = ["EmailChannel", "EmailSettings"]
