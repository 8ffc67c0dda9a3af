"""Read the report form's fields, however they were posted: as JSON, as a form body, with files."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from channels.file_names import file_name, shown, size_of
from router.errors import UnreadablePayload
from router.message import Attachment, Given, Location

_FIELDS = {
    "text",
    "where",
    "commune",
    "lat",
    "category",
    "attachments",
    "reply",
    "token",
    "confirm",
}
"""A form has at least one of these; others mean nothing without them."""
_MOST_PARTS = 80
_PART_NAME = re.compile(r'[;\s]name="([^"\r\n]{1,100})"', re.IGNORECASE)
_FILE_NAME = re.compile(r'[;\s]filename="([^"\r\n]{0,300})"', re.IGNORECASE)
_PART_TYPE = re.compile(r"^content-type:\s*([\w.+-]+/[\w.+-]+)", re.IGNORECASE | re.MULTILINE)
_ANNOYANCE = range(1, 11)
EMAIL = re.compile(r"[^@\s<>()\[\],;:\"|]{1,64}@[^@\s<>()\[\],;:\"|]+\.[^@\s<>()\[\],;:\".|]{2,}")
"""What can be an e-mail address that a person typed."""


def read_form(raw: bytes) -> dict[str, Any]:
    """Read the fields of a form.

    Raises:
        UnreadablePayload: it is none, or not one of ours.
    """
    if raw.lstrip()[:1] in {b"{", b"["}:
        form = _json(raw)
    elif raw.startswith(b"--"):
        form = _multipart(raw)
    else:
        text = raw.decode("utf-8", "replace")
        form = dict(parse_qsl(text, keep_blank_values=True, errors="replace"))
    if not _FIELDS & form.keys():
        raise UnreadablePayload("a form without a field of ours")
    return form


def _json(raw: bytes) -> dict[str, Any]:
    try:
        form = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise UnreadablePayload("a form that is no JSON") from error
    if not isinstance(form, dict):
        raise UnreadablePayload("a form that is no object")
    return form


def _multipart(raw: bytes) -> dict[str, Any]:
    """Read ``multipart/form-data`` (RFC 7578); its boundary is its first line."""
    mark = raw.partition(b"\n")[0].rstrip(b"\r")
    form: dict[str, Any] = {}
    for number, part in enumerate(raw.split(mark)[1 : _MOST_PARTS + 1]):
        head, _, content = part.partition(b"\r\n\r\n" if b"\r\n\r\n" in part else b"\n\n")
        about = head.decode("utf-8", "replace")
        name, file = _PART_NAME.search(about), _FILE_NAME.search(about)
        if name is None:
            continue
        content = content.removesuffix(b"\n").removesuffix(b"\r")
        if file is None:
            form[name[1]] = content.decode("utf-8", "replace")
        elif file[1] and content:
            media_type = _PART_TYPE.search(about)
            form.setdefault("attachments", []).append(
                {
                    "name": file[1],
                    "media_type": media_type[1].lower() if media_type else "",
                    "size": len(content),
                    "ref": f"part:{number}",
                }
            )
    return form


def text_of(form: Mapping[str, Any], name: str) -> str:
    """Give a field as text, trimmed; empty where it is absent or none."""
    value = form.get(name)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    return value.strip() if isinstance(value, str) else ""


def _number(form: Mapping[str, Any], name: str, most: float) -> float | None:
    try:
        value = float(text_of(form, name).replace(",", "."))
    except ValueError:
        return None
    return value if math.isfinite(value) and abs(value) <= most else None


def location_of(form: Mapping[str, Any]) -> Location | None:
    """Read the position that the person chose, in degrees."""
    lat, lon = _number(form, "lat", 90), _number(form, "lon", 180)
    if lat is None or lon is None:
        return None
    return Location(lat, lon, _number(form, "accuracy", 1e7))


def given_of(form: Mapping[str, Any]) -> Given:
    """Read what the person stated outright."""
    annoyance = _number(form, "annoyance", 10)
    degree = int(annoyance) if annoyance is not None else 0
    return Given(
        category=text_of(form, "category") or None,
        commune=text_of(form, "commune") or None,
        postcode=text_of(form, "postcode") or None,
        street=text_of(form, "where") or None,  # as typed: the reader finds the commune in it too
        annoyance=degree if degree in _ANNOYANCE else None,
    )


def doubts_of(form: Mapping[str, Any]) -> tuple[str, ...]:
    """List what our page found odd about the form, in words for an agent."""
    doubts = form.get("doubts")
    if not isinstance(doubts, list):
        return ()
    return tuple(doubt[:200] for doubt in doubts[:10] if isinstance(doubt, str))


def name_of(form: Mapping[str, Any]) -> str:
    """Give the person's name, safe to show."""
    return shown(text_of(form, "name"))


def attachments_of(form: Mapping[str, Any]) -> tuple[Attachment, ...]:
    """List the files that were stored before, or came with the form."""
    files = form.get("attachments")
    if not isinstance(files, list):
        return ()
    return tuple(_attachment(file) for file in files[:20] if isinstance(file, Mapping))


def _attachment(file: Mapping[str, Any]) -> Attachment:
    return Attachment(
        file_name(text_of(file, "name")),
        text_of(file, "media_type") or "application/octet-stream",
        size_of(file.get("size")),
        text_of(file, "ref"),
    )
