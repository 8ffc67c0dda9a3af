"""Brings a database to the schema of this version, and says when it is another."""

from __future__ import annotations

from functools import cache

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from router.errors import ConfigurationError

_LOCK = 0x6775696368657401  # any number, the same in every process: "guichet" and 1


def configuration(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", "storage:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def upgrade_connection(connection: Connection) -> None:
    """Run the missing migrations in the caller's transaction; one process at a time."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    if not is_current(connection) and _is_ours(connection):
        command.upgrade(configuration(connection), "head")


def assert_current(connection: Connection) -> None:
    """Refuse to work on a schema of another version.

    Raises:
        ConfigurationError: it must be upgraded, or was written by a newer version.
    """
    found, wanted = _found(connection), _newest()
    if found != wanted:
        raise ConfigurationError(
            f"the database has schema {found or 'none'}, this version needs {wanted}: "
            "run `guichet db upgrade`"
        )


def is_current(connection: Connection) -> bool:
    return _found(connection) == _newest()


def _found(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _is_ours(connection: Connection) -> bool:
    """Whether this version knows the schema that is there: a newer one is left alone."""
    script = ScriptDirectory.from_config(configuration())
    known = {revision.revision for revision in script.walk_revisions()}
    return (_found(connection) or script.get_current_head()) in known


@cache
def _newest() -> str | None:
    return ScriptDirectory.from_config(configuration()).get_current_head()
