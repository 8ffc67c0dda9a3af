"""What holds for the reading of any bytes whatsoever, as one function that finds no exception."""

from __future__ import annotations

from datetime import UTC, datetime

from channels.email import EmailChannel, EmailSettings
from channels.email.reading import read
from router.errors import UnreadablePayload
from router.events import InboundEvent, MessageReceived, ReceiptReceived
from router.message import Message
from router.tokens import Signer

AT = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
CHANNEL = EmailChannel(
    EmailSettings(largest_mail=200_000), "guichet@nantes.example", Signer({"a": b"key"}, "a")
)
_LIMIT = 4_000_000  # characters that may come of a small mail: text is never multiplied


def holds_for(raw: bytes) -> None:
    """Receive a mail and check what everybody behind the channel relies on.

    Raises:
        AssertionError: a law is broken; any other exception is a broken one too.
    """
    envelope = CHANNEL.envelope(raw, AT)
    assert envelope == CHANNEL.envelope(raw, AT)
    _can_be_stored(envelope.provider_id, envelope.conversation, envelope.ref, envelope.note)
    assert envelope.provider_id
    assert len(envelope.payload) <= len(raw) + 200
    try:
        events = CHANNEL.receive(envelope)
    except UnreadablePayload as error:
        if "could not be read" in str(error):
            raise AssertionError("a defect of ours that was caught") from error
        return
    assert events == CHANNEL.receive(envelope)
    for event in events:
        _event(event)


def same_by_line_ends(mail: bytes) -> None:
    """Check that a mail with LF line ends is the same with CRLF and CR."""
    ways = [CHANNEL.envelope(mail.replace(b"\n", end), AT) for end in (b"\n", b"\r\n", b"\r")]
    assert len({way.provider_id for way in ways}) == 1
    assert len({way.conversation for way in ways}) == 1
    assert len({CHANNEL.message(way).text for way in ways}) == 1


def _event(event: InboundEvent) -> None:
    if isinstance(event, ReceiptReceived):
        _can_be_stored(event.state, event.provider_id, event.code, event.reason)
        assert len(event.reason) <= 300
    if isinstance(event, MessageReceived):
        _message(event.message)


def _message(message: Message) -> None:
    names = [file.name for file in message.attachments]
    _can_be_stored(
        message.text, message.text_shown, message.quoted, message.subject, message.sender,
        message.sender_name, message.automatic, *names, *message.thread.refs,
        *message.thread.tokens,
    )  # fmt: skip
    assert len(message.text) < _LIMIT
    assert "\n" not in message.subject + message.sender + message.sender_name
    assert "\r" not in message.text
    assert message.reachable == bool(message.sender) == ("@" in message.sender)
    if message.text.strip():
        assert message.text_shown.strip()
    if message.sent_at is not None:
        assert message.sent_at.utcoffset() is not None
    for name in names:
        assert name
        assert not set("/\\\u202e\u2066") & set(name)
        assert name not in {".", ".."}
        assert len(name) <= 140


def _can_be_stored(*texts: str) -> None:
    for text in texts:
        text.encode()  # no lone surrogate
        assert "\x00" not in text


__all__ = ["holds_for", "read", "same_by_line_ends"]
