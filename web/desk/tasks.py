"""List what waits for an agent at the desk: whom to ring, what to read, which letter to post."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from router.archive import CaseReader, OutboxAdmin
from router.case import Case
from router.delivery import WAITING as STILL_TO_SEND
from router.delivery import Delivery
from router.errors import InvalidInput
from router.handling.desk import CHANNEL, LATE, WAITING, is_task
from router.tracking import printed

_MOST = 10_000
LEAST_DIGITS = 5
"""How many digits of a task's number name it, where no other open task ends so."""


class TaskRecords(CaseReader, OutboxAdmin, Protocol):
    """What the list is read from."""


@dataclass(frozen=True, slots=True)
class Task:
    """A delivery that an agent has to make; ``tried`` tells of the last try that was in vain."""

    id: int
    desk: str
    way: str
    """A value of router.entry.Way."""
    to: str
    """A telephone number, or a postal address line under line."""
    name: str
    kind: str
    number: str
    """The tracking number; empty for a missed call, of which there is no case yet."""
    text: str
    """To be read aloud, or in the letter."""
    language: str
    since: datetime
    late: bool
    tried: str = ""
    missed_at: str = ""


async def tasks_of(records: TaskRecords, now: datetime, desk: str = "") -> list[Task]:
    """List the open tasks, of one desk or of all: what one person waits for stands together.

    Who has been waiting longest comes first.

    Raises:
        StoreUnavailable: it cannot be known now.
    """
    found = await records.list_deliveries(STILL_TO_SEND, _MOST, CHANNEL)
    waiting = [one for one in found if is_task(one) and (not desk or one.address.account == desk)]
    cases = {one.case_id: None for one in waiting if one.case_id is not None}
    known = {case_id: await records.case_by_id(case_id) for case_id in cases}
    since: dict[str, datetime] = {}
    for one in waiting:
        since[one.address.key] = min(since.get(one.address.key, one.created_at), one.created_at)
    waiting.sort(key=lambda one: (since[one.address.key], one.address.key, one.id))
    return [task_of(one, known.get(one.case_id or 0), now) for one in waiting]


def named(tasks: Sequence[Task], typed: str) -> Task | None:
    """Find an open task by its number, or by the last digits of it, five or more.

    None where it is done, or never was.

    Raises:
        InvalidInput: several open tasks end so.
    """
    whole = next((one for one in tasks if str(one.id) == typed), None)
    if whole is not None or not typed.isdecimal() or len(typed) < LEAST_DIGITS:
        return whole
    ending = [one for one in tasks if str(one.id).endswith(typed)]
    if len(ending) > 1:
        longer = ", ".join(short_numbers(tasks)[one.id] for one in ending)
        raise InvalidInput(f"Plusieurs tâches finissent par {typed} : {longer}.")
    return ending[0] if ending else None


def short_numbers(tasks: Sequence[Task]) -> dict[int, str]:
    """Give the last digits by which each task is known among these: id → five digits or more."""
    whole = [str(one.id) for one in tasks]
    return {int(each): _short(each, whole) for each in whole}


def _short(number: str, others: Sequence[str]) -> str:
    for most in range(LEAST_DIGITS, len(number)):
        if sum(one.endswith(number[-most:]) for one in others) == 1:
            return number[-most:]
    return number


def task_of(delivery: Delivery, case: Case | None, now: datetime) -> Task:
    """Show a delivery to the agent who makes it."""
    address = delivery.address
    return Task(
        id=delivery.id,
        desk=address.account,
        way=address.kind,
        to=address.value,
        name=_name(case, delivery) if case else "",
        kind=str(delivery.kind),
        number=printed(case.public_number or case.number) if case else "",
        text=delivery.text,
        language=delivery.language,
        since=delivery.created_at,
        late=now - delivery.created_at > LATE,
        tried="" if delivery.error == WAITING else delivery.error,
        missed_at=_missed_at(delivery.data),
    )


def receipt_of(deliveries: Sequence[Delivery], conversation: str) -> Delivery | None:
    """Find what was last written by itself to a person whom the desk answers."""
    written = [
        one
        for one in deliveries
        if one.address.key == conversation and one.address.channel == CHANNEL and one.automatic
    ]
    return written[-1] if written else None


async def late_tasks(records: OutboxAdmin, now: datetime) -> list[Delivery]:
    """List the tasks for which a person has been waiting too long, the longest first.

    Raises:
        StoreUnavailable: it cannot be known now.
    """
    found = await records.list_deliveries(STILL_TO_SEND, _MOST, CHANNEL)
    return [one for one in found if is_task(one) and now - one.created_at > LATE]


def _name(case: Case, delivery: Delivery) -> str:
    named = (person.name for person in case.reporters if person.address == delivery.address)
    return next(named, "")


def _missed_at(data: str) -> str:
    try:
        said = json.loads(data or "{}")
    except ValueError:
        return ""
    return str(said.get("missed_at", "")) if isinstance(said, dict) else ""
