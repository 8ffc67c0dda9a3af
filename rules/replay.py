"""Replays past cases through a draft of the rules, with the facts as they were."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

from router.decision import Decision, Facts
from router.ports import Rulebook
from router.record import DecisionRecord, Outcome
from rules.consequences import Consequences


class Kind(StrEnum):
    """How a case would change; the first is the worst."""

    DANGER_LOST = "danger_lost"
    WITHOUT_RULE = "without_rule"
    URGENCY_LOWERED = "urgency_lowered"
    OWNER = "owner"
    PARTS = "parts"
    REPLIES = "replies"
    CONFIDENTIAL = "confidential"
    NOTIFY = "notify"
    URGENCY_RAISED = "urgency_raised"
    DANGER_FOUND = "danger_found"


class Reason(StrEnum):
    """Why a case could not be replayed."""

    FACTS_MISSING = "facts_missing"
    ENGINE_ERROR = "engine_error"


@dataclass(frozen=True, slots=True)
class Change:
    """One case that the draft decides otherwise; ``why`` is the draft's own sentence."""

    case_id: int
    at: datetime
    kinds: tuple[Kind, ...]
    before: Outcome
    after: Outcome
    why: str
    does: Consequences | None = None
    """What the live rules do beside it; None where there are none to ask."""
    will_do: Consequences | None = None


class Comparable(Protocol):
    """As much of a decision as is compared; the rest is worked out where somebody will read it."""

    @property
    def outcome(self) -> Outcome: ...

    @property
    def consequences(self) -> Consequences: ...

    @property
    def sentence(self) -> str: ...


class Alike(Protocol):
    """Knows some of the cases for which two versions decide the same."""

    def surely(self, facts: Facts) -> bool: ...

    def quiet(self, rules: Iterable[str]) -> bool:
        """Whether the live rules do nothing beside naming a service where only these hold."""
        ...


@runtime_checkable
class Brief(Protocol):
    """A rule book that can stop once it is settled who is in charge and how urgent it is."""

    def decide_briefly(self, facts: Facts) -> Comparable: ...


@dataclass(frozen=True, slots=True)
class _Whole:
    """A whole decision, of a rule book that knows no less."""

    decision: Decision

    @property
    def outcome(self) -> Outcome:
        return Outcome.of(self.decision)

    @property
    def consequences(self) -> Consequences:
        return Consequences.of(self.decision)

    @property
    def sentence(self) -> str:
        return self.decision.sentence


@dataclass(slots=True)
class Replay:
    """Looks at past decisions, newest first, and keeps what the latest of each case becomes.

    Where ``live`` is another version than the one that decided at the time, it decides again too:
    what is compared is the draft and the rules of now, never the draft and rules long gone.
    """

    draft: Rulebook
    live: Rulebook | None = None
    alike: Alike | None = None
    """Tells for which cases both surely decide the same, so that they need not."""
    replayed: int = 0
    missed: Counter[Reason] = field(default_factory=Counter)
    errors: dict[str, int] = field(default_factory=dict)
    """What the engine stumbled over, with the first case of each."""
    changes: list[Change] = field(default_factory=list)
    _seen: set[int] = field(default_factory=set)

    def look(self, records: Iterable[DecisionRecord]) -> None:
        """Replay a page of records."""
        for record in records:
            if record.case_id not in self._seen:
                self._seen.add(record.case_id)
                self._replay(record)

    @property
    def cases(self) -> int:
        return len(self._seen)

    def _replay(self, record: DecisionRecord) -> None:
        if record.facts is None:
            self.missed[Reason.FACTS_MISSING] += 1
            return
        try:
            if self._is_alike(record, record.facts):
                self.replayed += 1
                return
            draft = _decide(self.draft, record.facts)
            before, does = self._before(record, record.facts)
            after, will_do = draft.outcome, draft.consequences if does is not None else None
            kinds = compared(before, after, does, will_do)
            why = draft.sentence if kinds else ""
        except Exception as error:  # a defect of the engine is counted and told, never hidden
            self.missed[Reason.ENGINE_ERROR] += 1
            self.errors.setdefault(f"{type(error).__name__}: {error}", record.case_id)
            return
        self.replayed += 1
        if kinds:
            self.changes.append(
                Change(record.case_id, record.at, kinds, before, after, why, does, will_do)
            )

    def _is_alike(self, record: DecisionRecord, facts: Facts) -> bool:
        """Whether the draft surely decides as the live version did."""
        if self.alike is None or self.live is None or record.outcome.failed:
            return False
        return record.ruleset == self.live.hash and self.alike.surely(facts)

    def _before(self, record: DecisionRecord, facts: Facts) -> tuple[Outcome, Consequences | None]:
        """Take what was kept of the rules of now, else what they decide."""
        if self.live is None:
            return record.outcome, None
        kept = record.ruleset == self.live.hash
        if (
            kept
            and self.alike is not None
            and self.alike.quiet((record.outcome.rule, *record.held))
        ):
            return record.outcome, Consequences()
        live = _decide(self.live, facts)
        return record.outcome if kept else live.outcome, live.consequences

    def worst_first(self) -> list[Change]:
        """List the changes: danger that is lost first, then by what moves where."""
        order = list(Kind)
        return sorted(
            self.changes,
            key=lambda one: (
                order.index(one.kinds[0]), one.before.owner, one.after.owner, one.at, one.case_id,
            ),
        )  # fmt: skip

    def flows(self) -> list[tuple[str, str, int]]:
        """Count the cases that go from one service to another, most first."""
        counted = Counter(
            (str(one.before.owner), str(one.after.owner))
            for one in self.changes
            if one.before.owner != one.after.owner
        )
        return [(*pair, count) for pair, count in sorted(counted.items(), key=_most_first)]

    def count(self, kind: Kind) -> int:
        return sum(kind in one.kinds for one in self.changes)

    def summary(self) -> dict[str, Any]:
        """Say the replay in numbers, as plain JSON."""
        return {
            "cases": self.cases,
            "replayed": self.replayed,
            "not_replayed": {reason.value: self.missed[reason] for reason in Reason},
            "errors": [{"error": error, "case_id": case} for error, case in self.errors.items()],
            "changed": len(self.changes),
            **{kind.value: self.count(kind) for kind in Kind},
            "flows": [{"from": a, "to": b, "cases": count} for a, b, count in self.flows()],
        }


