"""Channels for `guichet try`: they read messages and send nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from channels.email import EmailChannel, EmailSettings
from router.directory import Counter
from router.errors import InvalidInput, UnreadablePayload
from router.message import (
    Address,
    Envelope,
    HelpAsked,
    InboundEvent,
    Message,
    MessageReceived,
    OptedOutOf,
)
from router.ports import Reads
from router.tokens import Signer

CHANNELS = ("email", "sms", "telegram", "x", "web")
_STOP = frozenset({"STOP", "ARRET", "ARRÊT", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT"})
_HELP = frozenset({"HELP", "AIDE", "INFO", "/START", "/HELP"})
_KEYWORDS = frozenset({"sms", "telegram"})


@dataclass(frozen=True, slots=True)
class StatedMessage:
    """Reads a message that was stated in fields, on any channel."""

    def receive(self, envelope: Envelope) -> tuple[InboundEvent, ...]:
        """Read the fields that :meth:`Offline.compose` wrote.

        Raises:
            UnreadablePayload: they are not those.
        """
        try:
            said = json.loads(envelope.payload)
            text, subject, sender = said["text"], said["subject"], said["sender"]
        except (ValueError, KeyError, TypeError) as error:
            raise UnreadablePayload("ce message n'a pas la forme attendue") from error
        address = Address.from_key(envelope.conversation)
        word = text.strip().upper().rstrip(".!")
        if address.channel == "sms" and word in _STOP:
            return (OptedOutOf(address, text),)
        if address.channel in _KEYWORDS and word in _HELP:
            return (HelpAsked(address, text),)
        return (
            MessageReceived(
                Message(
                    address,
                    envelope.provider_id,
                    envelope.received_at,
                    sender=sender,
                    text=text,
                    text_shown=_without_handles(text) if address.kind == "mention" else text,
                    subject=subject,
                    public=address.kind == "mention",
                    ref=envelope.ref,
                )
            ),
        )


@dataclass(frozen=True, slots=True)
class Offline:
    """One account of one channel, read only."""

    key: tuple[str, str]
    stated: StatedMessage
    mail: EmailChannel | None = None

    @property
    def reader(self) -> Reads:
        return self

    def receive(self, envelope: Envelope) -> tuple[InboundEvent, ...]:
        """Read a mail as a mail, and stated fields as fields."""
        if self.mail is not None and envelope.note != "stated":
            return self.mail.receive(envelope)
        return self.stated.receive(envelope)

    def nobody(self, name: str) -> str:
        """Make up a sender for a message that names none."""
        return f"{name}@essai.example" if self.key[0] == "email" else f"essai-{name}"

    def compose(
        self, *, sender: str, text: str, subject: str, kind: str, at: datetime, unique: str
    ) -> Envelope:
        """Wrap a message that was stated in fields."""
        channel, account = self.key
        kind = (kind or "dm") if channel == "x" else ""
        address = Address(channel, account, sender.lower() if channel == "email" else sender, kind)
        said = {"text": text, "subject": subject, "sender": sender}
        return Envelope(
            channel,
            account,
            unique,
            address.key,
            json.dumps(said, ensure_ascii=False).encode(),
            at,
            ref=unique,
            note="stated",
        )

    def open_raw(self, raw: bytes, at: datetime, to: str) -> tuple[Envelope, ...]:
        """Wrap a provider's raw form.

        Raises:
            InvalidInput: this channel's raw form cannot be read here.
        """
        if self.mail is None:
            raise InvalidInput(f"Le canal « {self.key[0]} » ne lit pas encore de forme brute.")
        return (self.mail.envelope(raw, at, to or None),)


def offline_channels(counters: Iterable[Counter], signer: Signer) -> dict[tuple[str, str], Offline]:
    """Make a read-only channel for every counter, and one where a channel has no counter."""
    keys = [(counter.channel, counter.address) for counter in counters]
    for name in CHANNELS:
        if all(name != channel for channel, _ in keys):
            keys.append((name, "guichet@guichet.example" if name == "email" else name))
    return {key: _offline(key, signer) for key in keys}


def _offline(key: tuple[str, str], signer: Signer) -> Offline:
    mail = (
        EmailChannel(EmailSettings.model_validate({}), key[1], signer)
        if key[0] == "email"
        else None
    )
    return Offline(key, StatedMessage(), mail)


def _without_handles(text: str) -> str:
    words = text.split()
    while words and words[0].startswith("@"):
        words.pop(0)
    return " ".join(words)
