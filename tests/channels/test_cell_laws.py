"""What one installation writes is what the other reads, whatever a case says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from channels.cell.channel import _FILE
from channels.cell.words import events_of, number_in, written
from channels.file_names import file_name
from router.case import CaseFile
from router.cells import Word
from router.decision import Urgency
from router.delivery import Delivery, DeliveryKind
from router.events import CellSaid, MessageReceived
from router.message import Address, Envelope, Location
from router.tokens import PARTNER, Signer
from router.tracking import TrackingNumber, from_bits

NOW = datetime(2026, 11, 26, 10, tzinfo=UTC)
SIGNER = Signer({"a": b"secret"}, "a")
NUMBERS = st.integers(0, 2**50 - 1).map(from_bits)
EPOCHS = st.integers(0, 2**31 - 1)
TEXTS = st.text(max_size=200)
WORDS = st.text(min_size=1, max_size=40).filter(str.strip)
CELLS = st.from_regex(r"[a-z0-9][a-z0-9-]{0,30}", fullmatch=True)
FILES = st.lists(
    st.builds(CaseFile, st.integers(1, 2**40), WORDS, WORDS, WORDS, st.none() | st.integers(0, 2**62)),
    max_size=5,
)  # fmt: skip
PLACES = st.tuples(
    st.floats(-90, 90), st.floats(-180, 180), st.none() | st.floats(0, 1e6), st.none() | WORDS
)


def told(number: TrackingNumber, transfer: Mapping[str, Any], **sheet: Any) -> bytes:
    """Write a word as the core hands it to the channel."""
    said = {"from": "nantes", "to": "metropole", "number": number, **transfer}
    delivery = Delivery(
        id=1, idem="i", lane="l", kind=DeliveryKind.FORWARD, text="", created_at=NOW, case_id=1,
        address=Address("cell", "metropole", "metropole"),
        reply_token=SIGNER.sign(PARTNER, number, "voirie"),
        data=json.dumps({"number": number, **sheet, "transfer": said}, ensure_ascii=False),
    )  # fmt: skip
    return written(delivery, "i")


def heard(raw: bytes) -> Any:
    """Read a word as the other installation does, which knows us as nantes."""
    key = Address("cell", "nantes", number_in(raw)).key
    [event] = events_of(Envelope("cell", "nantes", "i", key, raw, NOW))
    return event


def as_dicts(files: list[CaseFile]) -> list[dict[str, Any]]:
    return [
        {
            "inbound": one.inbound,
            "ref": one.ref,
            "name": one.name,
            "media_type": one.media_type,
            "size": one.size,
        }
        for one in files
    ]


@given(
    NUMBERS, EPOCHS, st.lists(CELLS, min_size=1, max_size=6), TEXTS, PLACES, FILES,
    st.sampled_from(Urgency), st.booleans(), st.none() | NUMBERS, st.integers(0, 10**8),
)  # fmt: skip
def test_an_offer_is_read_as_it_was_written(
    number, epoch, hops, text, place, files, urgency, confidential, public, ago
) -> None:
    lat, lon, precision, street = place
    since = NOW - timedelta(seconds=ago)
    transfer = {
        "word": Word.OFFER, "epoch": epoch, "hops": hops, "public_number": public,
        "confidential": confidential,
    }  # fmt: skip
    where = {"lat": lat, "lon": lon, "precision_m": precision, "street": street,
             "communes": [{"insee": "44109", "name": "Nantes"}]}  # fmt: skip
    raw = told(number, transfer, text=text, place=where, files=as_dicts(files), urgency=urgency,
               received_at=since.isoformat())  # fmt: skip
    event = heard(raw)
    assert isinstance(event, MessageReceived)
    message, offer = event.message, event.message.offer
    assert offer is not None
    assert (offer.cell, offer.to, offer.number) == ("nantes", "metropole", number)
    assert (offer.epoch, offer.hops, offer.public_number) == (epoch, tuple(hops), public)
    assert (offer.urgency, offer.confidential, offer.people) == (urgency, confidential, ())
    assert (message.text, message.received_at) == (text, since)
    assert message.location == Location(lat, lon, precision)
    assert message.given is not None
    assert message.given.commune == "44109"
    assert message.given.street in {street, None}
    assert (message.given.street or "").casefold() not in {text.casefold()} - {""}
    assert [(one.name, one.size) for one in message.attachments] == [
        (file_name(one.name), one.size) for one in files
    ]
    for attachment, file in zip(message.attachments, files, strict=True):
        assert _FILE.fullmatch(attachment.ref), "a file that is told can be fetched"
        assert attachment.ref.endswith(f"/fichier/{file.key}")


@given(NUMBERS, EPOCHS, WORDS, FILES)
def test_an_addition_is_read_as_it_was_written(number, epoch, added, files) -> None:
    raw = told(number, {"word": Word.ADDITION, "epoch": epoch}, text="Un trou", added=added,
               files=as_dicts(files))  # fmt: skip
    event = heard(raw)
    assert isinstance(event, MessageReceived)
    assert (event.message.text, event.message.offer) == (added, None)
    assert len(event.message.attachments) == len(files)


@given(
    st.sampled_from(sorted(set(Word) - {Word.OFFER, Word.ADDITION})), NUMBERS, EPOCHS,
    st.integers(0, 2**62 - 1), st.integers(0, 2**62 - 1), st.text(max_size=40), TEXTS,
    st.text(max_size=200), st.booleans(), FILES,
)  # fmt: skip
def test_a_word_back_is_read_as_it_was_written(
    word, number, epoch, incarnation, sequence, status, text, instead, speaks, files
) -> None:
    transfer = {
        "word": word, "epoch": epoch, "incarnation": incarnation, "sequence": sequence,
        "status": status, "text": text, "instead": instead, "speaks": speaks,
    }  # fmt: skip
    event = heard(told(number, transfer, files=as_dicts(files)))
    assert isinstance(event, CellSaid)
    assert (event.cell, event.word, event.number, event.epoch) == ("nantes", word, number, epoch)
    assert event.at == (incarnation, sequence)
    assert (event.status, event.text, event.instead, event.speaks) == (
        status,
        text,
        instead,
        speaks,
    )
    for attachment, file in zip(event.attachments, files, strict=True):
        assert _FILE.fullmatch(attachment.ref)
        assert attachment.ref == f"/suivi/{number}/photo/{file.key}"
