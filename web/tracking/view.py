"""Choose what anyone who knows a tracking number may see of a case: no person, no private word."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from router.case import Case, CaseFile, Status
from router.rights import Rights
from router.rule_ports import Rulebook
from router.tracking import printed
from router.words.receipts import rights_of
from web.tracking.history import Found, Line, letters_of, lines_of, public_place

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
        lines=lines_of(found, rulebook, language),
        letters=letters_of(found, rulebook, language),
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
