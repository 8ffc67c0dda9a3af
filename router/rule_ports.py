"""What the house asks of the rules and of understanding, as small Protocols."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from router.counting import CountQuestion
from router.decision import Decision, Facts, Nature, Place
from router.directory import Counter, Directory, Texts
from router.message import Message
from router.rights import Rights


class Reading(Protocol):
    """What rules read in facts, before anything is counted and decided.

    ``beside`` are the categories of other families than its own of which the words speak too;
    ``candidates`` the territories in which the place may lie; ``outside`` tells that it lies in
    none.
    """

    @property
    def beside(self) -> frozenset[str]: ...

    @property
    def category(self) -> str | None: ...

    @property
    def candidates(self) -> tuple[str, ...]: ...

    @property
    def outside(self) -> bool: ...


class Rulebook(Protocol):
    """One immutable version of the rules, with the directory and the texts that belong to it."""

    @property
    def hash(self) -> str: ...

    @property
    def directory(self) -> Directory: ...

    @property
    def texts(self) -> Texts: ...

    def read(self, facts: Facts) -> Reading: ...

    def decide(self, facts: Facts, reading: Reading | None = None) -> Decision:
        """Decide; ``reading`` is that of the same facts without counts, and spares reading again."""
        ...

    def counts_asked(self, facts: Facts, reading: Reading) -> Sequence[CountQuestion]:
        """List what rules that may concern these facts want counted; mostly nothing."""
        ...

    def due_at(self, received_at: datetime, decision: Decision) -> datetime | None:
        """When the decision's delay ends (aware UTC); None without a delay."""
        ...

    def escalates_at(self, received_at: datetime, decision: Decision) -> datetime | None:
        """When the decision's escalation is due (aware UTC); None without one."""
        ...

    def category_name(self, category: str, language: str) -> str: ...

    def commune_name(self, insee: str) -> str: ...

    def questions_of(self, category: str) -> tuple[str, ...]:
        """List the facts that the service of a category needs (``lieu``, ``date``)."""
        ...

    def rights(self, category: str, received_at: datetime) -> Rights | None:
        """Say what silence means for a request of a category; None where it means nothing."""
        ...


@runtime_checkable
class HasShadow(Protocol):
    """A rule book beside which a draft is tried: both decide, only the first is applied."""

    @property
    def shadow(self) -> Rulebook | None: ...


class Rulebooks(Protocol):
    def current(self) -> Rulebook:
        """Give the live version; the caller keeps it for the whole decision."""
        ...


@dataclass(frozen=True, slots=True)
class Understanding:
    """What a message says, as a person would read it.

    ``follow_up`` is true when the text only makes sense as a sequel ("toujours rien ?", "merci").
    ``several_places`` is true when its words name more than one. ``beside`` are the categories of
    which parts of it speak that did not decide.
    """

    language: str
    place: Place
    nature: Nature | None = None
    follow_up: bool = False
    sender_kinds: tuple[str, ...] | None = None
    several_places: bool = False
    beside: tuple[str, ...] = ()


@runtime_checkable
class Prepares(Protocol):
    """What needs something large the first time: without it, a message would wait meanwhile."""

    def prepare(self) -> None:
        """Load it, beside the event loop; a second or more. What fails here fails again in use."""
        ...


class Understands(Protocol):
    def understand(self, message: Message, counter: Counter | None) -> Understanding:
        """Read language, place and nature; pure, under a millisecond, never raises."""
        ...

    def place(self, message: Message, counter: Counter | None) -> Place:
        """Read the place alone, the same as of :meth:`understand`; pure, never raises."""
        ...
