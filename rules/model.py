"""What a configuration folder says, typed: the nouns that reading, compiling and lint share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from router.decision import Facts, Urgency
from router.directory import Counter, Service
from router.geography import TerritoryDescription
from rules.absences import Absence
from rules.calendars import Calendar
from rules.conditions.logic import Block
from rules.phrases import Phrase
from rules.problems import At
from rules.scalars import Duration, Season


@dataclass(frozen=True, slots=True)
class Ref:
    """The name of a service or of a role, where it is written."""

    id: str
    at: At


@dataclass(frozen=True, slots=True)
class Escalation:
    after: Duration
    to: Ref


@dataclass(frozen=True, slots=True)
class Promises:
    """What is said for the institution in charge: by its rule, else the category, else itself."""

    delay: Duration | None = None
    escalation: Escalation | None = None
    replies: tuple[str, ...] = ()
    transmit_by: str | None = None

    def completed_by(self, other: Promises) -> Promises:
        """Take from the other what is not said here."""
        if other == _NOTHING:
            return self
        return Promises(
            self.delay or other.delay,
            self.escalation or other.escalation,
            self.replies or other.replies,
            self.transmit_by or other.transmit_by,
        )


_NOTHING = Promises()


@dataclass(frozen=True, slots=True)
class SplitPart:
    """One competence of ``repartir``."""

    words: str
    owner: Ref
    category: str | None = None


@dataclass(frozen=True, slots=True)
class Effects:
    """What a rule wants done while it holds."""

    owner: Ref | None = None
    notify: tuple[Ref, ...] = ()
    consult: tuple[Ref, ...] = ()
    urgency: Urgency | None = None
    promises: Promises = field(default_factory=Promises)
    way_at: At | None = None
    """Where the way of transmission is written."""
    parts: tuple[SplitPart, ...] = ()
    ask: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    proposals: tuple[str, ...] = ()
    confidential: bool = False
    private: bool = False
    proof: str | None = None
    season: Season | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """A threshold of ``seuils``: from so many confirmations on, these effects."""

    confirmations: int
    effects: Effects
    at: At


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as written; ``when`` and ``unless`` are lists of blocks of which one is enough."""

    id: str
    at: At
    territory: str
    priority: str = "normale"
    when: tuple[Block, ...] = ()
    unless: tuple[Block, ...] = ()
    effects: Effects = field(default_factory=Effects)
    steps: tuple[Step, ...] = ()
    season: Season | None = None

    @property
    def owners(self) -> tuple[Ref, ...]:
        """List every owner that the rule may name."""
        own = (self.effects, *(step.effects for step in self.steps))
        direct = tuple(effects.owner for effects in own if effects.owner is not None)
        return direct + tuple(part.owner for effects in own for part in effects.parts)

    @property
    def named(self) -> tuple[Ref, ...]:
        """List every service or role that the rule names."""
        found = list(self.owners)
        for effects in (self.effects, *(step.effects for step in self.steps)):
            found += [*effects.notify, *effects.consult]
            if effects.promises.escalation is not None:
                found.append(effects.promises.escalation.to)
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Trial:
    """One of the ``essais``: facts, and what is expected key by key as (kind, value).

    One that is not ``dated`` names no moment: its facts bear the usual one. Only one that asks for
    ``absences`` sees who is on leave on its day.
    """

    name: str
    at: At
    facts: Facts
    expected: Mapping[str, object]
    where: Mapping[str, At] = field(default_factory=dict)
    dated: bool = False
    absences: bool = False


@dataclass(frozen=True, slots=True)
class RuleFile:
    """One file under ``regles/``."""

    path: str
    territory: str
    territory_at: At
    at: At
    default: Ref | None = None
    broken: frozenset[str] = frozenset()
    """Keys that are written but could not be read."""
    may_edit: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    trials: tuple[Trial, ...] = ()


@dataclass(frozen=True, slots=True)
class ServiceEntry:
    service: Service
    at: At
    promises: Promises = field(default_factory=Promises)
    absences: tuple[Absence, ...] = ()


@dataclass(frozen=True, slots=True)
class RoleValue:
    territory: str
    service: str
    at: At


@dataclass(frozen=True, slots=True)
class Role:
    """A service by role: which one it is depends on the territory."""

    id: str
    at: At
    values: tuple[RoleValue, ...] = ()


@dataclass(frozen=True, slots=True)
class Category:
    """A kind of matter, the words that tell it, and what it asks for."""

    id: str
    at: At
    family: str
    names: Mapping[str, str]
    phrases: tuple[Phrase, ...] = ()
    parent: str | None = None
    depth: int = 0
    questions: tuple[str, ...] | None = None
    """What it asks: nothing where empty, what its parent asks where None."""
    silence: str = ""
    promises: Promises = field(default_factory=Promises)
    lead: str | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the competence table; ``territory`` is None for ``partout``."""

    family: str
    column: str
    territory: str | None
    owner: Ref

    @property
    def id(self) -> str:
        return f"competence:{self.family}:{self.column}"


@dataclass(frozen=True, slots=True)
class Agreement:
    """A family that the other level grants to the files of one territory."""

    grantee: str
    family: str
    until: date | None
    at: At


@dataclass(frozen=True, slots=True)
class Configuration:
    """A whole folder without errors; ``digest`` is the hash of everything in it."""

    digest: str
    services: Mapping[str, ServiceEntry]
    roles: Mapping[str, Role]
    counters: tuple[Counter, ...]
    categories: Mapping[str, Category]
    cells: tuple[Cell, ...]
    reserved: Mapping[str, tuple[str, ...]]
    agreements: tuple[Agreement, ...]
    calendars: Mapping[str, Calendar]
    texts: Mapping[str, Mapping[str, str]]
    short_texts: Mapping[str, Mapping[str, str]]
    text_places: Mapping[str, At]
    territory: TerritoryDescription
    timezone: str
    metropole: str
    court: str
    """Where a refusal is contested, as receipts tell it; may be empty."""
    files: tuple[RuleFile, ...]
    """In the order that decides between rules of one rank."""
    lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The words of each list, as they are written; the rules that cite it hold them already."""

    def services_of(self, name: str) -> tuple[ServiceEntry, ...]:
        """List the services that a name may mean: one by itself, or every value of a role."""
        role = self.roles.get(name)
        names = dict.fromkeys(value.service for value in role.values) if role else (name,)
        return tuple(self.services[one] for one in names if one in self.services)

    def ancestry(self, category: str) -> tuple[str, ...]:
        """List a category and its parents, nearest first."""
        chain: list[str] = []
        current: str | None = category
        while current is not None and current in self.categories:
            chain.append(current)
            current = self.categories[current].parent
        return tuple(chain)
