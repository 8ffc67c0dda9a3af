"""Counts cases by what they have in common, each question by the index of its rarest mark."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    Text,
    bindparam,
    cast,
    func,
    literal_column,
    select,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from router.counting import Sought
from storage.codec import to_us
from storage.tables import CASE_HAS_CATEGORY, CASE_HAS_PERSON, CASE_HAS_SPOT, case_


class each_question(FunctionElement[Any]):  # noqa: N801 -- reads as an SQL function
    """Every element of one parameter, a JSON array, as rows with a column ``value``."""

    inherit_cache = True
    name = "each_question"


@compiles(each_question, "sqlite")
def _each_sqlite(element: each_question, compiler: SQLCompiler, **kw: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **kw)})"


@compiles(each_question, "postgresql")
def _each_postgresql(element: each_question, compiler: SQLCompiler, **kw: Any) -> str:
    return f"jsonb_array_elements(CAST({compiler.process(element.clauses, **kw)} AS JSONB))"


class place_in(FunctionElement[int]):  # noqa: N801 -- reads as an SQL function
    """Where a text stands in another one, from 1; 0 where it does not."""

    type = BigInteger()
    inherit_cache = True
    name = "place_in"


@compiles(place_in, "sqlite")
def _place_sqlite(element: place_in, compiler: SQLCompiler, **kw: Any) -> str:
    return f"instr({compiler.process(element.clauses, **kw)})"


@compiles(place_in, "postgresql")
def _place_postgresql(element: place_in, compiler: SQLCompiler, **kw: Any) -> str:
    return f"strpos({compiler.process(element.clauses, **kw)})"


_HAS = {"spot": CASE_HAS_SPOT, "person": CASE_HAS_PERSON, "category": CASE_HAS_CATEGORY}
_MARK = "\n"  # around each name of a list
_rows = each_question(bindparam("questions_", type_=Text())).table_valued("value", name="rows")


def _said(place: int, name: str, type_: Any = None) -> Any:
    text = _rows.c.value.op("->>")(literal_column(str(place)))
    return (text if type_ is None else cast(text, type_)).label(name)


# read out once: a question is compared with every case that bears its mark
_asked = (
    select(
        _said(0, "number", BigInteger),
        _said(1, "mark"),
        _said(2, "since", BigInteger),
        _said(3, "until", BigInteger),
        _said(4, "person"),
        _said(5, "categories"),
        _said(6, "areas"),
    )
    .select_from(_rows)
    .cte("asked")
    .prefix_with("MATERIALIZED")
)


@cache
def counting(leading: str, others: tuple[str, ...] = ()) -> Any:
    """Count, question by question, the cases that bear its mark, found by the mark's own index.

    A statement names no more columns than it must, so that the index alone answers the usual ones.
    """
    asked, conditions = _asked.c, []
    if "person" in others:
        conditions.append(case_.c.person == asked.person)
    for column, names in ((case_.c.category, asked.categories), (case_.c.area, asked.areas)):
        if column.name in others:
            conditions.append(place_in(names, _MARK + column + _MARK) > 0)
    found = (
        select(case_.c.cell)
        .where(
            case_.c.cell == bindparam("cell_", type_=Text()),
            case_.c[leading] == asked.mark,
            _HAS[leading],
            case_.c.received_at > asked.since,
            case_.c.received_at <= asked.until,
            *conditions,
        )
        .limit(bindparam("enough_", type_=BigInteger()))
        .correlate(_asked)
        .subquery()
    )
    many = select(func.count()).select_from(found).scalar_subquery()
    return select(asked.number, many).select_from(_asked)


def count(conn: Connection, cell: str, wanted: Collection[Sought]) -> dict[Sought, int]:
    """Count for each question; one statement for all of one kind."""
    asked = list(wanted)
    totals = [0] * len(asked)
    rows: dict[tuple[str, tuple[str, ...], int], list[list[Any]]] = {}
    for number, sought in enumerate(asked):
        rows.setdefault((*_kind(sought), sought.enough), []).extend(
            _row(number, mark, sought) for mark in sought.leading
        )
    for (leading, others, enough), questions in rows.items():
        values: Mapping[str, Any] = {
            "cell_": cell, "questions_": json.dumps(questions), "enough_": enough
        }  # fmt: skip
        for number, found in conn.execute(counting(leading, others), values):
            totals[number] += found
    pairs = zip(asked, totals, strict=True)
    return {sought: min(found, sought.enough) for sought, found in pairs}


def _kind(sought: Sought) -> tuple[str, tuple[str, ...]]:
    """Tell which index answers, and which other marks are looked at."""
    given = {
        "spot": sought.spots,
        "person": sought.person,
        "category": sought.categories,
        "area": sought.areas,
    }
    leading, *others = (name for name, value in given.items() if value)
    return leading, tuple(others)


def _row(number: int, mark: str, sought: Sought) -> list[Any]:
    return [
        number,
        mark,
        to_us(sought.since),
        to_us(sought.until),
        sought.person,
        _list(sought.categories),
        _list(sought.areas),
    ]


def _list(names: tuple[str, ...]) -> str:
    return f"{_MARK}{_MARK.join(names)}{_MARK}"
