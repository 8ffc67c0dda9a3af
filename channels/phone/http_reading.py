"""Read what a provider hands over, in JSON or as a form, as its definition says."""

from __future__ import annotations

import hashlib
import json
from typing import Any
from urllib.parse import parse_qsl

from channels.phone.carrier import Progress, Text
from channels.phone.definition import Definition
from channels.phone.http_answers import at
from channels.phone.numbers import international, number_of
from router.errors import UnreadablePayload


def fields_of(payload: bytes) -> dict[str, Any]:
    """Read a payload; whether it is JSON is seen by its first character.

    Raises:
        UnreadablePayload: it is neither an object nor a form.
    """
    text = payload.decode("utf-8", "replace").strip()
    if not text.startswith(("{", "[")):
        return dict(parse_qsl(text, keep_blank_values=True, errors="replace"))
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        raise UnreadablePayload("this is no JSON") from None
    if not isinstance(read, dict):
        raise UnreadablePayload("this is no JSON object")
    return read


def read(payload: bytes, definition: Definition, region: str, account: str) -> Text | Progress:
    """Read a message or a receipt.

    Raises:
        UnreadablePayload: it is neither.
    """
    fields, receipt = fields_of(payload), definition.receipt
    if receipt is not None and _word(fields, receipt.status):
        return _progress(fields, definition, region)
    names = definition.message
    sender, text = _word(fields, names.sender), at(fields, names.text)
    if not sender or not isinstance(text, str):
        raise UnreadablePayload("no sender or no text")
    id = _word(fields, names.id) or hashlib.sha256(payload).hexdigest()
    to = _word(fields, names.to)
    return Text(id, international(sender, region), international(to, region) or account, text)


def _progress(fields: dict[str, Any], definition: Definition, region: str) -> Progress:
    names = definition.receipt
    assert names is not None  # noqa: S101 -- the caller has looked
    id, status = _word(fields, names.id), _word(fields, names.status)
    if not id:
        raise UnreadablePayload("a receipt without an id")
    code = _word(fields, names.code)
    return Progress(
        id,
        # a receipt that names nobody has a lane of its own
        international(_word(fields, names.to), region) or f"receipt:{id}",
        status,
        names.states.get(status),
        number_of(_word(fields, names.delivery)),
        code or status,
        names.reasons.get(code or status, ""),
    )


def _word(fields: dict[str, Any], path: str) -> str:
    value = at(fields, path) if path else None
    return str(value).strip() if isinstance(value, (str, int)) else ""


def write(text: Text, definition: Definition) -> bytes:
    """Write the JSON that the provider would hand over for a message."""
    names = definition.message
    fields: dict[str, Any] = {}
    pairs = ((names.id, text.id), (names.sender, text.sender), (names.to, text.to))
    for path, value in (*pairs, (names.text, text.text)):
        place = fields
        *above, last = path.split(".")
        for name in above:
            place = place.setdefault(name, {})
        if last:
            place[last] = value
    return json.dumps(fields, ensure_ascii=False).encode("utf-8", "replace")
