"""Writes what passes between two installations as JSON, and reads it back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from channels.file_names import file_name
from channels.partner_files import files_of
from channels.partner_sheet import answers_of, items, label_of, mapping, point_of, sheet_of
from router.cells import CHANNEL, Offer, Person, Word
from router.decision import Urgency
from router.delivery import Delivery
from router.errors import InvalidInput, UnreadablePayload
from router.message import (
    Address,
    Attachment,
    CellSaid,
    Envelope,
    Given,
    InboundEvent,
    Location,
    Message,
    MessageReceived,
    Thread,
    Trust,
)
from router.tracking import TrackingNumber, parse

_MOST_FILES = 50
_BACK = frozenset(Word) - {Word.OFFER, Word.ADDITION}


class _Person(BaseModel):
    channel: str = Field(max_length=40)
    value: str = Field(min_length=1, max_length=320)
    name: str = Field(default="", max_length=200)
    language: str = Field(default="fr", max_length=20)


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


def written(delivery: Delivery, idem: str) -> bytes:
    """Write a delivery as the body of a message; files are told by where they are fetched."""
    sheet = dict(sheet_of(delivery))
    transfer = sheet.pop("transfer", {})
    if transfer.get("word") in {Word.OFFER, Word.ADDITION}:
        place = f"/p/{delivery.reply_token}/fichier"
        case = {**sheet, "text": sheet.get("text") or delivery.text}
    else:
        place, case = f"/suivi/{quote(str(sheet.get('number') or ''), safe='')}/photo", {}
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
                _files(case),
            ),
        )
    offered = said.word is Word.OFFER
    message = _message(envelope, number, case, str(case.get("text" if offered else "added") or ""))
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
    people = tuple(Person(one.channel, one.value, one.name, one.language) for one in said.people)
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
        _note(envelope.account, case),
    )


def _note(cell: str, case: Mapping[str, Any]) -> str:
    """Tell an agent what the other installation made of the case."""
    service = str(mapping(case.get("service")).get("name") or "")
    told = {
        "Catégorie": str(case.get("category_name") or ""),
        "Pour": service,
        "Délai promis": str(case.get("due_at") or "")[:10],
    }
    lines = [f"{name} : {what}" for name, what in told.items() if what]
    lines += [str(one) for one in items(case.get("proposals"))]
    lines += [str(mapping(one).get("name") or "") for one in items(case.get("reporters"))]
    return "\n".join([f"Offerte par « {cell} ».", *filter(None, lines)])[:2000]


def _message(
    envelope: Envelope, number: TrackingNumber, case: Mapping[str, Any], text: str
) -> Message:
    point = point_of(case)
    place = mapping(case.get("place"))
    answers = [f"{label_of(fact)} : {words}" for fact, words in answers_of(case) if words]
    text = "\n".join(filter(None, (text, *answers)))
    return Message(
        Address(CHANNEL, envelope.account, number),
        envelope.provider_id,
        _since(case.get("received_at"), envelope.received_at),
        sender=envelope.account,
        text=text,
        text_shown=text,
        subject=str(case.get("subject") or ""),
        language=str(case.get("language") or "") or None,
        attachments=_files(case),
        location=Location(*point, _number(place.get("precision_m"))) if point else None,
        trust=Trust.VERIFIED,
        given=_given(place, text),
    )


def _since(told: object, received_at: datetime) -> datetime:
    """Take the moment at which the person wrote, which promises are counted from."""
    try:
        at = datetime.fromisoformat(str(told))
    except ValueError:
        return received_at
    return min(at, received_at) if at.tzinfo is not None else received_at


def _given(place: Mapping[str, Any], text: str) -> Given:
    """Take the place as it was understood there; a street that the words name is read in them."""
    communes = [mapping(one) for one in items(place.get("communes"))]
    codes = [str(one.get("insee") or one.get("name") or "") for one in communes]
    street = str(place.get("street") or "")
    return Given(
        commune=codes[0] if len(codes) == 1 and codes[0] else None,
        postcode=str(place.get("postcode") or "") or None,
        street=street if street and street.casefold() not in text.casefold() else None,
    )


def _files(case: Mapping[str, Any]) -> tuple[Attachment, ...]:
    return tuple(
        Attachment(
            file_name(str(file.get("name") or ""), "piece-jointe"),
            str(file.get("media_type") or "application/octet-stream"),
            size if isinstance(size := file.get("size"), int) and size >= 0 else None,
            str(file.get("path") or ""),
        )
        for file in map(mapping, items(case.get("files"))[:_MOST_FILES])
        if file
    )


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
