"""By what cases are counted: when they came, where, from whom, about what."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_MARKS = ("spot", "person", "category", "area")
_INDEXES = {
    "spot": ("spot", "received_at", "category"),
    "person": ("person", "received_at", "category"),
    "category": ("category", "received_at", "area"),
}
# as in 0002: rows, then rows per value of the first column, the first two, and so on
_SQLITE = (
    ("case_", "case_spot", "40000 40000 4 1 1"),
    ("case_", "case_person", "80000 80000 4 1 1"),
    ("case_", "case_category", "70000 70000 900 1 1"),
)


def upgrade() -> None:
    received = sa.Column("received_at", sa.BigInteger(), nullable=False, server_default="0")
    op.add_column("case_", received)
    for mark in _MARKS:
        op.add_column("case_", sa.Column(mark, sa.Text(), nullable=True))
    connection = op.get_bind()
    _fill(connection)
    for mark, columns in _INDEXES.items():
        where = sa.text(f"{mark} IS NOT NULL")
        op.create_index(
            f"case_{mark}",
            "case_",
            ["cell", *columns],
            unique=False,
            sqlite_where=where,
            postgresql_where=where,
        )
    if connection.dialect.name == "sqlite":
        insert = sa.text("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (:tbl, :idx, :stat)")
        connection.execute(
            insert, [dict(zip(("tbl", "idx", "stat"), row, strict=True)) for row in _SQLITE]
        )
        connection.execute(sa.text("ANALYZE sqlite_schema"))


def _fill(connection: sa.Connection) -> None:
    """Mark the cases that are there with when they came and about what; their body says so."""
    body = "body" if connection.dialect.name == "sqlite" else "CAST(body AS JSONB)"
    connection.execute(
        sa.text(
            f"UPDATE case_ SET received_at = COALESCE(CAST({body} ->> 'received_at' AS BIGINT),"  # noqa: S608 -- no value comes from outside
            f" created_at), category = {body} ->> 'category' WHERE parent IS NULL"
        )
    )
