"""What the rules are asked, and what they answer: a decision with its trace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NewType

ServiceId = NewType("ServiceId", str)


class Urgency(StrEnum):
    """Degrees of urgency, lowest first; compare with :attr:`rank`."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    IMMEDIATE = "immediate"

    @property
    def rank(self) -> int:
        return _RANKS[self]


_RANKS = {urgency: rank for rank, urgency in enumerate(Urgency)}


class Nature(StrEnum):
    """What a person wants with a message (rule values are the French words of `nature`)."""

    REPORT = "signalement"
    QUESTION = "question"
    PROCEDURE = "demarche"
    COMPLAINT = "reclamation"
    APPEAL = "recours"
    IDEA = "idee"
    THANKS = "remerciement"
    DATA_RIGHT = "droit-rgpd"
    DOCUMENTS = "acces-document"
    OFFICIAL = "elu-presse"
    OFF_TOPIC = "hors-usager"


@dataclass(frozen=True, slots=True)
class Point:
    """A position in degrees WGS84 with its precision in metres."""

    lat: float
    lon: float
    precision_m: float = 5.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where a request is about, as far as it is known; everything may be missing.

    ``communes`` are INSEE codes: one when named, several when the words leave several open (a
    postal code shared by several communes). ``source`` says who stated it: ``message``,
    ``location``, ``form``, ``counter``, ``agent``, or empty. ``outside`` is true when the place is known and lies
    in none of our territories.
    """

    text: str = ""
    communes: tuple[str, ...] = ()
    postcode: str | None = None
    street: str | None = None
    point: Point | None = None
    outside: bool = False
    source: str = ""

    @property
    def known(self) -> bool:
        return bool(self.communes or self.postcode or self.point or self.outside)


@dataclass(frozen=True, slots=True)
class Count:
    """How many cases a question of the rules found, under the name that they know it by."""

    name: str
    number: int


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything a decision may depend on; what is None is unknown, never false.

    ``text`` holds the sender's new words only. ``category`` is set when a form or an agent gave it;
    otherwise the rules read it from the words. ``received_at`` is aware. ``counts`` are the answers
    to the questions that the rules asked; ``recurrence`` and ``surge`` answer any such question, for
    facts that somebody made up. ``asked`` are the facts that the
    person was asked for: none is asked twice. ``refused_by`` is in order of refusal.
    """

    received_at: datetime
    text: str = ""
    subject: str = ""
    language: str | None = None
    category: str | None = None
    place: Place = field(default_factory=Place)
    channel: str | None = None
    counter: str | None = None
    urgency: Urgency | None = None
    annoyance: int | None = None
    recurrence: int = 0
    confirmations: int = 0
    confirmations_before: int = 0
    surge: int = 0
    counts: tuple[Count, ...] = ()
    attachment: bool | None = None
    sender_kinds: tuple[str, ...] | None = None
    """What kinds of person wrote, all of them; None where nothing tells."""
    first_contact: bool | None = None
    """Whether nobody wrote from this address before; None where that is not known."""
    nature: Nature | None = None
    asked: tuple[str, ...] = ()
    refused_by: tuple[ServiceId, ...] = ()
    unavailable: tuple[ServiceId, ...] = ()
    agent_choice: ServiceId | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One competence of a message that needs several: it becomes a child case of its own."""

    words: str
    owner: ServiceId
    category: str | None = None


@dataclass(frozen=True, slots=True)
class Escalation:
    """Who is told when ``after`` (as written: "8 jours ouvrés") has passed without an answer."""

    after: str
    to: ServiceId


@dataclass(frozen=True, slots=True)
class Reached:
    """What thresholds want done that are reached just now, and never again on this case."""

    notify: tuple[ServiceId, ...] = ()
    replies: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    """Rule and number of each, for people."""
    owner: bool = False
    """Whether one of them says who is in charge from now on."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What the rules answered; rules answer and never act.

    ``rule`` is the id of the rule that won: a rule of the files, ``competence:FAMILY:COLUMN`` or
    ``a_defaut:TERRITORY``. ``replies`` are ids of texts, those of danger rules first (the first
    ``danger_replies`` of them). ``questions`` are the facts to ask, at most one. ``delay`` is as
    written in the rule ("5 jours ouvrés"). ``trace`` is plain JSON data, stored with the case.
    """

    owner: ServiceId
    rule: str
    ruleset: str
    sentence: str
    priority: str = "normale"
    category: str | None = None
    urgency: Urgency = Urgency.NORMAL
    notify: tuple[ServiceId, ...] = ()
    consult: tuple[ServiceId, ...] = ()
    questions: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    replies: tuple[str, ...] = ()
    danger_replies: int = 0
    danger: bool = False
    labels: tuple[str, ...] = ()
    proposals: tuple[str, ...] = ()
    reached: Reached = field(default_factory=lambda: Reached())
    delay: str | None = None
    lead: ServiceId | None = None
    """Who keeps the clock until the owner has accepted, where that is somebody else."""
    escalation: Escalation | None = None
    transmit_by: str | None = None
    confidential: bool = False
    publish: bool = True
    proof: str | None = None
    candidates: tuple[str, ...] = ()
    no_rule: bool = False
    outside: bool = False
    failed: bool = False
    trace: Mapping[str, Any] = field(default_factory=dict)
