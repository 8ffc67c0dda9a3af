"""Choose what anyone who knows a tracking number may see of a case: no person, no private word."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from router.case import Case, CaseFile, Event, EventKind, Status, Visibility
from router.decision import ServiceId
from router.delivery import Delivery, DeliveryKind
from router.desk import CHANNEL
from router.directory import Service
from router.entry import Way
from router.ports import Rulebook
from router.receipts import rights_of
from router.rights import Rights
from router.tracking import printed

_HOUSE_NUMBER = re.compile(r"^\s*\d+\s*(?:bis|ter|quater|[a-dA-D])?\b[\s,]*", re.IGNORECASE)
_OWN_WORDS = {EventKind.ANSWERED, EventKind.STATUS, EventKind.NOTE}
"""Events whose text a service or the router wrote for citizens; other texts are a person's own."""
_NEAR_PART = 5
_NEAR_DAYS = 2
_SATURDAY = 5


class Step(StrEnum):
    DONE = "done"
    NOW = "now"
    AHEAD = "ahead"


class Promise(StrEnum):
    """How the answer's date looks."""

    KEPT = "kept"
    AT_RISK = "at_risk"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the timeline: a wording's key, who did it, and what he wrote for the citizen."""

    at: datetime
    key: str
    service: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Owner:
    """Who is in charge of the case, or of one part of it."""

    name: str
    phone: str
    email: str
    address: str
    category: str
    status: Status
    reference: str = ""
    """The service's own number of the case."""
    deaf_relay: str = ""
    """Where deaf and aphasic people call it."""

    @property
    def told(self) -> str:
        """Name the wording that says how far the service has it."""
        if self.status is Status.PASSED_ON:
            return "owner.passed_on"
        return "owner.assigned" if self.status in _NOBODY_YET else "owner.is"


@dataclass(frozen=True, slots=True)
class View:
    """A case as its tracking page shows it."""

    number: str
    status: Status
    steps: tuple[tuple[str, Step], ...]
    owners: tuple[Owner, ...]
    category: str
    place: str
    received_at: datetime
    due_at: datetime | None
    rights: Rights | None
    """What silence will mean, where the person asked for a decision."""
    promise: Promise
    lines: tuple[Line, ...]
    letters: tuple[Line, ...]
    """What was written to those who reported by the web form."""
    proofs: tuple[tuple[str, str], ...]
    """Number and key of each photo of the result."""
    urgent: bool
    ended: bool


@dataclass(frozen=True, slots=True)
class Found:
    """A case with its parts, and what happened on all of them."""

    case: Case
    parts: tuple[Case, ...]
    events: tuple[Event, ...]
    deliveries: tuple[Delivery, ...]


def view_of(found: Found, number: str, rulebook: Rulebook, language: str, now: datetime) -> View:
    """Show a case in a language; a confidential one shows neither subject nor place."""
    case = found.case
    hidden = case.discreet
    owners = tuple(_owner(part, rulebook, language) for part in found.parts or (case,))
    return View(
        number=number,
        status=case.status,
        steps=_steps(case.status),
        owners=owners,
        category="" if hidden else _category(case, rulebook, language),
        place="" if hidden else public_place(case, rulebook),
        received_at=case.received_at,
        due_at=case.due_at if _POSITION[case.status] < _ANSWERED and case.status.open else None,
        rights=rights_of(rulebook, case),
        promise=_promise(case, now),
        lines=_lines(found, rulebook, language),
        letters=_letters(found, rulebook, language),
        proofs=tuple(
            (printed(one.number), file.key)
            for one in (case, *found.parts)
            for file in proofs_of(one)
        ),
        urgent=case.urgency.rank >= 3,
        ended=not case.status.open,
    )


def proofs_of(case: Case) -> tuple[CaseFile, ...]:
    """List the photos of the result that whoever has the number may see."""
    return () if case.discreet else case.proofs


def public_place(case: Case, rulebook: Rulebook) -> str:
    """Name street and commune, without the house number, which would name a person."""
    street = _HOUSE_NUMBER.sub("", case.place.street or "")
    communes = [rulebook.commune_name(code) for code in case.place.communes[:1]]
    return ", ".join(part for part in (street, *communes) if part)


# --- where it stands -----------------------------------------------------------------------------

_POSITION = {
    Status.RECEIVED: 0,
    Status.ASSIGNED: 1,
    Status.ACCEPTED: 1,
    Status.REOPENED: 1,
    Status.PASSED_ON: 1,
    Status.IN_PROGRESS: 2,
    Status.WAITING_CITIZEN: 2,
    Status.WAITING_PARTNER: 2,
    Status.ANSWERED: 3,
    Status.RESOLVED: 3,
    Status.REFUSED: 4,
    Status.MERGED: 4,
    Status.CLOSED: 4,
}


_ANSWERED = _POSITION[Status.ANSWERED]
_NOBODY_YET = {Status.RECEIVED, Status.ASSIGNED, Status.REOPENED}
"""States in which a service has the case and has not said that it takes it on."""


def _steps(status: Status) -> tuple[tuple[str, Step], ...]:
    here = _POSITION[status]
    names = ["received", "in_charge", "in_progress", "answered", "closed"]
    names[1] = "assigned" if status in _NOBODY_YET else names[1]
    names[1] = "passed_on" if status is Status.PASSED_ON else names[1]
    names[3] = "resolved" if status is Status.RESOLVED else names[3]
    names[4] = "refused" if status is Status.REFUSED else names[4]
    return tuple(
        (f"step.{name}", Step.DONE if at < here else Step.NOW if at == here else Step.AHEAD)
        for at, name in enumerate(names)
    )


