"""Decisions with their facts as rows, and back, a page at a time."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Connection, Text, and_, bindparam, func, select, tuple_
from sqlalchemy.dialects.postgresql import insert

from router.decision import Facts, ServiceId, Urgency
from router.record import After, Cause, DecisionRecord, Outcome, Shadowed
from router.tracking import TrackingNumber
from storage.codec import Body, from_us, to_us
from storage.columns import among_ids, clean
from storage.rows import case_of
from storage.tables import case_, decision

_cell = bindparam("cell_", type_=Text())
_facts_body = Body(Facts, {"text", "subject"})
_outcome_body = Body(Outcome)
_URGENCY = {each.value: each for each in Urgency}
_CAUSE = {each.value: each for each in Cause}
_DANGER, _NO_RULE, _FAILED, _NOT_APPLIED = 1, 2, 4, 8

ADD = insert(decision)
_since = and_(decision.c.cell == _cell, decision.c.at >= bindparam("since_", type_=BigInteger()))
_of_case = and_(case_.c.cell == decision.c.cell, case_.c.id == decision.c.case_id)
_before = tuple_(decision.c.at, decision.c.id) < tuple_(
    bindparam("at_", type_=BigInteger()), bindparam("id_", type_=BigInteger())
)
_newest_first = (decision.c.at.desc(), decision.c.id.desc())
_limit: Any = bindparam("limit_", type_=BigInteger())
_READ = [decision.c[name] for name in (
    "at", "id", "case_id", "ruleset", "rule", "owner", "priority", "urgency", "cause", "replaced",
    "flags", "held", "shadow",
)]  # fmt: skip
PAGE = select(*_READ).where(_since, _before).order_by(*_newest_first).limit(_limit)
PAGE_WITH_FACTS = (
    select(*_READ, decision.c.words, decision.c.facts, case_.c.text, case_.c.subject)
    .select_from(decision.outerjoin(case_, _of_case))
    .where(_since, _before)
    .order_by(*_newest_first)
    .limit(_limit)
)
LAST_HITS = (
    select(decision.c.rule, func.max(decision.c.at).label("at"))
    .where(decision.c.cell == _cell)
    .group_by(decision.c.rule)
)
COUNT = select(func.count()).where(_since)
NUMBERS = select(case_).where(case_.c.cell == _cell, among_ids(case_.c.id))
_END_OF_TIME = 2**63 - 1


def decision_row(cell: str, record: DecisionRecord) -> dict[str, Any]:
    """Write a record as a row; the person's words are only counted, they are in the case."""
    outcome, facts = record.outcome, record.facts
    return {
        "cell": cell,
        "at": to_us(record.at),
        "id": record.id,
        "case_id": record.case_id,
        "ruleset": record.ruleset,
        "rule": outcome.rule,
        "owner": outcome.owner,
        "priority": outcome.priority,
        "urgency": outcome.urgency,
        "cause": record.cause,
        "replaced": record.replaced,
        "flags": outcome.danger * _DANGER
        | outcome.no_rule * _NO_RULE
        | outcome.failed * _FAILED
        | (not record.applied) * _NOT_APPLIED,
        "words": len(clean(facts.text)) if facts else 0,
        "held": json.dumps(record.held) if record.held else "",
        "facts": _facts_body.dump(facts) if facts else "",
        "shadow": _shadow_text(record.shadow) if record.shadow else "",
    }


def page(
    conn: Connection, cell: str, since: int, after: After | None, limit: int, with_facts: bool
) -> list[DecisionRecord]:
    """Read a page of records, newest first."""
    bounds = {
        "cell_": cell,
        "since_": since,
        "at_": to_us(after.at) if after else _END_OF_TIME,
        "id_": after.id if after else _END_OF_TIME,
        "limit_": limit,
    }
    statement: Any = PAGE_WITH_FACTS if with_facts else PAGE
    rows = conn.execute(statement, bounds)
    if not with_facts:
        return [_record(None, *row) for row in rows]
    return [_with_facts(row) for row in rows]


def count(conn: Connection, cell: str, since: int) -> int:
    return conn.scalar(COUNT, {"cell_": cell, "since_": since}) or 0


def numbers(conn: Connection, cell: str, cases: Collection[int]) -> dict[int, TrackingNumber]:
    """Find the numbers of cases; a part is known by that of the whole."""
    found = conn.execute(NUMBERS, {"cell_": cell, "ids_": sorted(cases)}).mappings()
    known = [case_of(row) for row in found]
    return {case.id: case.public_number or case.number for case in known}


def last_hits(conn: Connection, cell: str) -> dict[str, datetime]:
    return {row.rule: from_us(row.at) for row in conn.execute(LAST_HITS, {"cell_": cell})}


def _record(
    facts: Facts | None, at: int, id: int, case_id: int, ruleset: str, rule: str, owner: str,
    priority: str, urgency: str, cause: str, replaced: str, flags: int, held: str, shadow: str,
) -> DecisionRecord:  # fmt: skip
    """Read a row by the places of its columns: a replay reads a hundred thousand of them."""
    return DecisionRecord(
        id,
        case_id,
        from_us(at),
        ruleset,
        Outcome(
            ServiceId(owner),
            rule,
            priority,
            _URGENCY[urgency],
            flags & _DANGER != 0,
            flags & _NO_RULE != 0,
            flags & _FAILED != 0,
        ),
        facts,
        _CAUSE[cause],
        tuple(json.loads(held)) if held else (),
        replaced,
        flags & _NOT_APPLIED == 0,
        _shadowed(shadow) if shadow else None,
    )


def _with_facts(row: Any) -> DecisionRecord:
    return _record(_facts(*row[-4:]), *row[:-4])


def _facts(words: int, facts: str, text: str | None, subject: str) -> Facts | None:
    """Put facts together again; None when they, or the words they count, are gone."""
    if not facts or text is None or len(text) < words:
        return None
    return _facts_body.load(facts, text=text[:words], subject=subject)


def _shadow_text(shadow: Shadowed) -> str:
    outcome: Mapping[str, Any] = json.loads(_outcome_body.dump(shadow.outcome))
    return json.dumps({"ruleset": shadow.ruleset, "outcome": outcome})


def _shadowed(text: str) -> Shadowed:
    said = json.loads(text)
    return Shadowed(said["ruleset"], _outcome_body.load(json.dumps(said["outcome"])))


def rows(cell: str, records: Sequence[DecisionRecord]) -> list[dict[str, Any]]:
    return [decision_row(cell, record) for record in records]
