"""Cases as GeoReport v2 shows them: to their own application whole, to others as the page does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from router.case import Case, Event, EventKind, Reporter, Status, Visibility
from router.rule_ports import Rulebook
from router.tracking import printed
from web.open311.format import Trouble
from web.render import Speaker
from web.tracking.history import public_place, without_person

CHANNEL = "open311"
_CLOSED = {Status.RESOLVED, Status.CLOSED, Status.REFUSED}
"""A case that was passed on or merged is not done: it never reads as closed."""
_TOLD = {EventKind.STATUS, EventKind.ANSWERED, EventKind.FORWARDED}
LONGEST = 4000
"""Characters of a description (GeoReport v2)."""
_FIRST_YEAR, _LAST_YEAR = 1900, 2999
_STANDARD = ("place", "lieu")


def status_of(status: Status) -> str:
    return "closed" if status in _CLOSED else "open"


def posted_by(case: Case, account: str) -> Reporter | None:
    """Find the reporter for whom an application posted a case."""
    return next(
        (
            reporter
            for reporter in case.reporters
            if (reporter.address.channel, reporter.address.account) == (CHANNEL, account)
        ),
        None,
    )


def request_of(
    case: Case, events: Sequence[Event], rulebook: Rulebook, speaker: Speaker, *, own: bool
) -> dict[str, Any]:
    """Write a case as a request; ``own`` whether its application asks.

    What the person wrote and where exactly is for his own application; a number alone shows no more
    than its tracking page.
    """
    owner = rulebook.directory.service(case.owner)
    hidden = case.discreet and not own
    place, point = case.place, case.place.point if own else None
    notes = notes_of(case, events, speaker)
    return {
        "service_request_id": printed(case.public_number or case.number),
        "status": status_of(case.status),
        "status_notes": notes if own else without_person(notes, case, rulebook),
        "service_name": None if hidden else name_of(case.category, rulebook, speaker),
        "service_code": None if hidden else case.category,
        "description": case.text[:LONGEST] if own else None,
        "agency_responsible": owner.name(speaker.code) if owner else None,
        "service_notice": None,
        "requested_datetime": case.received_at,
        "updated_datetime": case.updated_at,
        "expected_datetime": case.due_at,
        "address": None if hidden else (own and place.text) or public_place(case, rulebook) or None,
        "address_id": None,
        "zipcode": place.postcode if own else None,
        "lat": point.lat if point else None,
        "long": point.lon if point else None,
        "media_url": None,
    }


def name_of(category: str | None, rulebook: Rulebook, speaker: Speaker) -> str | None:
    return rulebook.category_name(category, speaker.code) if category else None


def notes_of(case: Case, events: Sequence[Event], speaker: Speaker) -> str:
    """Say how a case stands, in the last words that a service wrote for the person, else in ours."""
    answers = [e.text for e in events if e.kind is EventKind.ANSWERED and _for_all(e) and e.text]
    return answers[-1] if answers else speaker.say(f"status.{case.status}.text")


def updates_of(
    case: Case, events: Sequence[Event], rulebook: Rulebook, speaker: Speaker
) -> list[dict[str, Any]]:
    """Write what happened to a case since it came, in the shape of the updates extension."""
    found = []
    for event in events:
        if event.kind not in _TOLD or not _for_all(event):
            continue
        status = _after(event, case)
        found.append(
            {
                "update_id": str(event.id),
                "service_request_id": printed(case.public_number or case.number),
                "status": status_of(status).upper(),
                "updated_datetime": event.at,
                "description": _said(event, status, rulebook, speaker),
                "media_url": None,
            }
        )
    return found


def in_order(updates: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Sort updates by their time; those of one moment as they came."""
    return sorted(updates, key=lambda one: (one["updated_datetime"], int(one["update_id"])))


def _for_all(event: Event) -> bool:
    return event.visibility is Visibility.CITIZEN


def _after(event: Event, case: Case) -> Status:
    """The status that an event led to: it names it, or it is a hand-over."""
    if event.data in set(Status):
        return Status(event.data)
    return Status.ASSIGNED if event.kind is EventKind.FORWARDED else case.status


def _said(event: Event, status: Status, rulebook: Rulebook, speaker: Speaker) -> str:
    if event.kind is EventKind.FORWARDED:
        told = "owner.passed_on" if status is Status.PASSED_ON else "owner.given"
        return speaker.say(told, service=event.text)
    return event.text or speaker.say(f"status.{status}.text")


def attributes_of(category: str, rulebook: Rulebook) -> list[dict[str, Any]]:
    """List what a service wants to know of a category beside the place, which is a field of its own."""
    asked = [fact for fact in rulebook.questions_of(category) if fact not in _STANDARD]
    return [
        {
            "variable": True,
            "code": fact,
            "datatype": "datetime" if fact == "date" else "string",
            "required": False,
            "datatype_description": None,
            "order": place,
            "description": fact.replace("_", " ").capitalize(),
            "values": [],
        }
        for place, fact in enumerate(asked, 1)
    ]


def moment(text: str) -> datetime:
    """Read a time of the standard, into UTC; without a zone it is refused, as the standard says.

    Raises:
        Trouble: it is none, or so far away that no span can be reckoned from it.
    """
    try:
        at = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError as error:
        raise Trouble(400, f"« {text[:40]} » is no date of ISO 8601.") from error
    if at.tzinfo is None:
        raise Trouble(400, f"« {text[:40]} » says no time zone.")
    if not _FIRST_YEAR <= at.year <= _LAST_YEAR:
        told = f"« {text[:40]} » is not between the years {_FIRST_YEAR} and {_LAST_YEAR}."
        raise Trouble(400, told)
    return at.astimezone(UTC)
