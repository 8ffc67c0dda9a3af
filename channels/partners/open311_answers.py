"""What a partner's Open311 server says, as plain values: ids, refusals, news of a request."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from channels.partners import open311_xml
from router.errors import UnreadablePayload

_LEADING_ZERO = re.compile(rb'("\s*:\s*)(0\d+)(\s*[,}\]])')
"""The specification's own JSON examples print ``"service_code":006``, and servers copied them."""

ACTS: Mapping[str, str] = {
    "open": "progress",
    "acknowledged": "accept",
    "accepted": "accept",
    "assigned": "accept",
    "in_progress": "progress",
    "investigating": "progress",
    "planned": "progress",
    "action_scheduled": "progress",
    "closed": "close",
    "fixed": "close",
    "completed": "close",
    "no_further_action": "close",
    "duplicate": "close",
    "unable_to_fix": "close",
    "not_councils_responsibility": "refuse",
    "not_our_responsibility": "refuse",
    "internal_referral": "progress",
    "rejected": "refuse",
    "refused": "refuse",
}
"""The two states of GeoReport v2 and those of FixMyStreet's extension, as acts of a service.

https://github.com/mysociety/fixmystreet/wiki/Open311-FMS---Additional-states
"""


@dataclass(frozen=True, slots=True)
class News:
    """One thing that a partner tells of a request; ``act`` is empty when it is nothing new."""

    request: str
    act: str
    text: str


def listed(body: bytes) -> list[Any]:
    """Read an answer that is a list, in JSON or XML, whether or not it stands in an object.

    Raises:
        UnreadablePayload: it is none.
    """
    if open311_xml.is_xml(body):
        return open311_xml.records(body)
    try:
        found = _json(body)
    except (ValueError, RecursionError) as error:
        raise UnreadablePayload("the partner's answer is no JSON") from error
    if isinstance(found, dict) and len(found) == 1:
        [found] = found.values()
    if not isinstance(found, list):
        raise UnreadablePayload("the partner's answer is no list")
    return found


def demanded(body: bytes) -> dict[str, str]:
    """Read a definition: the attributes without which a request is refused, code → question.

    Raises:
        UnreadablePayload: it is none.
    """
    if open311_xml.is_xml(body):
        attributes: object = open311_xml.attributes(body)
    else:
        try:
            found = _json(body)
        except (ValueError, RecursionError) as error:
            raise UnreadablePayload("the partner's answer is no JSON") from error
        found = found[0] if isinstance(found, list) and found else found
        attributes = found.get("attributes") if isinstance(found, dict) else None
    if not isinstance(attributes, list):
        raise UnreadablePayload("the partner's answer is no definition")
    return {
        word(one, "code"): word(one, "description")
        for one in attributes
        if isinstance(one, Mapping) and is_true(one, "required") and is_true(one, "variable")
    }


def is_true(record: Mapping[str, Any], name: str) -> bool:
    """Whether a field says yes, as JSON or in a word."""
    return str(record.get(name)).strip().casefold() == "true"


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return json.loads(_LEADING_ZERO.sub(rb'\1"\2"\3', body))


def told(body: bytes) -> str:
    """Give the sentences of an error answer, on one line; empty where there are none."""
    try:
        errors = listed(body)
    except UnreadablePayload:
        return ""
    texts = [word(one, "description") for one in errors if isinstance(one, Mapping)]
    return " ".join(" ".join(texts).split())


def word(record: Mapping[str, Any], name: str) -> str:
    """Read a field as text: ids come as numbers, and missing ones as null."""
    value = record.get(name)
    if value is None or isinstance(value, bool | list | dict):
        return ""
    return str(value).strip()


def news_of_request(record: Mapping[str, Any], acts: Mapping[str, str]) -> News:
    """Read how a request stands: its status, and the notes that explain it."""
    return _news(record, word(record, "status_notes"), acts)


def news_of_update(record: Mapping[str, Any], acts: Mapping[str, str]) -> News:
    """Read one update of a request: its status after it, and what was said.

    Raises:
        UnreadablePayload: it has no id of its own.
    """
    if not word(record, "update_id"):
        raise UnreadablePayload("an update without update_id")
    return _news(record, word(record, "description"), acts)


def _news(record: Mapping[str, Any], text: str, acts: Mapping[str, str]) -> News:
    request = word(record, "service_request_id")
    if not request:
        raise UnreadablePayload("news without service_request_id")
    status = "_".join(word(record, "status").casefold().split())
    act = acts.get(status)
    if act is None:
        raise UnreadablePayload(f"« {status[:40]} » is no status that is known here")
    if act == "accept" and text:
        act = "progress"
    if status == "open" and not text:
        act = ""
    return News(request, act, text)


def mark_of_request(record: Mapping[str, Any]) -> str:
    """Name a state of a request, so that the same state told again is nothing new."""
    seen = f"{word(record, 'status').casefold()}\n{word(record, 'status_notes')}"
    digest = hashlib.sha256(seen.encode("utf-8", "replace")).hexdigest()[:16]
    return f"request:{word(record, 'service_request_id')}:{digest}"


def mark_of_update(record: object) -> str:
    """Name an update: by its id, or by all of it where it has none."""
    own = word(record, "update_id") if isinstance(record, Mapping) else ""
    if own:
        return f"update:{own}"
    text = json.dumps(record, sort_keys=True, default=str)
    return f"unreadable:{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:32]}"
