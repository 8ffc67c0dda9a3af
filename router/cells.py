"""What passes between two installations (cells) about one case, and what the case remembers of it.

A case has one owner among all installations. Who has it offers it under a new epoch; it changes hands
when the other accepts that epoch. Only the owner raises the epoch, so that a word which comes late, or
twice, can be told from one that counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from router.decision import ServiceId, Urgency
from router.directory import Service
from router.tracking import TrackingNumber

CHANNEL = "cell"
WAY = "cellule"
"""How the configuration says that a service is an installation of its own."""
MOST_HOPS = 4
"""Times that a case may be handed over between installations; then the desk keeps it."""


class Word(StrEnum):
    """What one installation says to another; the first four by who hands over, the others back."""

    OFFER = "offer"
    ADDITION = "addition"
    WITHDRAW = "withdraw"
    """The offer, or the epoch that was accepted too late, counts no more."""
    RECALL = "recall"
    """Who has the case is asked to give it back."""
    ACCEPT = "accept"
    DECLINE = "decline"
    STATUS = "status"
    QUESTION = "question"
    RETURN = "return"
    """The owner gives the case back, under a new epoch."""
    END = "end"
    """Said by an operator of ours: the agreement with the other has ended."""


class Speaks(StrEnum):
    """Who writes to the citizen while another installation has his case."""

    ORIGIN = "origin"
    """The one that he wrote to, on the channel on which he wrote."""
    OWNER = "owner"
    """The one that has the case, from its own accounts of the same channels."""


class AtEnd(StrEnum):
    """What becomes of open cases when an agreement ends."""

    RETURN = "return"
    """They go back to the installation that they came from."""
    KEEP = "keep"
    """They stay where they are until they end."""


class Share(StrEnum):
    """What the one that has a case is told, or tells."""

    STATUS = "status"
    """Every step on the way; that a case was answered or resolved is always told."""
    ANSWERS = "answers"
    """The words of its services to the citizen."""
    QUESTIONS = "questions"
    PHOTOS = "photos"
    """Pictures by which a service shows what it did."""
    ADDITIONS = "additions"
    """What the citizen adds later."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """What two installations have agreed; ``until`` is the last day of new offers."""

    speaks: Speaks = Speaks.ORIGIN
    shares: frozenset[Share] = frozenset(Share)
    until: date | None = None
    at_end: AtEnd = AtEnd.RETURN

    def ended(self, today: date) -> bool:
        return self.until is not None and today > self.until


@dataclass(frozen=True, slots=True)
class Person:
    """Whom the new owner is to answer itself, where the agreement says so."""

    channel: str
    value: str
    name: str = ""
    language: str = "fr"
    public: bool = False
    """Whether anybody can read what is written there."""


@dataclass(frozen=True, slots=True)
class Offer:
    """That a message is a case which another installation offers.

    ``hops`` are the installations that have had it, the one that offers last. ``to`` is whom it is
    meant for. ``part``: of several things that the person wrote this is one, the others are with
    others. ``note`` tells an agent what the other made of it.
    """

    cell: str
    to: str
    number: TrackingNumber
    epoch: int
    hops: tuple[str, ...]
    public_number: TrackingNumber | None = None
    urgency: Urgency = Urgency.NORMAL
    confidential: bool = False
    part: bool = False
    people: tuple[Person, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Came:
    """That a case came from another installation, to which all that becomes of it is told."""

    cell: str
    hops: tuple[str, ...]
    """The installations that have had it before us."""
    epoch: int
    """The one that we accepted; the case's own is higher where we offered it on."""
    speaks: bool = False
    """Whether we write to the citizen ourselves."""
    ended: bool = False
    """Whether it was given back, or taken back: nothing is told of it any more."""


@dataclass(frozen=True, slots=True)
class Gone:
    """That a case is offered to another installation, or is with it.

    ``heard`` is the (incarnation, sequence) of the latest word on its state.
    """

    cell: str
    service: ServiceId
    """The service of ours that stands for the other one."""
    accepted: bool = False
    recalled: bool = False
    speaks: bool = False
    """Whether the other writes to the citizen itself."""
    heard: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class Cells:
    """Who we are among installations, and what is agreed with each other one, by its name.

    ``incarnation`` rises when the data are restored from a backup, so that the states told since
    then count though their sequence began again. ``accounts`` leads from a channel to the account
    from which we write to people who never wrote to us.
    """

    own: str = ""
    incarnation: int = 0
    agreements: Mapping[str, Agreement] = field(default_factory=dict)
    accounts: Mapping[str, str] = field(default_factory=dict)

    def cell_of(self, service: Service | None, wanted: str | None = None) -> str:
        """Name the installation that a service stands for; empty for any other service.

        ``wanted`` is the way that a rule asks for.
        """
        if service is None or service.transmit_by != WAY:
            return ""
        if wanted == "email" and service.contact.email:
            return ""
        return service.transmit_to if service.transmit_to in self.agreements else ""

    def tells_additions(self, service: Service) -> bool:
        """Whether a service hears what the citizen adds: any does, unless it is agreed otherwise."""
        agreement = self.agreements.get(self.cell_of(service))
        return agreement is None or Share.ADDITIONS in agreement.shares

    def closed(self, cell: str, hops: tuple[str, ...], today: date) -> str:
        """Say why a case that has been at ``hops`` may not be offered to a cell; empty if it may."""
        if cell in hops or cell == self.own:
            return f"la demande est déjà passée par « {cell} »"
        if len(hops) >= MOST_HOPS:
            return f"la demande a déjà été transmise {len(hops)} fois"
        agreement = self.agreements.get(cell)
        if agreement is not None and agreement.ended(today):
            return f"l'accord avec « {cell} » est terminé"
        return ""
