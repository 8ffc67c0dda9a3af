"""How a rule fares: how often it held, was refused by services and corrected by agents, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from router.case import EventKind
from router.record import After, Cause, DecisionRecord
from router.store import Store

_PAGE = 5_000
_MOST_READ = 100
"""Refused cases of one rule that are looked into."""
_FEWEST, _PART = 3, 0.2
"""A pattern: so many refusals at least, and so large a part of the cases."""
_SHARED = 0.6
"""What so large a part of the refusals have in common is named."""
_PLACE_WORDS = ("zone", "territoire", "secteur", "perimetre", "périmètre", "commune", "ville")


@dataclass(slots=True)
class Use:
    """What became of the cases of one rule."""

    hits: int = 0
    recent: int = 0
    last: datetime | None = None
    refused: int = 0
    corrected: int = 0
    refused_cases: list[int] = field(default_factory=list)
    taken_by: Counter[str] = field(default_factory=Counter)
    corrected_to: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    communes: Counter[str] = field(default_factory=Counter)

    def fix(self, commune_name: Callable[[str], str]) -> str:
        """Propose what to mend, in a sentence; empty where nothing shows."""
        if self._shows(self.refused):
            return self._refusals(commune_name)
        if self._shows(self.corrected):
            part = round(100 * self.corrected / self.hits)
            to = _shared(self.corrected_to, self.corrected)
            told = f"{part} % corrigés par des agents"
            return f"{told}, vers {to} : nommez ce service dans la règle." if to else f"{told}."
        return ""

    def _shows(self, count: int) -> bool:
        return count >= _FEWEST and count >= _PART * self.hits

    def _refusals(self, commune_name: Callable[[str], str]) -> str:
        told = f"{round(100 * self.refused / max(self.hits, self.refused))} % refusés"
        reason = _shared(self.reasons, sum(self.reasons.values()))
        if reason:
            told += f" : {reason}"
        commune = _shared(self.communes, self.refused)
        taken = _shared(self.taken_by, self.refused)
        about_place = any(word in reason for word in _PLACE_WORDS)
        if commune and (about_place or not reason):
            name = commune_name(commune)
            told += f" ({name}) : ajoutez « sauf: {{commune: {name}}} », ou un rôle du lieu"
        elif taken:
            told += f" : repris par {taken}, nommez ce service dans ces cas"
        elif about_place:
            told += " : ajoutez une condition de lieu"
        return f"{told}."


def _shared(counted: Counter[str], total: int) -> str:
    """Name what most have in common, empty when nothing is."""
    for value, count in counted.most_common(1):
        if value and count >= max(2, _SHARED * total):
            return value
    return ""


async def uses(store: Store, since: datetime, recent: datetime) -> dict[str, Use]:
    """Count, by rule, the cases since a moment, and among them those since a later one."""
    found: dict[str, Use] = {}
    seen: set[tuple[str, int]] = set()
    after: After | None = None
    while page := await store.decisions(since, after=after, limit=_PAGE, with_facts=False):
        _count(page, recent, found, seen)
        after = After(page[-1].at, page[-1].id)
    return found


def _count(
    page: Iterable[DecisionRecord],
    recent: datetime,
    found: dict[str, Use],
    seen: set[tuple[str, int]],
) -> None:
    for record in page:
        for rule in dict.fromkeys((record.outcome.rule, *record.held)):
            if (rule, record.case_id) in seen:
                continue
            seen.add((rule, record.case_id))
            use = found.setdefault(rule, Use(last=record.at))
            use.hits += 1
            use.recent += record.at >= recent
        if record.cause is Cause.REFUSAL:
            use = found.setdefault(record.replaced, Use())
            use.refused += 1
            use.refused_cases.append(record.case_id)
            use.taken_by[record.outcome.owner] += 1
        elif record.cause is Cause.AGENT:
            use = found.setdefault(record.replaced, Use())
            use.corrected += 1
            use.corrected_to[record.outcome.owner] += 1


async def gather_refusals(store: Store, found: Mapping[str, Use]) -> None:
    """Look into the refused cases of each rule: the words of the services, and the places."""
    for use in found.values():
        for case_id in use.refused_cases[:_MOST_READ]:
            case = await store.case_by_id(case_id)
            if case is not None and len(case.place.communes) == 1:
                use.communes[case.place.communes[0]] += 1
            for event in await store.events(case_id):
                if event.kind is EventKind.REFUSED and event.text.strip():
                    use.reasons[_plain(event.text)] += 1


def _plain(text: str) -> str:
    """Bring the words of a refusal to a form in which like ones are equal."""
    return " ".join(text.lower().split()).rstrip(".! ")[:80]
