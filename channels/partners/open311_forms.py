"""Writes a case, and what was added to it, as the forms that a GeoReport v2 server takes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from channels.partners.sheet import address_of, answers_of, items, label_of, mapping, point_of
from router.ports import OutboundPart

LONGEST = 4000  # characters of a description (GeoReport v2)
_DANGER = "URGENT : une personne ou des biens peuvent être en danger."
_NO_PLACE = "Lieu non précisé"


def request_form(
    part: OutboundPart,
    sheet: Mapping[str, Any],
    code: str,
    idem: str,
    attributes: Mapping[str, str],
) -> dict[str, str]:
    """Write a case as a request of one of their types; ``attributes``: fact → their code for it."""
    form = {
        "service_code": code,
        "description": _description(part, sheet, idem, attributes),
        "address_string": address_of(sheet) or _NO_PLACE,
    }
    for fact, text in answers_of(sheet):
        if fact in attributes:
            form[f"attribute[{attributes[fact]}]"] = text
    point = point_of(sheet)
    if point is not None:
        form |= {"lat": f"{point[0]:.6f}", "long": f"{point[1]:.6f}"}
    names = [str(mapping(one).get("name") or "") for one in items(sheet.get("reporters"))]
    if any(names):
        form["last_name"] = next(filter(None, names))
    return form


def update_form(part: OutboundPart, request: str, idem: str) -> dict[str, str]:
    """Write what was added as an update; the same ``update_id`` is the same update."""
    return {
        "service_request_id": request,
        "update_id": idem[:32],
        "updated_datetime": part.delivery.created_at.isoformat(),
        "status": "OPEN",
        "description": part.text[:LONGEST],
    }


def mark_of(sheet: Mapping[str, Any], idem: str) -> str:
    """Name one sending of one case: people quote the number, and the rest tells it apart."""
    number = str(sheet.get("number_printed") or "")
    return f"{number}/{idem[:8]}" if number else idem[:16]


def w3(at: datetime) -> str:
    """Write a time in UTC as the standard does."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _description(
    part: OutboundPart, sheet: Mapping[str, Any], idem: str, attributes: Mapping[str, str]
) -> str:
    """Write the words and, last, the mark by which the request is found again."""
    told = [
        _DANGER if sheet.get("urgency") == "immediate" else "",
        part.text.strip(),
        *(f"{label_of(f)} : {text}" for f, text in answers_of(sheet) if f not in attributes),
        str(sheet.get("category_name") or ""),
    ]
    text = "\n\n".join(filter(None, told))
    end = f"\n\nRéférence : {mark_of(sheet, idem)}"
    room = LONGEST - len(end)
    if len(text) > room:
        text = text[: room - 2].rstrip() + " …"
    return (text + end).strip()
