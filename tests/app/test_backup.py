"""An installation is backed up while it runs, and goes on from its backup."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path

import pytest
from ruled import SetClock
from typer.testing import CliRunner

from app.__main__ import cli
from app.backup import back_up
from app.photos import PhotoFolder
from app.settings import load_settings, secret_of
from app.stores import opened
from router.message import Address, Envelope

CONFIG = Path(__file__).parents[2] / "config"
LAMP = "Le lampadaire devant le 12 rue de la Poterie à Rezé est éteint"
PERSON = Address("sms", "+33756000044", "+33612340001")
COPY = Path("sauvegarde")


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GUICHET_CONFIG", str(CONFIG))
    monkeypatch.setattr("app.desk_work._SERVER_S", 0.0)


def run(*words, code=0):
    result = CliRunner().invoke(cli, words)
    assert result.exit_code == code, result.output
    return result.stdout


def sms(id: str) -> Envelope:
    at = SetClock().now()
    return Envelope("sms", PERSON.account, id, PERSON.key, id.encode() * 50_000, at)


def backed_up_at_work() -> tuple[str, int]:
    """Back up beside an open store that goes on writing; give a photo and a large message of it."""

    async def work() -> tuple[str, int]:
        async with opened(Path("var"), "") as store:
            [large] = await store.accept([sms("SM1")])
            photo = await PhotoFolder(Path("var/photos")).save("trou.jpg", b"jpeg")
            await asyncio.to_thread(back_up, Path("var"), "", COPY)
            await store.accept([sms("SM2")])
        return photo, large.inbound_id

    return asyncio.run(work())


def test_an_installation_that_is_lost_goes_on_from_its_backup():
    run(
        "desk", "new", "--source", "appel", "--agent", "anne", "--texte", LAMP, "--reponse", "suivi"
    )
    cases = run("cases", "list", "--json")
    secret = secret_of(load_settings(data=Path("var")))
    photo, large = backed_up_at_work()
    shutil.rmtree("var")
    shutil.move(COPY, "var")

    async def kept() -> tuple[bytes, bytes, bool]:
        async with opened(Path("var"), "") as store:
            found = await store.envelope(large)
            later = await store.outcome("sms", PERSON.account, "SM2")
            return (
                found.payload,
                await PhotoFolder(Path("var/photos")).read(photo, 10),
                later is None,
            )

    assert len(json.loads(cases)) == 1
    assert run("cases", "list", "--json") == cases
    assert secret_of(load_settings(data=Path("var"))) == secret
    assert asyncio.run(kept()) == (b"SM1" * 50_000, b"jpeg", True)
    entered = run("desk", "new", "--source", "appel", "--agent", "anne", "--texte", LAMP, "--json")
    assert json.loads(entered)["number"]


def test_nobody_else_reads_a_backup():
    backed_up_at_work()
    assert [one for one in (COPY, *COPY.rglob("*")) if one.stat().st_mode & 0o077] == []


def test_a_backup_never_goes_over_another_nor_looks_whole_when_it_is_not(monkeypatch):
    run("cases", "list")
    Path("plein").mkdir()
    ended = CliRunner().invoke(cli, ["db", "backup", "plein"])
    assert ended.exit_code == 2
    assert "« plein » existe déjà : choisissez un autre dossier." in " ".join(ended.output.split())

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("app.backup._copy", full)
        ended = CliRunner().invoke(cli, ["db", "backup", str(COPY)])
    assert ended.exit_code == 2
    assert "« sauvegarde » ne peut pas être écrit" in " ".join(ended.output.split())
    assert not COPY.exists()
    assert "Sauvegardé dans « sauvegarde »" in run("db", "backup", str(COPY))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--database-url", "postgresql://g@db/guichet"), "Une base PostgreSQL se sauvegarde par pg_dump"),
        (("--data", "ailleurs"), "« ailleurs/guichet.sqlite » n'existe pas : rien à sauvegarder."),
    ],
)  # fmt: skip
def test_what_cannot_be_backed_up_so_is_said(words, said):
    ended = CliRunner().invoke(cli, ["db", "backup", str(COPY), *words])
    assert ended.exit_code == 2
    assert said in " ".join(ended.output.split())
