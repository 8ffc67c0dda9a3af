"""What awaits a person's next message is found by whom it is for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# as in 0002: rows, then rows per value of the first column, the first two, and so on
_SQLITE = ("delivery", "delivery_awaits", "1000 1000 1")


def upgrade() -> None:
    where = sa.text("rank = 5")
    op.create_index(
        "delivery_awaits",
        "delivery",
        ["cell", "lane"],
        unique=False,
        sqlite_where=where,
        postgresql_where=where,
    )
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        insert = sa.text("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (:tbl, :idx, :stat)")
        connection.execute(insert, dict(zip(("tbl", "idx", "stat"), _SQLITE, strict=True)))
        connection.execute(sa.text("ANALYZE sqlite_schema"))
