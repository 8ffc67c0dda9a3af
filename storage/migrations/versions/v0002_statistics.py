"""Statistics for an empty SQLite: a constant ``cell`` says nothing, the column behind it does.

Without them SQLite reads all deliveries to count those that wait, and all cases to find the parts
of one. PostgreSQL gets none: the only way in is to count rows that are deleted again, and
then the installation's own cell is a value that was never seen, so that every condition on it
seems to find one row at most (a claim among 5,000 lanes took as long with them as without). Its
statements are written so that they find their keys without being counted, and autovacuum counts
the real rows.

Also the index by which the sweep of large payloads asks which of them a message still names.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# what ANALYZE finds on a year of a town: rows, then rows per value of the first column, the first
# two, and so on (https://www.sqlite.org/fileformat2.html#the_sqlite_stat1_table)
_SQLITE = (
    ("inbound", "sqlite_autoindex_inbound_1", "100000 100000 1"),
    ("inbound", "sqlite_autoindex_inbound_2", "100000 100000 20000 20000 1"),
    ("inbound", "inbound_waiting", "500 500 2 1"),
    ("inbound", "inbound_blob", "2000 1"),
    ("lane_key", "sqlite_autoindex_lane_key_1", "1000 1000 200 1"),
    ("lane_key", "lane_key_due", "1000 1000 200 2"),
    ("conversation", "sqlite_autoindex_conversation_1", "50000 50000 1"),
    ("case_", "sqlite_autoindex_case__1", "80000 80000 1"),
    ("case_", "sqlite_autoindex_case__2", "80000 80000 1"),
    ("case_", "case_owner", "80000 80000 2000 1"),
    ("case_", "case_status", "80000 80000 8000 1"),
    ("case_", "case_parent", "2000 2000 2"),
    ("case_event", "sqlite_autoindex_case_event_1", "400000 400000 5 1"),
    ("delivery", "sqlite_autoindex_delivery_1", "250000 250000 1"),
    ("delivery", "sqlite_autoindex_delivery_2", "250000 250000 1"),
    ("delivery", "delivery_waiting", "500 500 100 2 1"),
    ("delivery", "delivery_case", "250000 250000 3 1"),
    ("delivery", "delivery_failed", "1000 1000 1"),
    ("message_ref", "sqlite_autoindex_message_ref_1", "250000 250000 1"),
    ("work", "sqlite_autoindex_work_1", "20000 20000 2 1"),
    ("work", "work_id", "20000 20000 1"),
)


def upgrade() -> None:
    op.create_index(
        "inbound_blob",
        "inbound",
        ["blob"],
        unique=False,
        sqlite_where=sa.text("blob IS NOT NULL"),
        postgresql_where=sa.text("blob IS NOT NULL"),
    )
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        return
    connection.execute(sa.text("ANALYZE"))  # makes the table of statistics
    insert = sa.text("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (:tbl, :idx, :stat)")
    connection.execute(
        insert, [dict(zip(("tbl", "idx", "stat"), row, strict=True)) for row in _SQLITE]
    )
    connection.execute(sa.text("ANALYZE sqlite_schema"))  # has this connection read them
