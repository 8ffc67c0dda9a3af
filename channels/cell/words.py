"""Writes what passes between two installations as JSON, and reads it back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from channels.cell.case import added_of, files_in, message_of, note_of
from channels.enclosures import files_of
from channels.partners.sheet import mapping, sheet_of
from router.cells import Offer, Person, Word
from router.decision import Urgency
from router.delivery import Delivery
from router.errors import InvalidInput, UnreadablePayload
from router.events import CellSaid, InboundEvent, MessageReceived
from router.message import Envelope, Message, Thread
from router.tracking import TrackingNumber, parse

_BACK = frozenset(Word) - {Word.OFFER, Word.ADDITION}


class _Person(BaseModel):
    channel: str = Field(max_length=40)
    value: str = Field(min_length=1, max_length=320)
    name: str = Field(default="", max_length=200)
    language: str = Field(default="fr", max_length=20)
    public: bool = False


class _Transfer(BaseModel):
    """What every message says; what a later version adds is left unread."""

    model_config = ConfigDict(extra="ignore")

    word: Word
    to: str = Field(max_length=100)
    number: str = Field(max_length=40)
    epoch: int = Field(ge=0, lt=2**31)
    hops: tuple[str, ...] = Field(default=(), max_length=100)
    public_number: str | None = None
    confidential: bool = False
    part: bool = False
    people: tuple[_Person, ...] = Field(default=(), max_length=1000)
    incarnation: int = Field(default=0, ge=0, lt=2**62)
    sequence: int = Field(default=0, ge=0, lt=2**62)
    status: str = Field(default="", max_length=40)
    text: str = Field(default="", max_length=100_000)
    instead: str = Field(default="", max_length=200)
    speaks: bool = False
    automatic: bool = False
    danger: bool = False


def written(delivery: Delivery, idem: str) -> bytes:
    """Write a delivery as the body of a message; files are told by where they are fetched."""
    sheet = dict(sheet_of(delivery))
    transfer = sheet.pop("transfer", {})
    if transfer.get("word") in {Word.OFFER, Word.ADDITION}:
        place = f"/p/{delivery.reply_token}/fichier"
        case = {**sheet, "text": sheet.get("text") or delivery.text}
    else:
        # under its own number: that of the whole may be known to the other alone
        place, case = f"/suivi/{quote(str(transfer.get('number') or ''), safe='')}/photo", {}
    files = [
        {
            "name": file.name,
            "media_type": file.media_type,
            "size": file.size,
            "path": f"{place}/{file.key}",
        }
        for file in files_of(sheet)
    ]
    said = {
        "id": idem,
        "created_at": delivery.created_at.isoformat(),
        "transfer": transfer,
        "case": {**case, "files": files},
    }
    return json.dumps(said, ensure_ascii=False).encode("utf-8", "replace")


def number_in(raw: bytes) -> TrackingNumber:
    """Give the number of the case that a message is about.

    Raises:
        UnreadablePayload: it is no message of another installation.
    """
    return _read(raw)[1]


def word_in(raw: bytes) -> Mapping[str, Any]:
    """Give what a message says beside the case; empty where it cannot be read."""
    try:
        return mapping(mapping(json.loads(raw)).get("transfer"))
    except (ValueError, RecursionError):
        return {}


def events_of(envelope: Envelope) -> tuple[InboundEvent, ...]:
    """Read a message as the core knows it.

    Raises:
        UnreadablePayload: it is no message of another installation.
    """
    said, number, case = _read(envelope.payload)
    if said.word in _BACK:
        return (
            CellSaid(
                envelope.account,
                said.word,
                number,
                said.epoch,
                (said.incarnation, said.sequence),
                said.status,
                said.text,
                said.instead,
                said.speaks,
                files_in(case),
                said.automatic,
                said.danger,
            ),
        )
    offered = said.word is Word.OFFER
    words = str(case.get("text") or "") if offered else added_of(case)
    message = message_of(envelope, number, case, words)
    return (MessageReceived(_with(message, _offer(envelope, said, number, case), case, offered)),)


def _with(message: Message, offer: Offer, case: Mapping[str, Any], offered: bool) -> Message:
    ref = message.address.key
    if offered and offer.part:  # the words are those of the whole: what it is about is told beside
        about = str(case.get("category") or "") or None
        message = replace(message, given=replace(message.given, category=about))
    if offered:
        return replace(message, offer=offer, ref=ref)
    return replace(message, thread=Thread(refs=(ref,)), ref=f"{ref}|{message.provider_id}")


def _read(raw: bytes) -> tuple[_Transfer, TrackingNumber, Mapping[str, Any]]:
    try:
        said = mapping(json.loads(raw))
        transfer = _Transfer.model_validate(said.get("transfer"))
        return transfer, parse(transfer.number), mapping(said.get("case"))
    except (ValueError, RecursionError, ValidationError, InvalidInput) as error:
        raise UnreadablePayload("this is no message of another installation") from error


def _offer(
    envelope: Envelope, said: _Transfer, number: TrackingNumber, case: Mapping[str, Any]
) -> Offer:
    public = None
    if said.public_number:
        try:
            public = parse(said.public_number)
        except InvalidInput as error:
            raise UnreadablePayload("its public number is none") from error
    urgency = str(case.get("urgency"))
    people = tuple(Person(**one.model_dump()) for one in said.people)
    return Offer(
        envelope.account,
        said.to,
        number,
        said.epoch,
        said.hops,
        public,
        Urgency(urgency) if urgency in set(Urgency) else Urgency.NORMAL,
        said.confidential,
        said.part,
        people,
        note_of(envelope.account, case),
    )
