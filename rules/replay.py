"""Replays past cases through a draft of the rules, with the facts as they were."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

from router.decision import Decision, Facts
from router.record import DecisionRecord, Outcome
from router.rule_ports import Rulebook
from rules.consequences import Consequences
from rules.differences import Change, Kind, compared


class Reason(StrEnum):
    """Why a case could not be replayed."""

    FACTS_MISSING = "facts_missing"
    ENGINE_ERROR = "engine_error"


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
