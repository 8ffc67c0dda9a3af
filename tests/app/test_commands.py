"""What a person sees of the commands: lists, one sentence for a mistake, the right exit code."""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest
import structlog
from typer.testing import CliRunner

from app.__main__ import cli
from app.named_accounts import strangers
from app.rulebook import load_folder
from app.settings import load_settings
from app.stores import opened
from router.archive import Action
from router.case import Case, Event, EventKind, Status, Visibility
from router.decision import ServiceId
from router.message import Address, Envelope
from router.tracking import from_bits, printed
from router.work import CaseWrite, Done, Unit
from storage.codec import from_us

PHONE = Address("sms", "+33756000044", "+33612340001")


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    yield tmp_path
    structlog.reset_defaults()  # `serve` and `demo` had bound the log to a stderr that is closed now


def run(*words):
    result = CliRunner().invoke(cli, words)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def unreadable(data: Path) -> int:
    """Put one message into the journal that nobody can read; give its id."""

    async def put() -> int:
        now = from_us(1_790_000_000_000_000)
        async with opened(data, "") as store:
            raw = b"\x00\xffnoise"
            await store.accept([Envelope("sms", PHONE.account, "SM1", PHONE.key, raw, now)])
            [claim] = await store.claim_routes(1, 60, now)
            [row] = claim.inbound
            done = Done(row.id, Action.QUARANTINE, None, "pas un message de Twilio")
            await store.commit([Unit((claim.claim,), done=(done,))], now)
            return int(row.id)

    return asyncio.run(put())


def test_an_empty_store_says_so_in_words():
    assert "Aucune demande." in run("cases", "list").output
    assert "Aucun envoi abandonné." in run("outbox", "list").output
    assert "Aucun message illisible." in run("cases", "quarantine").output
    assert run("cases", "list", "--json").output == "[]\n"


def numbered(data: Path, *numbers: str) -> list[str]:
    """Put a case for each number that a service gave into the store; give ours."""

    async def put() -> list[str]:
        now, cases = from_us(1_790_000_000_000_000), []
        for place, number in enumerate(numbers, 1):
            cases.append(
                Case(
                    place, from_bits(place), 1, Status.ACCEPTED, ServiceId("eclairage"),
                    now, now, now, text=f"Lampadaire {place}", partner_ref=number,
                )
            )  # fmt: skip
        async with opened(data, "") as store:
            writes = tuple(CaseWrite(case, None) for case in cases)
            await store.commit([Unit((), cases=writes)], now)
        return [printed(case.number) for case in cases]

    return asyncio.run(put())


@pytest.mark.parametrize(
    ("state", "text", "shown"),
    [
        (Status.ACCEPTED, "", "voirie     prise en charge\n"),
        (Status.IN_PROGRESS, "Mardi.", "voirie     en cours : Mardi.\n"),
        ("", "Mardi.", "voirie     Mardi.\n"),
    ],
)
def test_what_a_service_made_of_a_case_is_told_by_its_word(elsewhere, state, text, shown):
    [number] = numbered(elsewhere / "var", "SR-1")

    async def tell() -> None:
        now = from_us(1_790_000_000_000_000)
        async with opened(elsewhere / "var", "") as store:
            event = Event(
                7, 1, EventKind.STATUS, now, "voirie", text, Visibility.CITIZEN, str(state)
            )
            await store.commit([Unit((), events=(event,))], now)

    asyncio.run(tell())
    assert shown in run("cases", "show", number).output


def test_a_case_is_found_by_the_number_that_a_service_gave(elsewhere):
    one, two, three = numbered(elsewhere / "var", "SR-2026-00123", "77", "77")
    assert one in run("cases", "show", "sr-2026-00123").output
    assert run("cases", "show", "sr-2026").exit_code != 0
    both = run("cases", "show", "77")
    assert both.exit_code != 0
    assert two in both.output
    assert three in both.output
    assert run("cases", "show", " ").exit_code != 0
    listed = json.loads(run("cases", "list", "--text", "SR-2026-00123", "--json").output)
    assert [case["number"] for case in listed] == [one]
    words = json.loads(run("cases", "list", "--text", "lampadaire 2", "--json").output)
    assert [case["number"] for case in words] == [two]


