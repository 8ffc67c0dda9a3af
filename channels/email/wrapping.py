"""Wraps mails for the journal: under which id, in whose conversation, and how much of them."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime

from channels.email.headers import message_ids
from channels.email.identity import fingerprint, sender_of
from channels.email.mime import opened
from channels.email.reading import TRUNCATED
from router.errors import UnreadablePayload
from router.message import Address, ConversationKey, Envelope

NAME = "email"
_KEPT_OF_LARGE = 65_536


@dataclass(frozen=True, slots=True)
class Wrapper:
    """Makes envelopes of the mails to one counter; ``largest`` is in bytes."""

    account: str
    largest: int

    def envelope(
        self,
        raw: bytes,
        received_at: datetime,
        recipient: str | None = None,
        *,
        size: int | None = None,
    ) -> Envelope:
        """Wrap a mail for the journal.

        ``recipient`` is the envelope's, when it is known; ``size`` that of the whole mail, when
        ``raw`` is only its beginning: our header above all others says so, and contradicts one of
        that name that the sender wrote. Never raises: what is no mail gets a ``note`` and a
        conversation of its own.
        """
        whole = max(len(raw), size or 0)
        cut = whole > self.largest or len(raw) + 1024 < whole
        if cut:
            raw = _beginning(raw)
        try:
            headers, body = opened(raw)
            digest = fingerprint(headers, body)
            ref = next(iter(message_ids(headers.get("message-id"))), "")
            sender = sender_of(headers)[1].lower()
            said, note = TRUNCATED in headers, ""
        except UnreadablePayload as error:
            digest, ref, sender, said, note = hashed(raw), "", "", False, str(error)
        if cut or said:
            raw = f"{TRUNCATED}: {whole if cut else 0}\r\n".encode() + raw
        if recipient:
            where = re.sub(r"[\s<>\x00-\x1f]", "", recipient)
            raw = f"Delivered-To: <{where}>\r\n".encode("utf-8", "replace") + raw
        return Envelope(
            channel=NAME,
            account=self.account,
            provider_id=digest,
            conversation=self._conversation(sender, digest),
            payload=raw,
            received_at=received_at,
            ref=ref,
            note=note,
        )

    def unfetched(self, place: str, received_at: datetime) -> Envelope:
        """Stand in for a mail at a ``place`` from where its server cannot give it."""
        digest = hashed(f"{self.account} {place}".encode())
        note = f"the mail server does not give this mail ({place})"
        key = self._conversation("", digest)
        return Envelope(NAME, self.account, digest, key, b"", received_at, note=note)

    def _conversation(self, sender: str, digest: str) -> ConversationKey:
        """One person's mails keep their order; a mail of nobody is a conversation of its own."""
        return Address(NAME, self.account, sender or f"unreadable:{digest}").key


def hashed(raw: bytes) -> str:
    """Hash what has no better name."""
    return hashlib.sha256(raw).hexdigest()[:40]


def _beginning(raw: bytes) -> bytes:
    """Keep the header and the first 64 KiB of a mail that is too large."""
    blank = re.search(rb"\r?\n\r?\n", raw[: 2 * 256 * 1024])
    return raw[: (blank.end() if blank else 0) + _KEPT_OF_LARGE]
