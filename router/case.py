"""A case, its reporters, its events, and the one table of allowed status changes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from router.cells import Came, Gone
from router.decision import Count, Nature, Place, ServiceId, Urgency
from router.entry import Entry
from router.errors import GuichetError
from router.message import PERSON, Address
from router.rights import Promised
from router.tracking import TrackingNumber


class Status(StrEnum):
    """One vocabulary for all institutions."""

    RECEIVED = "received"
    ASSIGNED = "assigned"
    ACCEPTED = "accepted"
    IN_PROGRESS = "in_progress"
    WAITING_CITIZEN = "waiting_citizen"
    WAITING_PARTNER = "waiting_partner"
    ANSWERED = "answered"
    RESOLVED = "resolved"
    CLOSED = "closed"
    PASSED_ON = "passed_on"
    REFUSED = "refused"
    REOPENED = "reopened"
    MERGED = "merged"

    @property
    def open(self) -> bool:
        return self not in {Status.CLOSED, Status.REFUSED, Status.MERGED, Status.PASSED_ON}


_OPEN_MOVES = {
    Status.ASSIGNED,
    Status.ACCEPTED,
    Status.IN_PROGRESS,
    Status.WAITING_CITIZEN,
    Status.WAITING_PARTNER,
    Status.ANSWERED,
    Status.RESOLVED,
    Status.PASSED_ON,
    Status.REFUSED,
    Status.MERGED,
}

TRANSITIONS: dict[Status, frozenset[Status]] = {
    Status.RECEIVED: frozenset(
        {
            Status.ASSIGNED,
            Status.WAITING_CITIZEN,
            Status.ANSWERED,
            Status.PASSED_ON,
            Status.REFUSED,
            Status.MERGED,
        }
    ),
    Status.ASSIGNED: frozenset(_OPEN_MOVES - {Status.ASSIGNED}),
    Status.ACCEPTED: frozenset(_OPEN_MOVES - {Status.ACCEPTED}),
    Status.IN_PROGRESS: frozenset(_OPEN_MOVES - {Status.IN_PROGRESS, Status.ACCEPTED}),
    Status.WAITING_CITIZEN: frozenset(_OPEN_MOVES - {Status.WAITING_CITIZEN} | {Status.CLOSED}),
    Status.WAITING_PARTNER: frozenset(_OPEN_MOVES - {Status.WAITING_PARTNER}),
    Status.ANSWERED: frozenset(
        {Status.IN_PROGRESS, Status.RESOLVED, Status.CLOSED, Status.REOPENED, Status.MERGED}
    ),
    Status.RESOLVED: frozenset({Status.CLOSED, Status.REOPENED, Status.MERGED}),
    Status.CLOSED: frozenset({Status.REOPENED}),
    Status.PASSED_ON: frozenset(
        _OPEN_MOVES - {Status.PASSED_ON} | {Status.CLOSED, Status.REOPENED}
    ),
    Status.REFUSED: frozenset({Status.REOPENED}),
    Status.REOPENED: frozenset(_OPEN_MOVES),
    Status.MERGED: frozenset(),
}


class ForbiddenTransition(GuichetError):
    """A status change that the table does not allow."""


class ReporterRole(StrEnum):
    REPORTER = "reporter"
    THIRD_PARTY = "third_party"  # wrote with the number, not yet confirmed: is never shown the case


@dataclass(frozen=True, slots=True)
class Reporter:
    """A person on a case; the reply channel belongs to him and never to the case.

    ``address`` is his own, as he wrote from it or typed it; :attr:`answered_at` is where answers
    go. ``refs`` are the messages that an answer hangs under.
    """

    address: Address
    name: str = ""
    language: str = "fr"
    role: ReporterRole = ReporterRole.REPORTER
    refs: tuple[str, ...] = ()
    since: datetime | None = None
    verified: bool = False
    """His channel vouches for the address."""
    page: Address | None = None
    """Where he is answered until he has said that the address is his."""
    form: Address | None = None
    """The page of the form in which he typed the address: by it his browser is known."""
    public: bool = False
    """Whether anybody can read what is written to the address."""
    person: str = ""
    """Of who wrote in public: himself, hashed (router.message.person_at), to know him in private."""
    forged: bool = False
    """Our mail server says that another wrote in his name: no machine writes to him."""

    @property
    def answered_at(self) -> Address:
        return self.page or self.address

    @property
    def person_at(self) -> Address | None:
        """Where what is withheld from him in public waits; None where he cannot be known again."""
        return replace(self.address, value=self.person, kind=PERSON) if self.person else None

    def is_person(self, who: Address | None) -> bool:
        """Whether he is who wrote elsewhere (``who``: router.message.person_at)."""
        return who is not None and self.person_at == who

    @property
    def confirms(self) -> bool:
        """Whether he counts among those who say that it is so."""
        return self.verified or self.role is ReporterRole.REPORTER


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A file that came with a message of the case: where the journal has it, and what it is."""

    inbound: int
    """Id of the journal row; its raw payload, or the provider that it names, has the bytes."""
    ref: str
    name: str
    media_type: str
    size: int | None = None

    @property
    def key(self) -> str:
        """Name the file within its case, in an address."""
        return (
            f"{self.inbound}-{hashlib.sha256(self.ref.encode('utf-8', 'replace')).hexdigest()[:8]}"
        )


@dataclass(frozen=True, slots=True)
class Alarm:
    """Who is told at ``at`` if nothing has happened by then; ``name`` is its rule and its step."""

    name: str
    at: datetime
    to: ServiceId


