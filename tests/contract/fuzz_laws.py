"""What holds of every channel whatever its provider says, as functions that find no exception."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from channel_harnesses import NOW, Harness
from fuzz_changes import changed, odd_text

from router.cells import Offer, Word
from router.delivery import (
    Delivery,
    DeliveryState,
    OptedOut,
    Permanent,
    Retry,
    SendOutcome,
    Sent,
    Unknown,
)
from router.errors import InvalidInput, InvalidSignature, UnreadablePayload
from router.events import (
    CellSaid,
    InboundEvent,
    MessageEdited,
    MessageReceived,
    PartnerActed,
    ReceiptReceived,
)
from router.message import Address, Attachment, Envelope, Message, WebhookRequest, WebhookResponse
from router.ports import FetchesMedia, Finds, Health, Polls, TakesWebhooks
from router.tracking import parse

_AN_HOUR_S, _A_DAY_S = 3_600.0, 86_400.0
_BIGGEST = 2**63
_LARGER = 40  # times: nothing that is read is multiplied beyond that
_ROOM = 20_000  # characters


def reads(harness: Harness, raw: bytes) -> list[InboundEvent]:
    """Wrap and read what came in: each envelope is a thing that the journal and the core can take.

    Raises:
        AssertionError: a law is broken; any other exception is a broken one too.
    """
    if harness.unreadable is None:
        return []
    envelopes = harness.unreadable(raw)
    assert list(envelopes) == list(harness.unreadable(raw)), "a second delivery is another thing"
    return [event for one in envelopes for event in _read(harness.channel, one, len(raw))]


def takes(harness: Harness, draw: random.Random) -> None:
    """Call the channel as its provider would, with errors in body, headers and address."""
    channel, genuine = harness.channel, harness.genuine
    if genuine is None or not isinstance(channel, TakesWebhooks):
        return
    request = _odd(genuine, draw)
    with suppress(InvalidSignature):
        channel.verify(request)
    for envelope in channel.open(request, NOW):
        _read(channel, envelope, len(request.body) + len(request.url))
    answer = channel.challenge(request)
    assert answer is None or isinstance(answer, WebhookResponse)
    named = channel.recipients(request.body) if hasattr(channel, "recipients") else ()
    assert all(isinstance(one, str) for one in named)


async def asks(harness: Harness, draw: random.Random) -> None:
    """Send, look for what was sent, poll, fetch and check, whatever the provider answers."""
    channel = harness.channel
    delivery = replace(harness.delivery(), id=draw.randrange(1, 2**40))
    idem = f"{draw.getrandbits(160):040x}"
    match draw.randrange(5):
        case 0:
            kept = odd_text(draw).replace("\0", "").encode("utf-8", "replace").decode()
            for part in channel.render(replace(delivery, text=kept))[:3]:
                leaves(await channel.send(part, idem))
        case 1:
            leaves(await channel.send(channel.render(delivery)[0], idem))
        case 2 if isinstance(channel, Finds):
            leaves(await _found(channel, delivery, idem))
        case 3 if isinstance(channel, Polls):
            await _polls(channel, draw)
        case 4 if isinstance(channel, FetchesMedia) and harness.message is not None:
            await _fetches(harness, channel, draw)
        case _:
            await _is_checked(harness)


async def _found(channel: Finds, delivery: Delivery, idem: str) -> SendOutcome | None:
    try:
        return await channel.find(delivery, idem)
    except Exception:  # whatever it is, the outbox asks again later
        return None


async def _polls(channel: Any, draw: random.Random) -> None:
    try:
        async with asyncio.timeout(0.2):  # it may wait for what is new, and nothing is
            pulled = await channel.pull("", lambda: NOW)
    except OSError:  # TimeoutError is one too
        return
    for envelope in pulled.envelopes:
        _read(channel, envelope, 10_000_000)
    await channel.settle(pulled)


async def _fetches(harness: Harness, channel: FetchesMedia, draw: random.Random) -> None:
    assert harness.message is not None
    envelope = harness.message("", ("trou.jpg",), "77")
    [event] = harness.channel.receive(envelope)
    for file in event.message.attachments:
        limit = draw.choice((0, 10, 1_000_000))
        try:
            assert len(await channel.fetch_media(envelope, file, limit)) <= limit
        except InvalidInput:
            continue


async def _is_checked(harness: Harness) -> None:
    health = await harness.channel.health()
    assert isinstance(health, Health)
    assert health.sentence.endswith(".")
    assert not any(secret in health.sentence for secret in harness.secrets)


def leaves(outcome: SendOutcome | None) -> None:
    """Check what the outbox is told of a send."""
    match outcome:
        case Sent(ids):
            assert all(isinstance(one, str) for one in ids)
        case Retry(reason, after_s, held=held):
            assert isinstance(reason, str)
            if after_s is not None:
                most = _A_DAY_S if held else _AN_HOUR_S
                assert 0 <= after_s <= most, "no provider keeps an answer back for long"
        case Permanent(code, reason):
            assert isinstance(code, str)
            assert isinstance(reason, str)
        case OptedOut(reason) | Unknown(reason):
            assert isinstance(reason, str)
        case _:
            assert outcome is None


def _odd(genuine: WebhookRequest, draw: random.Random) -> WebhookRequest:
    headers = dict(genuine.headers)
    if draw.randrange(2) and headers:
        name = draw.choice(sorted(headers))
        headers[name] = odd_text(draw) if draw.randrange(2) else headers[name] + odd_text(draw)
    url = genuine.url
    if draw.randrange(2):
        # as a server reads it from the wire: bytes that need not be escaped, one a character
        odd = odd_text(draw).encode("utf-8", "surrogatepass")
        asked = quote(odd) if draw.randrange(2) else odd.decode("latin-1")
        url += f"?{draw.choice(('d', 'to', 'crc_token', 'cle', 'api_key'))}={asked}"
    body = changed(genuine.body, draw) if draw.randrange(4) else genuine.body
    return replace(genuine, headers=headers, url=url, body=body)


# --- what is read --------------------------------------------------------------------------------


def _read(channel: Any, envelope: Envelope, size: int) -> Sequence[InboundEvent]:
    assert envelope.provider_id
    assert envelope.channel
    assert envelope.account
    assert Address.from_key(envelope.conversation).key == envelope.conversation
    assert len(envelope.payload) <= _LARGER * size + _ROOM
    try:
        events: Sequence[InboundEvent] = channel.receive(envelope)
    except UnreadablePayload as error:
        if "could not be read" in str(error):
            raise AssertionError("a defect of ours that was caught") from error
        return ()
    assert events == channel.receive(envelope)
    for event in events:
        _event(event, size)
    return events


def _event(event: InboundEvent, size: int) -> None:
    match event:
        case MessageReceived(message) | MessageEdited(message):
            _message(message, size)
        case ReceiptReceived():
            assert event.delivery_id is None or abs(event.delivery_id) < _BIGGEST
            assert event.state in set(DeliveryState)
        case PartnerActed():
            _texts(event.token, event.act, event.reason, event.text, event.forward, event.reference)
            _files(event.attachments)
        case CellSaid():
            _texts(event.cell, event.status, event.text, event.instead)
            assert event.word in set(Word)
            assert parse(event.number) == event.number
            assert all(0 <= one < _BIGGEST for one in (event.epoch, *event.at))
            _files(event.attachments)


def _message(message: Message, size: int) -> None:
    _texts(
        message.sender, message.sender_name, message.text, message.text_shown, message.quoted,
        message.subject, message.origin, message.ref, message.album, message.automatic,
    )  # fmt: skip
    assert len(message.text) <= _LARGER * size + _ROOM
    for moment in filter(None, (message.sent_at, message.received_at)):
        assert moment.utcoffset() is not None
    if message.location is not None:
        assert abs(message.location.lat) <= 90
        assert abs(message.location.lon) <= 180
        accuracy = message.location.accuracy_m
        assert accuracy is None or math.isfinite(accuracy)
    if message.offer is not None:
        _offer(message.offer)
    _files(message.attachments)


def _offer(offer: Offer) -> None:
    _texts(offer.cell, offer.to, offer.note, *offer.hops)
    assert parse(offer.number) == offer.number
    assert offer.public_number is None or parse(offer.public_number) == offer.public_number
    assert 0 <= offer.epoch < _BIGGEST
    for person in offer.people:
        _texts(person.channel, person.value, person.name, person.language)


def _files(files: Sequence[Attachment]) -> None:
    for file in files:
        _texts(file.name, file.media_type, file.ref)
        assert file.name
        assert not set("/\\\u202e\u2066\x00\n") & set(file.name), "a name is no path"
        assert file.size is None or 0 <= file.size < _BIGGEST


def _texts(*texts: object) -> None:
    assert all(isinstance(text, str) for text in texts)