def _decide(book: Rulebook, facts: Facts) -> Comparable:
    return book.decide_briefly(facts) if isinstance(book, Brief) else _Whole(book.decide(facts))


def _most_first(item: tuple[tuple[str, str], int]) -> tuple[int, tuple[str, str]]:
    return -item[1], item[0]


def compared(
    before: Outcome,
    after: Outcome,
    does: Consequences | None = None,
    will_do: Consequences | None = None,
) -> tuple[Kind, ...]:
    """Name how two outcomes on the same facts differ, and what they do, worst first."""
    return tuple(_kinds(before, after, does, will_do))


def _kinds(
    before: Outcome, after: Outcome, does: Consequences | None, will_do: Consequences | None
) -> Iterator[Kind]:
    if before.danger and not after.danger:
        yield Kind.DANGER_LOST
    if after.no_rule and not before.no_rule:
        yield Kind.WITHOUT_RULE
    if after.urgency.rank < before.urgency.rank:
        yield Kind.URGENCY_LOWERED
    if before.owner != after.owner:
        yield Kind.OWNER
    if does is not None and will_do is not None and does != will_do:
        yield from _other_consequences(does, will_do)
    if after.urgency.rank > before.urgency.rank:
        yield Kind.URGENCY_RAISED
    if after.danger and not before.danger:
        yield Kind.DANGER_FOUND


def _other_consequences(does: Consequences, will_do: Consequences) -> Iterator[Kind]:
    if does.parts != will_do.parts:
        yield Kind.PARTS
    if does.replies != will_do.replies:
        yield Kind.REPLIES
    if does.confidential != will_do.confidential:
        yield Kind.CONFIDENTIAL
    if does.notify != will_do.notify:
        yield Kind.NOTIFY


def as_json(change: Change, number: str) -> Mapping[str, Any]:
    """Write one change as plain JSON, with the number that people know the case by."""
    return {
        "number": number,
        "at": change.at.isoformat(),
        "kinds": [kind.value for kind in change.kinds],
        "from": {**_outcome(change.before), **_consequences(change.does)},
        "to": {**_outcome(change.after), **_consequences(change.will_do)},
        "why": change.why,
    }


def _outcome(outcome: Outcome) -> dict[str, Any]:
    return {
        "owner": outcome.owner,
        "rule": outcome.rule,
        "priority": outcome.priority,
        "urgency": outcome.urgency.value,
    }


def _consequences(known: Consequences | None) -> dict[str, Any]:
    if known is None:
        return {}
    return {
        "parts": [{"part": words, "owner": owner} for words, owner in known.parts],
        "replies": list(known.replies),
        "confidential": known.confidential,
        "notify": list(known.notify),
    }