def test_an_agent_finds_what_could_not_be_read_and_takes_it_out(elsewhere):
    number = unreadable(elsewhere / "var")
    shown = run("cases", "quarantine").output
    assert str(number) in shown
    assert "Twilio" in shown
    [told] = json.loads(run("cases", "quarantine", "--json").output)
    assert told["channel"] == "sms"
    assert told["id"] == number
    assert run("cases", "quarantine", str(number), "--raw", "message.bin").exit_code == 0
    assert (elsewhere / "message.bin").read_bytes() == b"\x00\xffnoise"


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("cases", "show", "12"), 2, "n'est pas un numéro de suivi"),
        (("cases", "show", "7K4M-Q2XD-9TZ"), 2, "Aucune demande ne porte le numéro"),
        (("cases", "list", "--status", "parti"), 2, "received"),
        (("cases", "list", "--data", "file"), 2, "« file » ne peut pas être créé"),
        (("cases", "quarantine", "7"), 2, "Aucun message illisible ne porte le numéro 7."),
        (("cases", "quarantine", "--raw", "x"), 2, "which message?"),
        (("cases", "export", "--format", "xml"), 2, "csv or jsonl"),
        (("outbox", "list", "--state", "lost"), 2, "deferred"),
        (("outbox", "requeue", "7"), 2, "Pas d'envoi abandonné sous : 7"),
        (("services", "list", "--config", "nowhere"), 2, "« nowhere » n'existe pas"),
        (("serve", "--role", "king"), 2, "gateway"),
        (("serve", "--port", "70000"), 2, "65535"),
        (("cases", "list", "--database-url", "mysql://x"), 2, "sqlite:/// ou postgresql://"),
        (
            ("db", "upgrade", "--database-url", "postgresql://x@127.0.0.1:1/x"),
            3,
            "La base de données ne répond pas",
        ),
        (("doctor", "--database-url", "postgresql://x@127.0.0.1:1/x"), 1, "ne répond pas"),
        (("cases", "list", "--data", "file/x"), 2, "une partie du chemin n'est pas un dossier."),
        (("demo", "--once", "--config", "nowhere"), 2, "« nowhere » n'existe pas"),
        (("demo", "--once", "--data", "file"), 2, "« file » ne peut pas être créé : un fichier"),
        (("demo", "--once", "--data", "file/x"), 2, "« file/x » ne peut pas être créé : une part"),
        (("try", "--channel", "fax", "--text", "x"), 2, "Le canal « fax » n'existe pas ; il y a"),
        (
            ("try", "--channel", "smss", "--text", "x"),
            2,
            "n'existe pas ; le plus proche est « sms ».",
        ),
        (("try", "--commune", "Rezey", "--text", "x"), 2, "« Rezey » n'existe pas. Rezey → Rezé ?"),
        (("try", "--commune", "99999", "--text", "x"), 2, "« 99999 » n'existe pas."),
        (("try", "--at", "demain", "--text", "x"), 2, "« demain » n'est pas une date"),
        (("try", "--location", "ici", "--text", "x"), 2, "une position s'écrit 47.218,-1.553."),
        (
            ("try", "--channel", "email", "--raw", "nowhere"),
            2,
            "« nowhere » ne peut pas être lu : ce chemin n'existe pas.",
        ),
        (
            ("try", "--channel", "email", "--raw", "file"),
            2,
            "« file » n'est pas un message du canal email.",
        ),
        (("try", "--channel", "fax", "--text", "x", "--json"), 2, '"action": "quarantine"'),
        (("try", "--batch", "nowhere"), 2, "« nowhere » ne peut pas être lu : ce chemin n'existe"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_mistake_is_one_sentence_and_the_right_exit_code(elsewhere, words, code, sentence):
    (elsewhere / "file").write_text("")
    result = run(*words)
    assert result.exit_code == code
    assert sentence in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert "Traceback" not in result.output
    assert not re.search("File exists|Not a directory|No such file", result.output)


def test_a_port_in_use_is_told_before_anything_is_started(elsewhere):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = run("serve", "--port", str(taken.getsockname()[1]))
    assert result.exit_code == 2
    assert "un autre programme l'utilise déjà" in " ".join(result.output.split())
    assert not (elsewhere / "var").exists()


def test_a_wrong_setting_is_named(elsewhere):
    (elsewhere / "guichet.toml").write_text('[channels.email]\nsmtp_hosst = "x"\n')
    result = run("doctor")
    assert result.exit_code == 1
    assert "smtp_hosst" in result.output


@pytest.mark.parametrize("command", ["doctor", "serve"])
def test_a_file_of_settings_that_was_named_and_is_not_there_is_told(
    elsewhere, monkeypatch, command
):
    monkeypatch.setenv("GUICHET_SETTINGS", str(elsewhere / "absent.toml"))
    result = run(command)
    assert result.exit_code == 2
    told = "".join(result.output.split())
    assert "absent.toml:cefichierderéglagesn'existepas" in told
    assert not (elsewhere / "var").exists()


@pytest.mark.parametrize(
    ("given", "proposed"),
    [
        ("guichet.example", "https://guichet.example"),
        ("guichet.example:8443/", "https://guichet.example:8443"),
        ("ftp://guichet.example", "https://guichet.example"),
        ("https://guichet.example/?de=mail", "https://guichet.example"),
        ("https://guichet.example/ville#haut", "https://guichet.example"),
        ("https://guichet.example:port", "https://guichet.example"),
        ("https://gui chet.example", "https://guichet.example"),
        ("https://", "https://guichet.example"),
    ],
)
def test_an_address_of_the_pages_that_no_mail_could_bear_is_refused(elsewhere, given, proposed):
    (elsewhere / "guichet.toml").write_text(f'base_url = "{given}"\n')
    result = run("doctor")
    assert result.exit_code == 2
    told = " ".join(result.output.split())
    assert f"base_url : « {given} » n'est pas une adresse" in told
    assert f"« {proposed} »" in told
    assert not (elsewhere / "var").exists()


@pytest.mark.parametrize(
    "given", ["http://127.0.0.1:8000", "https://guichet.example/", "https://[::1]:8000"]
)
def test_an_address_of_the_pages_is_taken_without_the_slash_at_its_end(given):
    assert load_settings(base_url=given).base_url == given.rstrip("/")


@pytest.mark.parametrize(
    ("name", "meant"), [("telegrm", " Voulez-vous dire « telegram » ?"), ("fax", "")]
)
def test_a_channel_that_does_not_exist_is_named_and_nothing_starts(elsewhere, name, meant):
    (elsewhere / "guichet.toml").write_text(f'[channels.{name}]\ntoken = "x"\n')
    with socket.create_server(("127.0.0.1", 0)) as taken:  # the settings are read before the port
        port = str(taken.getsockname()[1])
        told = [run("doctor"), run("serve", "--port", port)]
    for result in told:
        assert result.exit_code in {1, 2}
        assert f"channels.{name} : ce canal n'existe pas.{meant}" in " ".join(result.output.split())


NEAR = " Voulez-vous dire « guichet@nantes.example » ?"


@pytest.mark.parametrize(
    ("channel", "account", "told"),
    [
        ("email", "guichet@nante.example", "aucun compteur de la configuration n'a cette adresse." + NEAR),
        ("partner_email", "guichet@nante.example", "aucun compteur de la configuration n'a cette adresse." + NEAR),
        ("telegram", "x", "aucun compteur de la configuration n'a cette adresse."),
        ("partner_webhook", "https://x.example", "aucun service de la configuration n'a cette adresse."),
    ],
)  # fmt: skip
def test_settings_of_an_account_that_nobody_has_are_told(elsewhere, channel, account, told):
    (elsewhere / "guichet.toml").write_text(f'[channels.{channel}."{account}"]\nuser = "x"\n')
    result = run("doctor")
    assert result.exit_code == 1
    sentence = f'channels.{channel}."{account}" : {told}'
    assert sentence.replace(" ", "") in "".join(result.output.split())


@pytest.mark.parametrize(
    ("key", "taken"),
    [("+33756000044", True), ("keys", True), ("templates", True), ("+33756000047", False)],
)
def test_a_counter_that_is_not_in_service_may_have_settings(key, taken):
    rules = load_folder(Path(__file__).parents[2] / "config")
    settings = load_settings(channels={"whatsapp": {key: {"a": "b"}}})
    told = [name for name, _ in strangers(settings, rules.directory)]
    assert told == ([] if taken else [f'channels.whatsapp."{key}"'])


def test_an_installation_that_only_hands_over_to_us_may_have_settings():
    rules = load_folder(Path(__file__).parents[2] / "config")
    settings = load_settings(cell="nantes", channels={"cell": {"rezé-metropole": {"until": "x"}}})
    assert strangers(settings, rules.directory) == []


def test_doctor_says_in_sentences_that_a_server_is_not_the_one_it_should_be(elsewhere):
    def greet() -> None:
        with suppress(OSError):
            while True:
                connection, _ = nobody.accept()
                connection.sendall(b"bonjour\r\n" * 3)
                connection.close()

    with socket.create_server(("127.0.0.1", 0)) as nobody:
        threading.Thread(target=greet, daemon=True).start()
        port = nobody.getsockname()[1]
        (elsewhere / "guichet.toml").write_text(
            f"""
[channels.email]
smtp_port = {port}
imap_host = "127.0.0.1"
imap_port = {port}
imap_tls = false
password = "mot-de-passe"
[channels.telegram]
token = "1:jeton"
base_url = "http://127.0.0.1:{port}/bot"
"""
        )
        told = subprocess.run(
            [sys.executable, "-m", "app", "doctor"],
            capture_output=True,
            text=True,
            timeout=60,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )
    assert told.returncode == 1
    assert "Traceback" not in told.stdout + told.stderr
    assert "exception" not in told.stderr
    assert f"le relais SMTP ne parle pas SMTP à localhost:{port}" in " ".join(told.stdout.split())
