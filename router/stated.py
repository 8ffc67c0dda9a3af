"""A message stated in plain fields, of which a channel makes its provider's own form."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from router.message import Location


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """What somebody is said to have written.

    ``account`` is the address that it went to, empty for that of the channel; ``at`` is aware.
    ``kind`` is a word of the channel for what tells its messages apart (``mention`` on X), and
    ``attachments`` are names of files. ``message_id`` is the provider's, made up where it is empty.
    """

    sender: str
    text: str
    at: datetime
    account: str = ""
    kind: str = ""
    subject: str = ""
    location: Location | None = None
    name: str = ""
    attachments: tuple[str, ...] = ()
    message_id: str = ""

    @property
    def seed(self) -> str:
        """The same for the same message, to make up an identity from."""
        return f"{self.sender}\n{self.text}\n{self.at.isoformat()}"

    @property
    def digest(self) -> str:
        """The seed as 64 hexadecimal digits (SHA-256)."""
        return hashlib.sha256(self.seed.encode("utf-8", "replace")).hexdigest()
