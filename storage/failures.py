"""Sorts what a database raises: not available now, these data refused, or simply try again."""

from __future__ import annotations

import sqlite3

from asyncpg import InterfaceError, PostgresError
from sqlalchemy.exc import DBAPIError, SQLAlchemyError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from router.errors import GuichetError, StoreUnavailable


class DataRefused(GuichetError):
    """The database will never take these data: the rest of the batch must go without them."""


class Collision(GuichetError):
    """A deadlock, or a connection found dead before the commit: the same again will work."""


_COLLISIONS = {"40001", "40P01"}
_DATA_CLASSES = {"21", "22", "23", "54"}  # of SQLSTATE: cardinality, data, integrity, limits
_PROGRAMMER = (TypeError, ValueError, OverflowError)  # a noun that cannot be written down


def sorted_out(error: Exception) -> Exception:
    """Give the error of the house that an error of a transaction means."""
    if isinstance(error, GuichetError):
        return error
    if isinstance(error, DBAPIError):
        return _of_database(error)
    if isinstance(error, (StatementError, *_PROGRAMMER)):
        return DataRefused(f"the store cannot write this: {error}")
    # TimeoutError is an OSError; asyncpg's own errors come as they are while it connects
    if isinstance(error, OSError | PoolTimeout | SQLAlchemyError | PostgresError | InterfaceError):
        return StoreUnavailable(f"the store does not answer ({_named(error)})")
    return error


def _of_database(error: DBAPIError) -> Exception:
    original = error.orig
    if error.connection_invalidated:
        return StoreUnavailable("the connection to the database was lost")
    if isinstance(original, sqlite3.Error):
        refused = isinstance(
            original,
            sqlite3.IntegrityError
            | sqlite3.DataError
            | sqlite3.ProgrammingError
            | sqlite3.InterfaceError,
        )
    else:
        state = str(getattr(original, "sqlstate", None) or "")
        if state in _COLLISIONS:
            return Collision("two transactions wanted the same rows")
        refused = state[:2] in _DATA_CLASSES
    if refused:
        return DataRefused(f"the database refused these data: {_named(original)}")
    return StoreUnavailable(f"the database does not take this now: {_named(original)}")


def _named(error: BaseException | None) -> str:
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0] if text else ''}"[:300]
