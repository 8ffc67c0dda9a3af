"""An installation is backed up while it runs, and goes on from its backup."""

from __future__ import annotations

import asyncio
import json
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from ruled import SetClock
from typer.testing import CliRunner

from app.__main__ import cli
from app.backup import back_up
from app.running.incarnation import incarnation
from app.running.photos import PhotoFolder
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
    monkeypatch.setattr("app.desk.work._SERVER_S", 0.0)


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


# --- among other installations ---------------------------------------------------------------------


def life_of(data: Path, ahead: timedelta = timedelta()) -> int:
    """Give the number of the life of a store, as it is when it is opened so much later."""

    async def read() -> int:
        clock = SetClock()
        clock.time += ahead
        async with opened(data, "") as store:
            return await incarnation(store, clock)

    return asyncio.run(read())


def test_a_copy_begins_a_life_of_its_own_and_the_original_keeps_its_own():
    life = life_of(Path("var"))
    run("db", "backup", str(COPY))
    assert life_of(COPY, timedelta(days=1)) == life + 86_400
    assert life_of(COPY, timedelta(days=2)) == life + 86_400, "it has begun once"
    assert life_of(Path("var"), timedelta(days=2)) == life


def test_a_copy_of_a_copy_begins_a_life_too():
    life = life_of(Path("var"))
    run("db", "backup", str(COPY))
    copied = life_of(COPY, timedelta(days=1))
    run("db", "backup", "encore", "--data", str(COPY))
    assert life < copied < life_of(Path("encore"), timedelta(days=2))


def test_a_store_that_was_restored_otherwise_begins_a_life_when_it_is_told(monkeypatch):
    monkeypatch.setenv("GUICHET_CELL", "nantes")
    ahead = timedelta(days=4000)  # a clock that went back does not hide a restore
    life = life_of(Path("var"), ahead)
    said = run("db", "restored")
    assert said.startswith("Une nouvelle vie des données commence. Au prochain départ de")
    assert life_of(Path("var")) == life + 1


def test_without_other_installations_there_is_nothing_to_tell_after_a_restore():
    ended = CliRunner().invoke(cli, ["db", "restored"])
    assert ended.exit_code == 2
    assert " ".join(ended.output.split()) == (
        "Le réglage cell manque ici : sans autre installation, il n'y a rien à faire après une"
        " restauration."
    )
    assert not Path("var").exists()
