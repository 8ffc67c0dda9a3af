"""Column types and the one comparison that SQLite and PostgreSQL spell differently."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from typing import Any

from sqlalchemy import BigInteger, Boolean, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import ColumnElement, bindparam
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_LONGEST_KEY = 280
"""Characters: five such columns of four-byte letters still fit an index row of PostgreSQL."""


def clean(text: str) -> str:
    """Replace what PostgreSQL cannot store in a text: NUL, and surrogates without a partner."""
    if "\0" in text:
        text = text.replace("\0", REPLACEMENT)
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def fit_key(text: str) -> str:
    """Clean a key that a stranger chose, and shorten it to what an index row can hold."""
    text = clean(text)
    if len(text) <= _LONGEST_KEY:
        return text
    return text[: _LONGEST_KEY - 41] + "#" + hashlib.sha256(text.encode()).hexdigest()[:40]


class Words(TypeDecorator[str]):
    """Text of any length; every value that goes in passes :func:`clean`."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else clean(value)


class Key(TypeDecorator[str]):
    """Text that is part of a key; every value that goes in passes :func:`fit_key`."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else fit_key(value)


class _ManyKeys(TypeDecorator[Collection[str]]):
    """A set of keys in one parameter: a JSON array on SQLite, an array on PostgreSQL."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return ARRAY(Text()) if dialect.name == "postgresql" else Text()

    def process_bind_param(self, value: Collection[str] | None, dialect: Dialect) -> Any:
        keys = [fit_key(key) for key in value or ()]
        return keys if dialect.name == "postgresql" else json.dumps(keys)


class _ManyIds(TypeDecorator[Collection[int]]):
    """A set of ids in one parameter."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return ARRAY(BigInteger()) if dialect.name == "postgresql" else Text()

    def process_bind_param(self, value: Collection[int] | None, dialect: Dialect) -> Any:
        ids = list(value or ())
        return ids if dialect.name == "postgresql" else json.dumps(ids)


class among(FunctionElement[bool]):  # noqa: N801 -- reads as an SQL function
    """``column IN (every value of one parameter)``: one statement text however many values."""

    type = Boolean()
    inherit_cache = True
    name = "among"

    def self_group(self, against: Any = None) -> among:
        """Stay a bare comparison: ``(… IN …) = 1`` on SQLite would find no index."""
        return self


@compiles(among, "sqlite")
def _among_sqlite(element: among, compiler: SQLCompiler, **kw: Any) -> str:
    column, values = list(element.clauses)
    left, right = compiler.process(column, **kw), compiler.process(values, **kw)
    return f"{left} IN (SELECT value FROM json_each({right}))"


@compiles(among, "postgresql")
def _among_postgresql(element: among, compiler: SQLCompiler, **kw: Any) -> str:
    column, values = list(element.clauses)
    return f"{compiler.process(column, **kw)} = ANY ({compiler.process(values, **kw)})"


def among_keys(column: ColumnElement[Any], parameter: str = "keys_") -> among:
    return among(column, bindparam(parameter, type_=_ManyKeys()))


def among_ids(column: ColumnElement[Any], parameter: str = "ids_") -> among:
    return among(column, bindparam(parameter, type_=_ManyIds()))


class among_found(FunctionElement[bool]):  # noqa: N801 -- reads as an SQL function
    """``column IN (what a query finds)``, looked up by key whatever the planner believes.

    PostgreSQL without statistics (a fresh database, or a queue that was counted when it was empty)
    joins by reading the whole table once for every key; an array made first leads to the index.
    """

    type = Boolean()
    inherit_cache = True
    name = "among_found"

    def self_group(self, against: Any = None) -> among_found:
        """Stay a bare comparison, like :class:`among`."""
        return self


@compiles(among_found, "sqlite")
def _found_sqlite(element: among_found, compiler: SQLCompiler, **kw: Any) -> str:
    column, query = list(element.clauses)
    return f"{compiler.process(column, **kw)} IN {compiler.process(query, **kw)}"


@compiles(among_found, "postgresql")
def _found_postgresql(element: among_found, compiler: SQLCompiler, **kw: Any) -> str:
    column, query = list(element.clauses)
    return f"{compiler.process(column, **kw)} = ANY (ARRAY{compiler.process(query, **kw)})"
