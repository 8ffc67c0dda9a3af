"""The tables: one schema for SQLite and PostgreSQL, ``cell`` first in every key.

Moments are whole microseconds since 1970 in UTC. What is only carried along lies as JSON in
``body``; what is searched, compared or counted has a column.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from storage.columns import Key, Words

metadata = MetaData()


def _cell() -> Column[str]:
    return Column("cell", Text, primary_key=True)


def _id() -> Column[int]:
    return Column("id", BigInteger, primary_key=True, autoincrement=False)


def _key(name: str) -> Column[str]:
    return Column(name, Key, nullable=False)


def _mark(name: str) -> Column[str]:
    return Column(name, Key)


def _words(name: str) -> Column[str]:
    return Column(name, Words, nullable=False)


def _number(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


inbound = Table(
    "inbound",
    metadata,
    _cell(),
    _id(),
    _key("channel"),
    _key("account"),
    _key("provider_id"),
    _key("conversation"),
    _key("ref"),
    _words("note"),
    _number("received_at"),
    Column("payload", LargeBinary),
    Column("blob", Text),
    _number("tries"),
    Column("action", Text),
    Column("case_id", BigInteger),
    Column("reason", Words),
    Column("done_at", BigInteger),
    UniqueConstraint("cell", "channel", "account", "provider_id", name="inbound_once"),
)
"""The journal. A row without ``action`` waits to be routed: it is the route work itself."""
INBOUND_WAITS = text("action IS NULL")
Index(
    "inbound_waiting",
    inbound.c.cell,
    inbound.c.conversation,
    inbound.c.id,
    sqlite_where=INBOUND_WAITS,
    postgresql_where=INBOUND_WAITS,
)
INBOUND_HAS_BLOB = text("blob IS NOT NULL")
"""Without ``cell``: cells that share a database share the folder of blobs, too."""
Index(
    "inbound_blob",
    inbound.c.blob,
    sqlite_where=INBOUND_HAS_BLOB,
    postgresql_where=INBOUND_HAS_BLOB,
)

lane_key = Table(
    "lane_key",
    metadata,
    _cell(),
    Column("role", Key, primary_key=True),
    Column("key", Key, primary_key=True),
    _number("due_at"),
    _number("lease_until"),
    Column("token", Text, nullable=False),
)
"""One row per lane with work: the unit of claiming. A leased lane is due when its lease ends."""
Index("lane_key_due", lane_key.c.cell, lane_key.c.role, lane_key.c.due_at)

conversation = Table(
    "conversation",
    metadata,
    _cell(),
    Column("key", Key, primary_key=True),
    Column("case_id", BigInteger),
    _words("asked"),
    _words("language"),
    Column("opted_out", Boolean, nullable=False),
    Column("blocked", Boolean, nullable=False),
    Column("greeted", Boolean, nullable=False),
    _words("automatic_day"),
    _number("automatic_count"),
    _words("album"),
    _number("version"),
)

case_ = Table(
    "case_",
    metadata,
    _cell(),
    _id(),
    _key("number"),
    _number("version"),
    _key("status"),
    _key("owner"),
    _key("channel"),
    _number("created_at"),
    _number("updated_at"),
    Column("parent", BigInteger),
    Column("received_at", BigInteger, nullable=False, server_default="0"),
    _mark("spot"),
    _mark("person"),
    _mark("category"),
    _mark("area"),
    _words("subject"),
    _words("text"),
    _words("body"),
    UniqueConstraint("cell", "number", name="case_number"),
)
Index("case_owner", case_.c.cell, case_.c.owner, case_.c.id)
Index("case_status", case_.c.cell, case_.c.status, case_.c.id)
CASE_IS_PART = text("parent IS NOT NULL")
Index(
    "case_parent",
    case_.c.cell,
    case_.c.parent,
    sqlite_where=CASE_IS_PART,
    postgresql_where=CASE_IS_PART,
)

# by what cases are counted (router.counting); no mark on one that does not count
CASE_HAS_SPOT = text("spot IS NOT NULL")
CASE_HAS_PERSON = text("person IS NOT NULL")
CASE_HAS_CATEGORY = text("category IS NOT NULL")
for _name, _marks, _where in (
    ("case_spot", (case_.c.spot, case_.c.received_at, case_.c.category), CASE_HAS_SPOT),
    ("case_person", (case_.c.person, case_.c.received_at, case_.c.category), CASE_HAS_PERSON),
    ("case_category", (case_.c.category, case_.c.received_at, case_.c.area), CASE_HAS_CATEGORY),
):
    Index(_name, case_.c.cell, *_marks, sqlite_where=_where, postgresql_where=_where)

case_event = Table(
    "case_event",
    metadata,
    _cell(),
    Column("case_id", BigInteger, primary_key=True, autoincrement=False),
    _id(),
    _key("kind"),
    _number("at"),
    _words("who"),
    _words("text"),
    _key("visibility"),
    _words("data"),
)

delivery = Table(
    "delivery",
    metadata,
    _cell(),
    _id(),
    _key("idem"),
    _key("role"),
    _key("lane"),
    Column("case_id", BigInteger),
    _key("state"),
    Column("rank", SmallInteger, nullable=False),
    Column("not_before", BigInteger),
    _number("tries"),
    _number("parts_sent"),
    Column("first_try_at", BigInteger),
    _number("created_at"),
    Column("settled_at", BigInteger),
    _words("provider_id"),
    _words("error"),
    _words("text"),
    _words("body"),
    UniqueConstraint("cell", "idem", name="delivery_once"),
)
"""The outbox. A row of a rank below *sent* waits to be sent: it is the send work itself."""
DELIVERY_WAITS = text("rank < 2")
Index(
    "delivery_waiting",
    delivery.c.cell,
    delivery.c.role,
    delivery.c.lane,
    delivery.c.id,
    sqlite_where=DELIVERY_WAITS,
    postgresql_where=DELIVERY_WAITS,
)
DELIVERY_HAS_CASE = text("case_id IS NOT NULL")
Index(
    "delivery_case",
    delivery.c.cell,
    delivery.c.case_id,
    delivery.c.id,
    sqlite_where=DELIVERY_HAS_CASE,
    postgresql_where=DELIVERY_HAS_CASE,
)
DELIVERY_FAILED = text("rank = 4")
Index(
    "delivery_failed",
    delivery.c.cell,
    delivery.c.id,
    sqlite_where=DELIVERY_FAILED,
    postgresql_where=DELIVERY_FAILED,
)

DELIVERY_AWAITS = text("rank = 5")
Index(
    "delivery_awaits",
    delivery.c.cell,
    delivery.c.lane,
    sqlite_where=DELIVERY_AWAITS,
    postgresql_where=DELIVERY_AWAITS,
)

message_ref = Table(
    "message_ref",
    metadata,
    _cell(),
    Column("ref", Key, primary_key=True),
    Column("case_id", BigInteger),
    Column("delivery_id", BigInteger),
)
"""What later messages and receipts quote: leads to a case, and to the delivery if it was ours."""

work = Table(
    "work",
    metadata,
    _cell(),
    Column("case_id", BigInteger, primary_key=True, autoincrement=False),
    _id(),
    _key("kind"),
    _number("not_before"),
    _number("generation"),
    _number("tries"),
)
"""Timers."""
Index("work_id", work.c.cell, work.c.id)

bucket = Table(
    "bucket",
    metadata,
    _cell(),
    Column("name", Key, primary_key=True),
    _number("arrival"),
    _number("closed_until"),
)
"""Shared rate limits: ``arrival`` is the theoretical arrival time of GCRA."""

poller = Table(
    "poller",
    metadata,
    _cell(),
    Column("name", Key, primary_key=True),
    Column("token", Text, nullable=False),
    _number("lease_until"),
    _words("cursor"),
)

decision = Table(
    "decision",
    metadata,
    _cell(),
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    _id(),
    _number("case_id"),
    _key("ruleset"),
    _key("rule"),
    _key("owner"),
    _key("priority"),
    _key("urgency"),
    _key("cause"),
    _key("replaced"),
    _number("flags"),
    _number("words"),
    _words("held"),
    _words("facts"),
    _words("shadow"),
)
"""Every decision with its facts, in the order of time. The words of a person are not repeated here:
they are the first ``words`` characters of the text of the case, and its subject. ``facts`` holds
the street and the point of the place, and is emptied when the case is.
"""
Index("decision_rule", decision.c.cell, decision.c.rule, decision.c.at)

ruleset = Table(
    "ruleset",
    metadata,
    _cell(),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    _key("hash"),
    _words("author"),
    _words("reason"),
    _number("at"),
    _words("files"),
    Column("state", Key),
    Column("record", Words),
)
"""Versions of the rules; an empty ``state`` is that of a version published without ceremony."""

ruleset_live = Table(
    "ruleset_live",
    metadata,
    _cell(),
    _number("version"),
    _key("hash"),
)
"""Which version is live: the row that a dispatch reads under a share lock."""

ruleset_replay = Table(
    "ruleset_replay",
    metadata,
    _cell(),
    Column("hash", Key, primary_key=True),
    _key("base"),
    _number("at"),
    _words("record"),
)
"""The latest replay of each draft."""

ruleset_shadow = Table(
    "ruleset_shadow",
    metadata,
    _cell(),
    _key("hash"),
    _words("author"),
    _number("at"),
    _words("files"),
)
"""The draft that decides beside the live rules, if there is one."""

blob = Table(
    "blob",
    metadata,
    _cell(),
    Column("name", Text, primary_key=True),
    Column("data", LargeBinary, nullable=False),
)
"""Large payloads, where no folder was given for them."""
