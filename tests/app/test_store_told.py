"""What is the matter with the database is said in French, with what to check."""

from __future__ import annotations

import json
import re
import socket
import sqlite3
from pathlib import Path

import asyncpg
import pytest
from typer.testing import CliRunner

from app.__main__ import cli
from app.store_told import _WORDS, trouble_of
from app.stores import opened
from router.errors import StoreUnavailable
from storage.reasons import Reason

ENGLISH = re.compile(r"\b(the|is|not|failed|file|call|connect|disk|full|Errno)\b", re.IGNORECASE)


def told(*words: str) -> str:
    ended = CliRunner().invoke(cli, words)
    assert ended.exit_code == 3, ended.output
    said = " ".join(ended.output.split())
    assert not ENGLISH.search(re.sub(r"--[\w-]+", "", said)), said
    return said


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")


def test_a_server_that_is_not_there():
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        url = f"postgresql://guichet@127.0.0.1:{port}/guichet"
        said = told("cases", "list", "--database-url", url)
    assert said == (
        "La base de données ne répond pas : aucun programme n'écoute à cette adresse. Vérifiez"
        " --database-url ou --data."
    )


def test_a_name_that_no_server_bears():
    said = told("cases", "list", "--database-url", "postgresql://g@nulle-part.invalid/g")
    assert said.startswith("La base de données ne répond pas : aucun serveur ne porte ce nom.")


def test_a_file_that_is_damaged_is_not_said_to_be_silent():
    Path("var").mkdir(mode=0o700)
    Path("var/guichet.sqlite").write_bytes(b"ceci n'est pas une base" * 100)
    said = told("cases", "list")
    assert said == (
        "La base de données ne se lit pas : son fichier est abîmé, ou n'est pas une base de"
        " Guichet. Vérifiez --data, ou restaurez une sauvegarde."
    )
    ended = CliRunner().invoke(cli, ["doctor", "--json", "--config", str(CONFIG)])
    [found] = [one for one in json.loads(ended.stdout) if one["what"] == "base de données"]
    assert (found["ok"], f"La base de données {found['sentence']}") == (False, said)


CONFIG = Path(__file__).parents[2] / "config"


async def test_a_disk_that_is_full():
    async with opened(Path("var"), "") as store:

        def fill(connection):
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
            connection.exec_driver_sql("CREATE TABLE t AS SELECT randomblob(9000000)")

        with pytest.raises(StoreUnavailable) as raised:
            await store._database.write(fill)
        await store._database.write(lambda conn: conn.exec_driver_sql(ROOM))
    assert trouble_of(raised.value) == "ne peut plus rien écrire : le disque est plein."


ROOM = "PRAGMA max_page_count = 1000000"


def caused(cause: BaseException) -> StoreUnavailable:
    error = StoreUnavailable("the store does not answer")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        (asyncpg.InvalidPasswordError("x"), "refuse ce nom ou ce mot de passe"),
        (asyncpg.InvalidCatalogNameError("x"), "n'existe pas sur ce serveur"),
        (asyncpg.CannotConnectNowError("x"), "démarre ou s'arrête"),
        (asyncpg.DiskFullError("x"), "le disque est plein"),
        (asyncpg.InternalServerError("x"), "(erreur PostgreSQL XX000)"),
        (TimeoutError(), "ne répond pas à temps"),
        (OSError("Multiple exceptions: [Errno 111] x, [Errno 99] y"), "aucun programme n'écoute"),
        (PermissionError(13, "Permission denied"), "les droits manquent"),
        (sqlite3.OperationalError("odd"), "(erreur SQLite 0)"),
        (RuntimeError("odd"), "(RuntimeError)"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)  # fmt: skip
def test_each_reason_has_its_words(cause, said):
    told = trouble_of(caused(cause))
    assert said in told
    assert not ENGLISH.search(re.sub(r"--[\w-]+", "", told))


def test_each_reason_has_words():
    assert _WORDS.keys() == set(Reason)


def test_our_own_reasons_are_not_told_in_english():
    assert trouble_of(StoreUnavailable("the store is closed")) == (
        "ne répond pas. Vérifiez --database-url ou --data."
    )
