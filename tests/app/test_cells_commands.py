"""What an operator reads of other installations, and how he ends an agreement with one."""

from __future__ import annotations

import asyncio
import json
import shutil

import pytest
from conftest import CONFIG
from rich.cells import cell_len
from typer.testing import CliRunner

from app.__main__ import cli
from app.running.wiring import build
from app.settings import load_settings
from app.stores import opened
from router.archive import CaseFilter
from router.case import Case
from router.tracking import from_bits, printed

KEY = "whsec_Y2xlIHBhcnRhZ2VlIGVudHJlIGRldXggZ3VpY2hldHM="
WATER = "{canal: email, adresse: eau@metropole.example}"
LEAK = "Fuite d'eau sur le trottoir devant le 12 rue Scribe à Nantes depuis hier"
OFFERED = from_bits(7)
SETTINGS = f"""
cell = "nantes"

[channels.cell.metropole]
base_url = "https://guichet.metropole.example"
keys = {{k1 = "{KEY}"}}
until = 2099-12-31

[channels.cell.rennes]
keys = {{k1 = "{KEY}"}}
speaks = "owner"
shares = []
"""


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch, tmp_path):
    """A folder in which the water service is an installation of its own, the metropole's."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr("app.desk.work._SERVER_S", 0.0)  # no server is at work beside these
    services = shutil.copytree(CONFIG, tmp_path / "config") / "services.yaml"
    text = services.read_text("utf-8")
    assert WATER in text
    services.write_text(text.replace(WATER, "{canal: cellule, adresse: metropole}"), "utf-8")
    (tmp_path / "guichet.toml").write_text(SETTINGS)
    return tmp_path


def run(*words: str, code: int = 0) -> str:
    result = CliRunner().invoke(cli, words)
    assert result.exit_code == code, result.output
    if "--json" not in words:
        assert all(cell_len(line) <= 80 for line in result.output.splitlines())
    return result.output


def read(*words: str) -> str:
    """Give what a command says, as it is read aloud."""
    return " ".join(run(*words).split())


def reported() -> str:
    """Have a leak reported here, which the metropole is offered; give its number."""
    entered = ("--source", "appel", "--agent", "anne", "--texte", LEAK, "--reponse", "suivi")
    found: str = json.loads(run("desk", "new", *entered, "--json"))["number"]
    return found


def worked(offer: str = "") -> list[Case]:
    """Work what waits, once rennes has offered a case where ``offer`` holds its words; list all cases."""

    async def work() -> list[Case]:
        settings = load_settings()
        async with opened(settings.data, settings.database_url) as store:
            product = await build(settings, store)
            said = {"word": "offer", "from": "rennes", "to": "nantes", "hops": ["rennes"],
                    "number": OFFERED, "epoch": 1}  # fmt: skip
            body = json.dumps({"transfer": said, "case": {"text": offer}}).encode()
            if offer:
                channel = product.channels["cell", "rennes"]
                await store.accept(channel.open_raw(body, product.clock.now()))
            while await product.router.run_once():
                pass
            return list(await store.cases(CaseFilter()))

    return asyncio.run(work())


def test_each_installation_is_told_with_what_is_agreed_and_the_open_cases():
    reported()
    worked(offer="Un nid-de-poule rue Scribe à Nantes")
    assert read("cells", "list") == (
        "metropole : accord jusqu'au 31/12/2099"
        " l'installation à laquelle il a écrit répond à l'usager ;"
        " en plus des offres et des fins sont dits : états, réponses, questions, photos,"
        " ajouts de l'usager ;"
        " à la fin, les demandes ouvertes reviennent."
        " 1 demande d'ici est ouverte là-bas, 0 demande de là-bas est ouverte ici."
        " rennes : accord sans date de fin"
        " celle qui a la demande répond à l'usager ;"
        " en plus des offres et des fins sont dits : rien ;"
        " à la fin, les demandes ouvertes reviennent."
        " 0 demande d'ici est ouverte là-bas, 1 demande de là-bas est ouverte ici."
    )


def test_a_program_reads_the_same_with_the_numbers():
    number = reported()
    worked(offer="Un nid-de-poule rue Scribe à Nantes")
    metropole, rennes = json.loads(run("cells", "list", "--json"))
    assert metropole == {
        "name": "metropole", "speaks": "origin", "until": "2099-12-31", "at_end": "return",
        "shares": ["additions", "answers", "photos", "questions", "status"],
        "there": [number], "here": [],
    }  # fmt: skip
    assert (rennes["shares"], rennes["until"], rennes["speaks"]) == ([], None, "owner")
    assert (rennes["there"], rennes["here"]) == ([], [printed(OFFERED)])


def test_an_end_takes_back_what_is_there_and_gives_back_what_came_from_there():
    number = reported()
    worked(offer="Un nid-de-poule rue Scribe à Nantes")
    assert read("cells", "end", "metropole") == (
        "1 demande sera reprise à « metropole », 0 sera rendue :"
        " `guichet serve` le fait et prévient chacun."
    )
    assert json.loads(run("cells", "end", "rennes", "--json"))["here"] == [printed(OFFERED)]
    cases = {printed(case.number): case for case in worked()}
    taken, given = cases[number], cases[printed(OFFERED)]
    assert (taken.gone, given.came.ended) == (None, True)
    assert taken.owner != "eau-metropole"
    for listed in json.loads(run("cells", "list", "--json")):
        assert (listed["there"], listed["here"]) == ([], [])
    assert read("cells", "end", "metropole") == (
        "Aucune demande n'est ouverte entre « metropole » et ici : il n'y a rien à faire."
    )


def test_an_end_that_is_said_twice_is_worked_once():
    number = reported()
    run("cells", "end", "metropole")
    run("cells", "end", "metropole")
    [case] = worked()
    assert printed(case.number) == number
    assert case.gone is None
    assert len(case.refused_by) == 1


def test_an_agreement_that_keeps_cases_leaves_them_where_they_are(elsewhere):
    number = reported()
    kept = SETTINGS.replace("until = 2099-12-31", 'at_end = "keep"')
    (elsewhere / "guichet.toml").write_text(kept)
    assert read("cells", "end", "metropole") == (
        "L'accord avec « metropole » laisse 1 demande ouverte où elle est, jusqu'à sa fin."
    )
    [case] = worked()
    assert (printed(case.number), case.gone is not None) == (number, True)


@pytest.mark.parametrize("name", ["metropol", "nantes", "É", "eau@metropole.example"])
def test_a_name_that_is_not_known_is_told_with_those_that_are(name):
    said = " ".join(run("cells", "end", name, code=2).split())
    assert said == f"« {name} » n'est pas une installation connue ici : metropole, rennes."


def test_where_there_is_no_other_installation_a_sentence_says_so(elsewhere):
    (elsewhere / "guichet.toml").write_text("")
    assert read("cells", "list") == (
        "Aucune autre installation n'a de réglages ici (channels.cell)."
    )
    assert json.loads(run("cells", "list", "--json")) == []
    said = " ".join(run("cells", "end", "metropole", code=2).split())
    assert said == "« metropole » n'est pas une installation connue ici : aucune ne l'est."


def test_lists_of_the_desk_name_the_channel_of_a_case_that_came():
    worked(offer="Un nid-de-poule rue Scribe à Nantes")
    assert "par autre guichet" in read("cases", "list")
    assert "Offerte par « rennes »" in read("cases", "show", printed(OFFERED))


def test_a_case_that_is_there_is_found_though_no_service_leads_there_any_more(elsewhere):
    number = reported()
    services = elsewhere / "config" / "services.yaml"
    text = services.read_text("utf-8")
    services.write_text(text.replace("{canal: cellule, adresse: metropole}", WATER), "utf-8")
    CliRunner().invoke(cli, ["rules", "replay", "config"])
    run("rules", "publish", "config", "--reason", "fin de l'accord", "--par", "Awa")
    assert json.loads(run("cells", "list", "--json"))[0]["there"] == [number]
    run("cells", "end", "metropole")
    [case] = worked()
    assert case.gone is None
