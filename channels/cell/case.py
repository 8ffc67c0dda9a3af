"""Reads the sheet of a case that another installation wrote, within the bounds of what may be believed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from channels.file_names import file_name, size_of
from channels.partners.sheet import (
    BY_ANOTHER,
    added_by_another,
    answers_of,
    items,
    label_of,
    mapping,
)
from router.cells import CHANNEL
from router.message import Address, Attachment, Envelope, Given, Location, Message, Trust
from router.tracking import TrackingNumber

_MOST_FILES = 50
_FARTHEST_M = 1e7
"""Nothing on earth is known less precisely."""
_FIRST_YEAR = 2000
"""No open case is older, and a clock that is not set begins before."""


def note_of(cell: str, case: Mapping[str, Any]) -> str:
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


def added_of(case: Mapping[str, Any]) -> str:
    """Give what was added to a case; another's words are said to be that."""
    added = str(case.get("added") or "")
    return f"{BY_ANOTHER} : {added}" if added_by_another(case) else added


def message_of(
    envelope: Envelope, number: TrackingNumber, case: Mapping[str, Any], text: str
) -> Message:
    """Read the words of a case as a message of the installation that hands it over."""
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
        attachments=files_in(case),
        location=_location(place),
        trust=Trust.VERIFIED,
        given=_given(place, text),
    )


def _since(told: object, received_at: datetime) -> datetime:
    """Take the moment at which the person wrote, which promises are counted from."""
    try:
        at = datetime.fromisoformat(str(told))
    except ValueError:
        return received_at
    if at.tzinfo is None or at.year < _FIRST_YEAR:
        return received_at
    return min(at, received_at)


def _location(place: Mapping[str, Any]) -> Location | None:
    lat, lon = _number(place.get("lat"), -90, 90), _number(place.get("lon"), -180, 180)
    if lat is None or lon is None:
        return None
    return Location(lat, lon, _number(place.get("precision_m"), 0, _FARTHEST_M))


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


def files_in(case: Mapping[str, Any]) -> tuple[Attachment, ...]:
    """List the files of a case, at most fifty; ``ref`` is where the other installation shows one."""
    return tuple(
        Attachment(
            file_name(str(file.get("name") or ""), "piece-jointe"),
            str(file.get("media_type") or "application/octet-stream"),
            size_of(file.get("size")),
            str(file.get("path") or ""),
        )
        for file in map(mapping, items(case.get("files"))[:_MOST_FILES])
        if file
    )


def _number(value: object, least: float, most: float) -> float | None:
    """Give a number within bounds; no other has a place on earth, or in a float."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return float(value) if least <= value <= most else None