@dataclass(frozen=True, slots=True)
class Answer:
    """What the person answered when he was asked for a fact, in his own words.

    ``ref`` is the message that says so, as its channel names it.
    """

    fact: str
    text: str
    ref: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """One request. ``version`` rises with every write and guards against lost updates."""

    id: int
    number: TrackingNumber
    version: int
    status: Status
    owner: ServiceId
    created_at: datetime
    updated_at: datetime
    received_at: datetime
    nature: Nature = Nature.REPORT
    urgency: Urgency = Urgency.NORMAL
    category: str | None = None
    place: Place = field(default_factory=Place)
    subject: str = ""
    text: str = ""
    language: str = "fr"
    channel: str = ""
    counter: str = ""
    reporters: tuple[Reporter, ...] = ()
    watchers: tuple[ServiceId, ...] = ()
    informed: tuple[ServiceId, ...] = ()
    """The watchers whom a rule had informed, each once."""
    consulted: tuple[ServiceId, ...] = ()
    """The watchers who were asked for an opinion, each once."""
    dangers: tuple[str, ...] = ()
    """The rules of danger that have had their services informed, whoever knew of the case."""
    replied: tuple[str, ...] = ()
    """The texts of rules that its person was sent."""
    labels: tuple[str, ...] = ()
    rule: str = ""
    due_at: datetime | None = None
    promised: Promised | None = None
    """What its receipt says of silence; rules that are published later change nothing of it."""
    lead: ServiceId | None = None
    """Who keeps the clock until the owner has accepted; None once somebody has."""
    escalation: Alarm | None = None
    escalated: tuple[str, ...] = ()
    """Alarms that have gone off: each does so once on a case."""
    parent: int | None = None
    public_number: TrackingNumber | None = None
    """The number that people are told when it is not this case's own: a part shows its parent's."""
    parts_open: tuple[int, ...] = ()
    """Ids of the parts that have not ended; the parent ends when none is left."""
    merged_into: int | None = None
    refused_by: tuple[ServiceId, ...] = ()
    agent_choice: ServiceId | None = None
    asked: str = ""
    questions: tuple[str, ...] = ()
    """The facts that the person was ever asked for, the latest last."""
    answers: tuple[Answer, ...] = ()
    """The answers that nothing else of the case holds."""
    annoyance: int | None = None
    stated_urgency: Urgency | None = None
    """What the person answered, or a form said; never what the rules made of it."""
    partner_ref: str = ""
    attachments: int = 0
    files: tuple[CaseFile, ...] = ()
    """The latest of them; ``attachments`` counts all."""
    confidential: bool = False
    public: bool = True
    """Whether pages that anybody can read may tell of it; False wins for good."""
    proposals: tuple[str, ...] = ()
    """What the rules propose to those who work on it."""
    beside: tuple[str, ...] = ()
    """Categories of other families of which the first message speaks too, in a part of its own."""
    proof: str | None = None
    """What a service must show to resolve it: ``photo``."""
    proofs: tuple[CaseFile, ...] = ()
    """The photos by which services showed what they did, the latest last."""
    sender_kinds: tuple[str, ...] = ()
    first_contact: bool | None = None
    given_category: str | None = None
    area: str = ""
    """The smallest territory that surely holds the place."""
    confirmed_before: int = 0
    """How many people confirmed it when it was last decided."""
    counts: tuple[Count, ...] = ()
    """What the rules had counted for it; counted again only when its place or category changes."""
    automatic_day: str = ""
    automatic_count: int = 0
    warned: tuple[str, ...] = ()
    """Marks of whom to call that was told, and to whom (router.budget)."""
    public_noted: bool = False
    """Whether those who work on it were told that a person in public is only invited to write."""
    generation: int = 0
    entry: Entry | None = None
    """Set where an agent entered it for somebody."""
    epoch: int = 0
    """How often it was offered between installations: what counts of them names the latest."""
    came: Came | None = None
    gone: Gone | None = None

    @property
    def discreet(self) -> bool:
        """Whether no page that needs no more than the number may show subject or place."""
        return self.confidential or not self.public

    @property
    def page_number(self) -> TrackingNumber:
        """The number of the page here that shows it: its whole's, where the whole is here too."""
        return (self.public_number or self.number) if self.parent is not None else self.number

    @property
    def confirmations(self) -> int:
        """Count the people on the case: confirmed reporters, and others whose address is sure."""
        return sum(each.confirms for each in self.reporters)


def may_become(before: Status, after: Status) -> bool:
    """Tell whether :data:`TRANSITIONS` holds a change; staying the same is no change."""
    return after in TRANSITIONS[before]


def check_transition(before: Status, after: Status) -> None:
    """Refuse a status change that :data:`TRANSITIONS` does not hold.

    Raises:
        ForbiddenTransition: with both states named.
    """
    if before != after and not may_become(before, after):
        raise ForbiddenTransition(f"a case cannot go from {before} to {after}")


class EventKind(StrEnum):
    RECEIVED = "received"
    MESSAGE = "message"
    EDITED = "edited"
    DECIDED = "decided"
    STATUS = "status"
    FORWARDED = "forwarded"
    ANSWERED = "answered"
    REFUSED = "refused"
    ASKED = "asked"
    DELIVERY_FAILED = "delivery_failed"
    NOTE = "note"


class Visibility(StrEnum):
    CITIZEN = "citizen"
    SERVICE = "service"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class Event:
    """An append-only line on a case: who, what, when, why, for whose eyes; ``data`` is JSON."""

    id: int
    case_id: int
    kind: EventKind
    at: datetime
    who: str
    text: str = ""
    visibility: Visibility = Visibility.INTERNAL
    data: str = ""
