"""How an empty, freshly migrated database means to find what every hot statement asks for."""

from __future__ import annotations

import re

import pytest
from plans import STATEMENTS
from sqlalchemy import event

from storage.engine import database_of
from storage.tables import metadata


class _Seen(Exception):
    """The text and the parameters with which a statement would be sent."""


def _plan(connection, statement, values) -> str:
    def stop(_connection, _cursor, sql, parameters, _context, _many):
        raise _Seen(sql, parameters)

    event.listen(connection, "before_cursor_execute", stop)
    try:
        connection.execute(statement, {**values, "cell_": "main"})
        raise AssertionError("nothing was executed")
    except _Seen as seen:
        sql, parameters = seen.args
    finally:
        event.remove(connection, "before_cursor_execute", stop)
    word = "EXPLAIN QUERY PLAN " if connection.dialect.name == "sqlite" else "EXPLAIN "
    rows = connection.exec_driver_sql(word + sql, parameters)
    return "\n".join(str(row[-1]) for row in rows)


@pytest.fixture
async def empty(sqlite_folder):
    database = database_of(sqlite_folder)
    await database.open()
    yield database
    await database.close()


def _indexes(connection) -> dict[str, str]:
    """Give the name that SQLite itself gave to the index of each key."""
    names = {}
    for table in metadata.tables:
        for row in connection.exec_driver_sql(f"PRAGMA index_list({table})").mappings():
            columns = connection.exec_driver_sql(f"PRAGMA index_info({row['name']})").mappings()
            key = tuple(column["name"] for column in columns)
            names[row["name"]] = "pk" if row["origin"] == "pk" else _unique(table, key, row["name"])
    return names


def _unique(table: str, columns: tuple[str, ...], name: str) -> str:
    for constraint in metadata.tables[table].constraints:
        if constraint.name and tuple(column.name for column in constraint.columns) == columns:
            return str(constraint.name)
    return name


@pytest.mark.parametrize("name", STATEMENTS)
async def test_an_empty_sqlite_finds_everything_by_the_index_meant_for_it(empty, name):
    statement, values, wanted = STATEMENTS[name]

    def look(connection):
        return _plan(connection, statement, values), _indexes(connection)

    plan, names = await empty.write(look)
    found = re.findall(r"SEARCH (\w+) USING (?:COVERING )?INDEX (\w+)", plan)
    used = {f"{table}:{names[index]}" for table, index in found}
    assert used == set(wanted.split()), plan
    own = "|".join(metadata.tables)
    assert not re.search(rf"SCAN (?:{own})\b", plan), plan


@pytest.mark.parametrize("name", [n for n, (_, v, _w) in STATEMENTS.items() if len(v) > 0])
async def test_what_is_asked_for_narrows_the_search(empty, name):
    """A search by ``cell`` alone would read all of the installation's rows."""
    statement, values, _ = STATEMENTS[name]
    plan = await empty.write(lambda connection: _plan(connection, statement, values))
    assert not re.search(r"SEARCH (?!ruleset_live)\w+ USING .*\(cell=\?\)", plan), plan


@pytest.mark.postgresql
@pytest.mark.parametrize("name", ["lanes.claim", "routing.waiting"])
async def test_an_uncounted_postgresql_reads_no_table_once_for_every_key(postgres_url, name):
    """A join of claimed keys with all lanes took 90 ms at 5,000 lanes that nobody had counted."""
    statement, values, _ = STATEMENTS[name]
    database = database_of(postgres_url)
    await database.open()
    plan = await database.write(lambda connection: _plan(connection, statement, values))
    await database.close()
    assert "Nested Loop" not in plan, plan
    assert "Seq Scan" not in plan, plan


@pytest.mark.postgresql
async def test_postgresql_has_an_index_for_everything_that_is_asked_for(postgres_url):
    """An empty table is best read whole, so the planner is asked what it would do otherwise."""
    database = database_of(postgres_url)
    await database.open()

    def look(connection) -> dict[str, str]:
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        return {
            name: _plan(connection, statement, values)
            for name, (statement, values, _) in STATEMENTS.items()
        }

    plans = await database.write(look)
    await database.close()
    assert {name: plan for name, plan in plans.items() if "Seq Scan" in plan} == {}
    own = {name for name, (_, _, wanted) in STATEMENTS.items() if wanted}
    assert {name for name in own if "Index Cond" not in plans[name]} == set()
