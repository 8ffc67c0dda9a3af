"""Reads the sheet of a case for a partner's system, with no more of the person than it may see."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from router.delivery import Delivery

_MAIL = re.compile(r"[^\s@<>()\[\]\"',;:]{1,64}@[^\s@<>()\[\]\"',;:]{1,200}\.[a-zA-Z]{2,24}")
_PHONE = re.compile(r"(?<![\w+])(?:\+|00?)[1-9](?:[ .\-()]{0,3}\d){7,13}(?!\w)")
_HIDDEN_MAIL, _HIDDEN_PHONE = "[adresse masquée]", "[numéro masqué]"


def sheet_of(delivery: Delivery) -> Mapping[str, Any]:
    """Read the data of a delivery; words that betray a contact are masked where it may not be seen.

    A sheet names reporters exactly when the service may see contacts.
    """
    try:
        sheet = json.loads(delivery.data or "{}")
    except ValueError:
        return {}
    if not isinstance(sheet, dict):
        return {}
    if "reporters" in sheet:
        return sheet
    masked: dict[str, object] = {
        key: masked_text(str(sheet[key])) for key in _WORDS if sheet.get(key)
    }
    answers = [mapping(answer) for answer in items(sheet.get("answers"))]
    if answers:
        masked["answers"] = [
            {**answer, "text": masked_text(str(answer.get("text", "")))} for answer in answers
        ]
    return {**sheet, **masked}


_WORDS = ("subject", "text", "added")


def masked_text(text: str) -> str:
    """Mask e-mail addresses and telephone numbers in free text."""
    return _PHONE.sub(_HIDDEN_PHONE, _MAIL.sub(_HIDDEN_MAIL, text))


def written_of(delivery: Delivery, sheet: Mapping[str, Any]) -> str:
    """Give what a person wrote, or added; without a sheet the delivery's own text."""
    if not sheet:
        return delivery.text
    parts = (
        [sheet.get("added")] if sheet.get("added") else [sheet.get("subject"), sheet.get("text")]
    )
    texts = [str(part).strip() for part in parts if part]
    if len(texts) == 2 and texts[1].startswith(texts[0]):
        texts = texts[1:]
    return "\n\n".join(texts)


def address_of(sheet: Mapping[str, Any]) -> str:
    """Write the place in one line, from the street to the commune, as people say it."""
    place = mapping(sheet.get("place"))
    communes = [mapping(commune) for commune in items(place.get("communes"))]
    names = [str(commune.get("name") or commune.get("insee") or "") for commune in communes]
    street = place.get("street") or place.get("text")
    town = " ".join(str(part) for part in (place.get("postcode"), " ou ".join(names)) if part)
    return ", ".join(str(part) for part in (street, town) if part)


def point_of(sheet: Mapping[str, Any]) -> tuple[float, float] | None:
    """Give the position in degrees WGS84, if there is one."""
    place = mapping(sheet.get("place"))
    lat, lon = place.get("lat"), place.get("lon")
    if isinstance(lat, int | float) and isinstance(lon, int | float):
        return float(lat), float(lon)
    return None


def mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def items(value: object) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []
