"""An agent at the desk, by command line: enter, read, print, post, and be told what is wrong."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
import structlog
from PIL import Image
from typer.testing import CliRunner

from app.__main__ import cli
from app.stores import opened
from app.system import SystemClock
from router.delivery import DeliveryState
from router.message import Address, Envelope
from router.tracking import from_bits, printed

CONFIG = Path(__file__).parents[2] / "config"
LAMP = "Le lampadaire devant le 12 rue de la Poterie à Rezé est éteint"
CALL = ("--source", "appel", "--agent", "anne", "--texte", LAMP, "--reponse", "rappel:0240000000")
LETTER = "courrier:12, rue de la Paix, 44000 Nantes"

MAILBOX = '[channels.email]\nsmtp_host = "relais.example"\n'
PHONE = '[channels.sms]\naccount_sid = "AC1"\nauth_token = "x"\n'
UNKNOWN = printed(from_bits(7))


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("GUICHET_CONFIG", str(CONFIG))
    (tmp_path / "guichet.toml").write_text(f"{MAILBOX}{PHONE}")
    monkeypatch.setattr("app.desk.work._SERVER_S", 0.0)  # no server is at work beside these
    yield
    structlog.reset_defaults()


def run(*words, code=0):
    result = CliRunner().invoke(cli, ["desk", *words])
    assert result.exit_code == code, result.output
    return result


def told(*words, code=0):
    return json.loads(run(*words, "--json", code=code).stdout)


def told_cases():
    return json.loads(CliRunner().invoke(cli, ["cases", "list", "--json"]).stdout)


async def _state(task: int) -> DeliveryState:
    async with opened(Path("var"), "") as store:
        every = await store.list_deliveries(list(DeliveryState), 1000)
        return next(one.state for one in every if one.id == task)


def state(task: str) -> DeliveryState:
    return asyncio.run(_state(int(task)))


def test_a_call_gives_the_number_to_say_and_the_receipt_read_is_delivered():
    entered = told("new", *CALL, "--id", "1", "--lu-au-citoyen")
    assert entered["service"] == "eclairage-metropole"
    assert entered["number"] in entered["read_aloud"]
    assert told("tasks") == []
    assert state(entered["task"]) is DeliveryState.DELIVERED
    again = told("new", *CALL, "--id", "1")
    assert (again["new"], again["number"]) == (False, entered["number"])


@pytest.mark.parametrize(
    ("changed", "read_aloud"),
    [
        (("--texte", "Feu dans la cuisine, vite"), "18 ou 112"),
        (("--texte", "Un trou rue Scribe"), None),
        (("--reponse", "rappel:0240000001"), None),
        (("--rue", "3 rue Scribe"), None),
    ],
)
def test_an_id_that_was_used_takes_no_other_entry(changed, read_aloud):
    """A danger is told all the same: the person may still be on the telephone."""
    told("new", *CALL, "--id", "X1")
    refused = told("new", *CALL, *changed, "--id", "X1", code=2)["error"]
    assert "Rien n'est enregistré" in refused
    assert "« X1 »" in refused
    assert ("À lire à la personne" in refused) is (read_aloud is not None)
    assert ("l'astreinte n'est pas prévenue" in refused) is (read_aloud is not None)
    assert (read_aloud or "") in refused
    assert len(told_cases()) == 1


def test_the_same_entry_with_its_picture_may_be_sent_again(tmp_path):
    Image.new("RGB", (8, 8)).save(tmp_path / "trou.png")
    said = (*CALL, "--id", "1", "--photo", str(tmp_path / "trou.png"))
    first, again = told("new", *said), told("new", *said)
    assert (again["new"], again["number"]) == (False, first["number"])
    assert "Rien n'est enregistré" in told("new", *CALL, "--id", "1", code=2)["error"]
    Image.new("RGB", (8, 8), "red").save(tmp_path / "trou.png")  # another picture of that name
    assert "Rien n'est enregistré" in told("new", *said, code=2)["error"]


def test_a_letter_is_answered_by_a_letter_to_print():
    entered = told(
        "new", "--source", "courrier", "--agent", "anne", "--texte", LAMP,
        "--nom", "Jean <Petit>", "--reponse", LETTER,
    )  # fmt: skip
    assert entered["read_aloud"] == ""  # nobody stands there to hear it
    [task] = told("tasks")
    assert (task["way"], task["to"]) == ("letter", "12, rue de la Paix\n44000 Nantes")
    page = run("letter", str(task["id"])).stdout
    for part in (
        "Jean &lt;Petit&gt;\n12, rue de la Paix\n44000 Nantes",
        entered["number"],
        "https://metropole.example/relais",
        "Mairie de Nantes",
    ):
        assert part in page
    assert "anne" not in page
    run("done", str(task["id"]), "--poste", "--agent", "anne")
    assert state(task["id"]) is DeliveryState.SENT


@pytest.mark.parametrize("source", ["courrier", "appel"])
def test_who_is_answered_by_letter_is_printed_one_and_the_commands_say_how(source):
    said = ("--source", source, "--agent", "anne", "--texte", LAMP, "--reponse", LETTER)
    shown = run("new", *said).stdout
    [task] = told("tasks")

    assert f"guichet desk letter {task['id'][-5:]} --vers lettre.html" in shown
    assert f"guichet desk done {task['id'][-5:]} --poste" in shown


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        ("suivi", "à lire au guichet"),
        ("rappel:0240000000", "guichet, rappel +33240000000"),
        (LETTER, "guichet, courrier 12, rue de la Paix 44000 Nantes"),
        ("sms:0612345678", "SMS +33612345678"),
    ],
)
def test_a_case_shows_in_words_where_its_receipt_goes(reply, told):
    said = ("--source", "visite", "--agent", "anne", "--texte", LAMP, "--reponse", reply)
    number = json.loads(run("new", *said, "--json").stdout)["number"]
    shown = CliRunner().invoke(cli, ["cases", "show", number]).stdout
    [receipt] = [line for line in shown.splitlines() if line.startswith("accusé")]
    assert receipt.endswith(f", {told}")
    assert "case:" not in shown


def test_a_missed_call_is_rung_back_tried_in_vain_then_told_by_sms():
    said = ("--source", "appel-manque", "--agent", "anne", "--reponse", "rappel:0240000001")
    entered = told("new", *said, "--recu-le", "2026-11-20T14:05")
    assert (entered["number"], entered["action"]) == (None, "ask")
    [task] = told("tasks")
    assert task["missed_at"].startswith("2026-11-20T14:05")
    assert re.search(r"appel manqué le 20/11/2026 14:05  depuis le", run("tasks").stdout)
    done = ("done", str(task["id"]), "--agent", "paul")
    run(*done, "--injoignable")
    assert "injoignable" in run("tasks").stdout
    run(*done, "--autrement", "sms:0612345678")
    assert told("tasks") == []
    assert "Aucune tâche" in run(*done, "--lu-au-citoyen", code=2).output


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--source", "cri"), "--source vaut appel, visite, courrier, appel-manque, relais"),
        (("--source", "appel", "--texte", "x"), "Qui saisit ?"),
        (("--source", "appel", "--agent", "a"), "Que dit la personne ?"),
        (("--source", "appel-manque", "--agent", "a"), "rappel:NUMÉRO"),
        ((*CALL, "--reponse", "pigeon:x"), "« pigeon:x »"),
        ((*CALL, "--reponse", "rappel:12"), "« 12 » n'est pas un numéro de téléphone."),
        ((*CALL, "--reponse", "email:anne"), "« anne » n'est pas une adresse de courriel."),
        ((*CALL, "--reponse", "courrier:"), "adresse postale"),
        ((*CALL, "--categorie", "dragons"), "« dragons » n'est pas une catégorie d'ici."),
        ((*CALL, "--commune", "Mars"), "La commune « Mars » n'existe pas."),
        ((*CALL, "--commune", "Rezey"), "Rezey → Rezé ?"),
        ((*CALL, "--demande", "12"), "« 12 » n'est pas un numéro de suivi."),
        ((*CALL, "--demande", UNKNOWN), f"Aucune demande ne porte le numéro {UNKNOWN}."),
        ((*CALL, "--recu-le", "2050-01-01"), "La date de --recu-le est à venir"),
        ((*CALL, "--recu-le", "hier"), "« hier » n'est pas une date"),
        ((*CALL, "--recu-le", "0001-01-01"), "« 0001-01-01 » n'est pas une date"),
        ((*CALL, "--guichet", "lune"), "« lune » n'est pas un guichet d'ici"),
    ],
)
def test_a_mistake_is_one_sentence_and_nothing_is_entered(words, sentence):
    result = run("new", *words, code=2)
    assert sentence in " ".join(result.output.split())
    assert "Traceback" not in result.output
    listed = CliRunner().invoke(cli, ["cases", "list", "--json"])
    assert json.loads(listed.stdout) == []


def test_more_about_a_known_case_lies_on_it():
    number = told("new", *CALL)["number"]
    more = told("new", *CALL, "--texte", "Il clignote aussi.", "--demande", number)
    assert more["number"] == number


def test_a_picture_goes_along_and_what_is_none_is_told(tmp_path):
    Image.new("RGB", (8, 8)).save(tmp_path / "trou.png")
    number = told("new", *CALL, "--photo", str(tmp_path / "trou.png"))["number"]
    shown = CliRunner().invoke(cli, ["cases", "show", number, "--json"])
    [sheet] = [
        json.loads(one["data"]) for one in json.loads(shown.stdout)["deliveries"] if one["service"]
    ]
    assert [file["media_type"] for file in sheet["files"]] == ["image/jpeg"]
    (tmp_path / "trou.txt").write_text("un trou")
    for wrong, why in (("trou.txt", "n'est pas une photo"), ("rien.jpg", "ne peut pas être lue")):
        result = run("new", *CALL, "--photo", str(tmp_path / wrong), code=2)
        assert why in " ".join(result.output.split())


def test_a_call_is_not_posted_and_the_agent_is_told_what_it_is():
    entered = told("new", *CALL)
    refused = run("done", entered["task"], "--poste", "--agent", "anne", code=2).output
    assert f"La tâche {entered['task']} est un rappel" in " ".join(refused.split())
    assert [task["id"] for task in told("tasks")] == [entered["task"]]
    run("done", entered["task"], "--lu-au-citoyen", "--agent", "anne")
    shown = CliRunner().invoke(cli, ["cases", "show", entered["number"]]).output
    assert "accusé (rappel) : lu au citoyen" in " ".join(shown.split())


def test_the_last_digits_of_a_task_name_it_and_are_what_the_list_shows():
    entered = told("new", *CALL)
    short = entered["task"][-5:]
    assert re.search(rf"^  {short}  ", run("tasks").stdout, re.MULTILINE)
    assert "Aucune tâche" in run("done", short[1:], "--poste", "--agent", "anne", code=2).output
    assert told("done", short, "--lu-au-citoyen", "--agent", "anne")["done"] == 1
    assert told("tasks") == []


def test_programs_read_a_task_as_a_text_that_no_number_format_spoils():
    entered = told("new", *CALL)
    [task] = told("tasks")
    assert isinstance(task["id"], str)
    assert task["id"] == entered["task"]


def test_a_task_has_one_outcome():
    assert "l'une de ces options" in run("done", "4", "--agent", "anne", code=2).output
    both = run("done", "4", "--agent", "anne", "--poste", "--injoignable", code=2)
    assert "l'une de ces options" in both.output


def test_what_others_wrote_is_left_to_the_server():
    """This process may lack the settings of their channels, and would put their messages aside."""
    address = Address("telegram", "bot", "42")

    async def waits() -> list:
        now = SystemClock().now()
        async with opened(Path("var"), "") as store:
            await store.accept([Envelope("telegram", "bot", "1", address.key, b"{}", now)])

    async def waiting() -> list:
        async with opened(Path("var"), "") as store:
            return [line.channel for line in await store.journal(waiting=True)]

    asyncio.run(waits())
    assert told("new", *CALL)["number"]
    assert asyncio.run(waiting()) == ["telegram"]


def test_who_waits_too_long_is_told_to_the_operator(monkeypatch):
    task = told("new", *CALL)["task"]
    monkeypatch.setattr("web.desk.tasks.LATE", timedelta.resolution)
    listed = CliRunner().invoke(cli, ["outbox", "list", "--json"])
    assert [one["id"] for one in json.loads(listed.stdout)] == [int(task)]
    checked = CliRunner().invoke(cli, ["doctor", "--json"])
    [finding] = [one for one in json.loads(checked.stdout) if one["what"] == "tâches du guichet"]
    assert (finding["ok"], finding["sentence"][:12]) == (False, "1 en retard ")


def test_a_database_that_is_down_is_told_and_nothing_is_promised():
    url = "postgresql://nobody@127.0.0.1:9/none"
    result = run("new", *CALL, "--database-url", url, code=3)
    assert "La base de données ne répond pas" in " ".join(result.output.split())


@pytest.mark.parametrize(
    ("connected", "reply", "what"),
    [(PHONE, "email:zoe@example.org", "courriels"), (MAILBOX, "sms:0612345678", "SMS")],
)
def test_an_answer_that_could_never_leave_is_refused_and_nothing_is_kept(connected, reply, what):
    Path("guichet.toml").write_text(connected)
    ended = run("new", *CALL[:-1], reply, code=2)
    said = f"Aucun compte n'écrit de {what} ici : choisissez une autre réponse."
    assert said in " ".join(ended.output.split())
    assert json.loads(CliRunner().invoke(cli, ["cases", "list", "--json"]).stdout) == []