def _promise(case: Case, now: datetime) -> Promise:
    if case.due_at is None or now < _near(case.received_at, case.due_at):
        return Promise.KEPT
    return Promise.LATE if now > case.due_at else Promise.AT_RISK


def _near(received_at: datetime, due_at: datetime) -> datetime:
    """Tell from when a date is near: the last fifth of the time, or two weekdays if that is less."""
    days, weekdays = due_at, _NEAR_DAYS
    while weekdays:
        days -= timedelta(days=1)
        weekdays -= days.weekday() < _SATURDAY
    return max(due_at - (due_at - received_at) / _NEAR_PART, days)


def _owner(case: Case, rulebook: Rulebook, language: str) -> Owner:
    service = rulebook.directory.service(case.owner)
    category = "" if case.discreet else _category(case, rulebook, language)
    if service is None:
        return Owner(case.owner, "", "", "", category, case.status)
    contact = service.contact
    return Owner(
        service.name(language),
        contact.phone,
        contact.email,
        contact.address,
        category,
        case.status,
        case.partner_ref,
        contact.deaf_relay,
    )


def _category(case: Case, rulebook: Rulebook, language: str) -> str:
    return rulebook.category_name(case.category, language) if case.category else ""


# --- what happened -------------------------------------------------------------------------------


def _lines(found: Found, rulebook: Rulebook, language: str) -> tuple[Line, ...]:
    """Tell what happened, the newest first; of one moment, what was written last."""
    seen = [event for event in found.events if event.visibility is Visibility.CITIZEN]
    newest = sorted(seen, key=_moment, reverse=True)
    return tuple(_line(event, found.case, rulebook, language) for event in newest)


def _moment(event: Event) -> tuple[datetime, bool, int]:
    # a case is received, decided and handed over in one moment of the clock
    return event.at, event.kind is not EventKind.RECEIVED, event.id


def _line(event: Event, case: Case, rulebook: Rulebook, language: str) -> Line:
    key = f"event.{event.kind}"
    if event.kind is EventKind.STATUS and event.data in set(Status):
        key = f"event.status.{event.data}"
    text = without_person(event.text, case, rulebook) if event.kind in _OWN_WORDS else ""
    service = rulebook.directory.service(_acting(event))
    return Line(event.at, key, _named(service, language), text)


def _acting(event: Event) -> ServiceId:
    """Find the service of an event: whom it was handed to, else who did it."""
    if event.kind is EventKind.FORWARDED:
        try:
            data = json.loads(event.data)
        except ValueError:
            return ServiceId(event.who)
        if isinstance(data, dict):
            return ServiceId(str(data.get("service", event.who)))
    return ServiceId(event.who)


def _named(service: Service | None, language: str) -> str:
    return service.name(language) if service else ""


def _letters(found: Found, rulebook: Rulebook, language: str) -> tuple[Line, ...]:
    """List what was written to be read on this page; an answer stands in the timeline already."""
    answered = any(event.kind is EventKind.ANSWERED for event in found.events)
    shown = {DeliveryKind.ACKNOWLEDGEMENT, DeliveryKind.QUESTION}
    if not answered:
        shown.add(DeliveryKind.ANSWER)
    letters = [
        delivery for delivery in found.deliveries if _read_here(delivery) and delivery.kind in shown
    ]
    texts: dict[str, Line] = {}
    for letter in _in_language(letters, language):
        text = without_person(letter.text, found.case, rulebook)
        texts.setdefault(text, Line(letter.created_at, f"letter.{letter.kind}", "", text))
    return tuple(sorted(texts.values(), key=lambda line: line.at, reverse=True))


def _read_here(delivery: Delivery) -> bool:
    """Whether nothing else brings it to the person: he used the form, or follows by his number."""
    address = delivery.address
    return address.channel == "web" or (address.channel == CHANNEL and address.kind == Way.PAGE)


def _in_language(letters: Sequence[Delivery], language: str) -> Iterable[Delivery]:
    """Of letters of one kind, prefer those in the page's language; two reporters may have two."""
    for letter in letters:
        same_kind = [other for other in letters if other.kind == letter.kind]
        if letter.language == language or all(other.language != language for other in same_kind):
            yield letter


def without_person(text: str, case: Case, rulebook: Rulebook) -> str:
    """Take names, addresses and the citizen's own words of place out of a text for all eyes."""
    hidden = {case.place.text: public_place(case, rulebook)} if case.place.text else {}
    for reporter in case.reporters:
        hidden |= dict.fromkeys(reporter.address.value.splitlines(), "…")
    names = [reporter.name for reporter in case.reporters]
    if case.entry is not None:
        names += [case.entry.behalf_of.partition(",")[0], case.entry.agent]
    for name in names:
        hidden |= dict.fromkeys((name, *name.split()[-1:]), "…")
    for words, instead in hidden.items():
        if len(words) >= 3:
            shown = instead.replace("\\", "\\\\")  # a replacement is a template to re.sub
            text = re.sub(rf"(?<!\w){re.escape(words)}(?!\w)", shown, text)
    return text
