"""Read what an agent's program sends: an entry for somebody, or a task that is done."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from channels.phone.numbers import e164
from channels.web_fields import EMAIL, text_of
from router.entry import Entry, Outcome, Source, Way
from router.errors import UnreadablePayload
from router.handling.desk import CHANNEL
from router.message import Address

TO_COME = "received_at lies in the future"
_CLOCKS_DIFFER = timedelta(minutes=10)
LONGEST_ADDRESS = 200
"""Characters of a postal address: with its name it fits the window of an envelope."""
_NUMBER_ONLY = re.compile(r"\d+\s*(?:bis|ter|quater|[a-d])?", re.IGNORECASE)
_UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_SOURCES, _OUTCOMES = tuple(Source), tuple(Outcome)  # of a set a list cannot be asked


def read_entry(raw: bytes) -> dict[str, Any]:
    """Read the JSON of an entry (``kind`` is ``case``) or of a task done.

    Raises:
        UnreadablePayload: it is neither, or lacks what it cannot be without.
    """
    try:
        said = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise UnreadablePayload("this entry is no JSON") from error
    if not isinstance(said, dict):
        raise UnreadablePayload("this entry is no JSON object")
    kind = said.setdefault("kind", "case")
    if kind == "done":
        _check_done(said)
    elif kind == "case":
        _check_case(said)
    else:
        raise UnreadablePayload("an entry is of kind case or done")
    return said


def _check_case(said: Mapping[str, Any]) -> None:
    if said.get("source") not in _SOURCES:
        raise UnreadablePayload(f"source is one of {', '.join(sorted(_SOURCES))}")
    silent = not (text_of(said, "text") or said.get("attachments"))
    if silent and said["source"] != Source.MISSED_CALL:
        raise UnreadablePayload("text is missing: what the person said")
    if stated := _moment(said):
        try:
            stated.astimezone(UTC)
        except OverflowError:
            raise UnreadablePayload("received_at lies outside the calendar") from None


def _check_done(said: Mapping[str, Any]) -> None:
    task = said.get("task")
    if not isinstance(task, int) or isinstance(task, bool) or not 0 < task < 2**63:
        raise UnreadablePayload("task is the number of a task")
    if said.get("outcome") not in _OUTCOMES:
        raise UnreadablePayload(f"outcome is one of {', '.join(sorted(_OUTCOMES))}")


def named(said: Mapping[str, Any], id: str) -> str:
    """Name an entry by its kind, its agent and his own id, without showing who he is."""
    whose = json.dumps([text_of(said, "agent"), id]).encode()
    return f"{said['kind']}:{hashlib.sha256(whose).hexdigest()[:32]}"


def entry_of(said: Mapping[str, Any]) -> Entry:
    """Tell who entered it, how the person came, and for whom it is."""
    agent, behalf_of = (_UNSAFE.sub("", text_of(said, key)) for key in ("agent", "behalf_of"))
    return Entry(Source(said["source"]), agent[:80], behalf_of[:200])


def check_moment(said: Mapping[str, Any], now: datetime) -> None:
    """Refuse an entry that states a time to come; clocks may differ by some minutes.

    Raises:
        UnreadablePayload: no letter has come and no telephone rung then.
    """
    stated = _moment(said)
    if stated is not None and stated > now + _CLOCKS_DIFFER:
        raise UnreadablePayload(TO_COME)


def received_at(said: Mapping[str, Any], now: datetime) -> datetime:
    """Give the time at which the letter came or the telephone rang; never one to come."""
    stated = _moment(said)
    return min(stated, now) if stated else now


def _moment(said: Mapping[str, Any]) -> datetime | None:
    """Read the time that an entry states; one without an offset could be any."""
    try:
        stated = datetime.fromisoformat(text_of(said, "received_at"))
    except ValueError:
        return None
    return stated if stated.tzinfo is not None else None


def reply_address(
    said: Mapping[str, Any], account: str, accounts: Mapping[str, str], region: str, id: str
) -> Address:
    """Choose where the person is answered, as the agent chose it with him.

    ``accounts`` are ours that write e-mail and SMS, ``id`` names a person whom nobody writes to.

    Raises:
        UnreadablePayload: the address cannot be one, or no account of ours writes there.
    """
    given = said.get("reply")
    reply: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
    by, to = text_of(reply, "by") or Way.PAGE, text_of(reply, "to")
    if said.get("source") == Source.MISSED_CALL and by not in {Way.CALLBACK, "sms"}:
        raise UnreadablePayload("a missed call is rung back: give its number")
    match by:
        case "email" | "sms":
            if not accounts[by]:
                raise UnreadablePayload(f"no account of ours writes {by}")
            return Address(by, accounts[by], _mail(to) if by == "email" else _phone(to, region))
        case Way.CALLBACK:
            kind = Way.RELAY if said.get("source") == Source.RELAY else Way.CALLBACK
            return Address(CHANNEL, account, _phone(to, region), kind)
        case Way.LETTER:
            return Address(CHANNEL, account, postal(to), Way.LETTER)
        case Way.PAGE:
            return Address(CHANNEL, account, id, Way.PAGE)
    raise UnreadablePayload("reply.by is one of callback, letter, email, sms, page")


def _mail(to: str) -> str:
    if not EMAIL.fullmatch(to):
        raise UnreadablePayload("reply.to is no e-mail address")
    return to.lower()


def _phone(to: str, region: str) -> str:
    number = e164(to, region)
    if not number:
        raise UnreadablePayload("reply.to is no telephone number")
    return number


def postal(written: str) -> str:
    """Write a postal address line under line; commas part lines where there are no others.

    Raises:
        UnreadablePayload: it is empty, or too long for an envelope.
    """
    parts = written.splitlines() if "\n" in written.strip() else written.split(",")
    lines: list[str] = []
    for part in (" ".join(_UNSAFE.sub("", part).split()) for part in parts):
        if lines and _NUMBER_ONLY.fullmatch(lines[-1]):  # « 12, rue de la Paix »
            lines[-1] = f"{lines[-1]}, {part}"
        elif part:
            lines.append(part)
    address = "\n".join(lines)
    if not address or len(address) > LONGEST_ADDRESS:
        raise UnreadablePayload(f"reply.to is no postal address of {LONGEST_ADDRESS} characters")
    return address
