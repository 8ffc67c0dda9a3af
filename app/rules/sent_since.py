"""Finds the cases that later versions of the rules sent where they are."""

from __future__ import annotations

from router.case import Case
from router.record import After
from router.store import Store
from router.versions import RulesetVersion, VersionState

_PAGE = 5_000


async def sent_since(store: Store, target: RulesetVersion) -> tuple[tuple[Case, str], ...]:
    """Find the cases whose last decision is by a version after this one, each with its rule."""
    bad = {
        one.hash: one.at
        for one in await store.versions()
        if one.version > target.version
        and one.state is VersionState.PUBLISHED
        and one.hash != target.hash
    }
    seen: set[int] = set()
    found: list[tuple[Case, str]] = []
    after: After | None = None
    while bad:
        page = await store.decisions(min(bad.values()), after=after, limit=_PAGE, with_facts=False)
        if not page:
            break
        for record in page:
            new = record.case_id not in seen
            seen.add(record.case_id)
            if new and record.ruleset in bad and record.applied:
                case = await store.case_by_id(record.case_id)
                found += [(case, record.outcome.rule)] if case is not None else []
        after = After(page[-1].at, page[-1].id)
    return tuple(reversed(found))
