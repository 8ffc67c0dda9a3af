"""Names why a database takes nothing, by the codes of SQLite and PostgreSQL."""

from __future__ import annotations

import sqlite3
from enum import StrEnum


class Reason(StrEnum):
    FULL = "full"
    DAMAGED = "damaged"
    BUSY = "busy"
    READ_ONLY = "read_only"
    CANNOT_OPEN = "cannot_open"
    DISK = "disk"
    LOGIN = "login"
    NO_DATABASE = "no_database"
    NO_RIGHTS = "no_rights"
    TOO_MANY = "too_many"
    STARTING = "starting"
    """Or stopping."""


_OF_SQLITE = {
    sqlite3.SQLITE_FULL: Reason.FULL,
    sqlite3.SQLITE_NOTADB: Reason.DAMAGED,
    sqlite3.SQLITE_CORRUPT: Reason.DAMAGED,
    sqlite3.SQLITE_BUSY: Reason.BUSY,
    sqlite3.SQLITE_LOCKED: Reason.BUSY,
    sqlite3.SQLITE_READONLY: Reason.READ_ONLY,
    sqlite3.SQLITE_PERM: Reason.READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: Reason.CANNOT_OPEN,
    sqlite3.SQLITE_IOERR: Reason.DISK,
}
_OF_POSTGRESQL = {
    "28000": Reason.LOGIN,
    "28P01": Reason.LOGIN,
    "3D000": Reason.NO_DATABASE,
    "42501": Reason.NO_RIGHTS,
    "53100": Reason.FULL,
    "53300": Reason.TOO_MANY,
    "57P01": Reason.STARTING,
    "57P02": Reason.STARTING,
    "57P03": Reason.STARTING,
}


def reason_of(cause: BaseException) -> tuple[Reason | None, str]:
    """Give the reason of an error, and its code; None where it has no name, "" where no database says it."""
    if isinstance(cause, sqlite3.Error):
        code = getattr(cause, "sqlite_errorcode", 0) & 0xFF  # without what SQLite adds to it
        return _OF_SQLITE.get(code), f"SQLite {code}"
    state = str(getattr(cause, "sqlstate", None) or "")
    return _OF_POSTGRESQL.get(state), f"PostgreSQL {state}" if state else ""
