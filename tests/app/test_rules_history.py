"""What was published, and the way back."""

from __future__ import annotations

import pytest
from past import RULES, SOON, TO_ROADS

from app.rulebook import load_files
from app.running.wiring import build
from app.settings import load_settings
from router.case import Status
from router.delivery import DeliveryKind
from router.tracking import parse
from router.work import TIMER


def test_the_history_tells_who_when_why_and_what(past, cases):
    past.change(*TO_ROADS)
    past.fine("replay", past.config)
    past.fine("publish", past.config, "--reason", "Éclairage à la voirie", "--par", "Lucie")
    newest, first = past.read("history")
    assert (newest["version"], newest["author"], newest["live"]) == (2, "Lucie", True)
    assert newest["changes"]["rules_changed"] == ["lampadaires"]
    assert newest["replay"]["changed"] == 2
    assert (first["version"], first["live"]) == (1, False)
    said = past.fine("history")
    for piece in ("Éclairage à la voirie", "règles changées : lampadaires", "2 cas changeraient"):
        assert piece in said


def test_a_rollback_lists_the_cases_that_the_bad_version_sent_and_leaves_them(past, cases):
    past.change(*TO_ROADS)
    past.fine("replay", past.config)
    past.publish()
    bad = past.case("lampadaire éteint", ago=-SOON)
    found = past.read("rollback", "1", "--reason", "erreur", "--par", "Lu")
    assert found["version"] == 3
    assert [(one["number"], one["owner"], one["rule"]) for one in found["cases"]] == [
        (bad, "voirie-m", "lampadaires")
    ]
    assert found["redispatched"] == 0
    assert past.store(lambda store: store.next_due(TIMER)) is None
    assert "eclairage-m" in past.active().files["regles/metropole.yaml"].decode()


def test_a_rollback_leaves_the_cases_to_the_running_router_on_request(past):
    past.change(*TO_ROADS)
    past.publish()
    past.case("lampadaire éteint", ago=-SOON)
    past.case("lampadaire cassé", ago=-SOON, status=Status.CLOSED)
    past.fine("rollback", "1", "--reason", "erreur")
    found = past.read("rollback", "1", "--reason", "erreur", "--redispatch")
    assert (found["version"], len(found["cases"]), found["redispatched"]) == (3, 2, 1)
    assert past.store(lambda store: store.next_due(TIMER)) is not None


@pytest.mark.parametrize("status", [Status.PASSED_ON, Status.ACCEPTED, Status.IN_PROGRESS])
def test_a_rollback_says_at_once_which_cases_will_stay_where_they_are(past, status):
    past.change(*TO_ROADS)
    past.publish()
    past.case("lampadaire éteint", ago=-SOON)
    started = past.case("lampadaire cassé", ago=-SOON, status=status)
    past.case("lampadaire cassé", ago=-SOON, status=Status.CLOSED)
    words = ("rollback", "1", "--reason", "erreur", "--redispatch")
    said = " ".join(past.fine(*words).split())
    assert "2 cas seront décidés à nouveau par le routeur en marche. Dont 1 restera" in said
    assert said.rpartition("agent.")[2].startswith(f" {started} voirie-m")
    assert past.read(*words)["staying"] == [started]


FAILING = """
territoire: metropole
regles: []
essais:
  - {nom: un banc, cas: {texte: banc}, attendu: {responsable: guichet}}
  - {nom: une lampe, cas: {texte: lampadaire}, attendu: {responsable: voirie-m}}
"""


def _published_with_a_failing_trial(past) -> None:
    """Put live what an older Guichet let pass, then the rules as they were, changed a little."""
    files = {**past.active().files, "regles/essais.yaml": FAILING.encode()}
    hash_, now = load_files(files).hash, past.active().at
    past.store(lambda store: store.publish(files, hash_, "Awa", "essai", now, base=1))
    past.change("[lampadaire]", "[lampadaire, réverbère]")
    past.publish()


def test_the_trials_of_the_restored_version_are_run_and_refuse_nothing(past):
    _published_with_a_failing_trial(past)
    told = " ".join(past.fine("rollback", "2", "--reason", "erreur").split())
    assert "Version 4 en service : le contenu de la version 2." in told
    assert "! 1 essai de cette version échoue, sur 2. Le retour n'en est pas empêché" in told
    assert "regles/essais.yaml:6: une lampe" in told
    assert "attendu voirie-m, obtenu eclairage-m" in told
    assert "un banc" not in told
    assert past.read("history")[0]["tests"] == {"passed": 1, "failed": 1}
    assert "1 essai échouait" in past.fine("history")


def test_failing_trials_of_a_restored_version_are_told_to_programs(past):
    _published_with_a_failing_trial(past)
    tests = past.read("rollback", "2", "--reason", "erreur")["tests"]
    assert tests["passed"] == 1
    [failed] = tests["failed"]
    assert (failed["name"], failed["differences"][0]["got"]) == ("une lampe", "eclairage-m")
    assert past.read("rollback", "1", "--reason", "erreur")["tests"] == {"passed": 0, "failed": []}
    assert past.read("rollback", "1", "--reason", "erreur")["tests"] is None, "it is live already"


def test_a_version_that_waits_is_told_with_its_failing_trials(past):
    past.change(*MORE_GAS)
    past.publish()
    past.fine("approve", "2", "--par", "Lucie")
    files = {**past.active().files, "regles/essais.yaml": FAILING.encode()}
    hash_, now = load_files(files).hash, past.active().at
    past.store(lambda store: store.publish(files, hash_, "Awa", "essai", now, base=2))
    past.town.rules(RULES)
    past.publish()
    past.fine("approve", "4", "--par", "Lucie")
    found = past.read("rollback", "3", "--reason", "erreur")
    assert (found["state"], len(found["tests"]["failed"])) == ("pending", 1)


def test_only_what_was_live_can_be_rolled_back_to(past):
    past.change("[odeur de gaz]", "[odeur de gaz, ça sent le gaz]")
    past.publish()
    assert past.run("rollback", "2", "--reason", "x")[0] == 1
    assert past.run("rollback", "9", "--reason", "x")[0] == 2
    assert past.run("rollback", "1")[0] == 2


def test_a_running_installation_sends_the_cases_where_the_restored_rules_say(past):
    past.change(*TO_ROADS)
    past.publish()
    fresh = past.case("lampadaire éteint", ago=-SOON)
    started = past.case("lampadaire cassé", ago=-SOON, status=Status.ACCEPTED)
    past.fine("rollback", "1", "--reason", "erreur", "--redispatch")

    async def run(store):
        settings = load_settings(data=past.data, config=past.config)
        product = await build(settings, store)
        assert await product.clockwork.run_once() == 2
        cases = {number: await store.case(parse(number)) for number in (fresh, started)}
        return cases, await store.deliveries(cases[fresh].id)

    cases, deliveries = past.store(run)
    assert cases[fresh].owner == "eclairage-m"
    assert cases[started].owner == "voirie-m"
    assert {(one.service, one.kind) for one in deliveries} == {
        ("eclairage-m", DeliveryKind.FORWARD),
        ("voirie-m", DeliveryKind.NOTICE),
        (None, DeliveryKind.PROGRESS),
    }


MORE_GAS = ("[odeur de gaz]", "[odeur de gaz, ça sent le gaz]")


def test_going_back_on_a_danger_waits_for_a_second_person(past):
    past.change(*MORE_GAS)
    past.publish()
    past.fine("approve", "2", "--par", "Lucie")
    bad = past.case("ça sent le gaz", ago=-SOON)
    back = ("rollback", "1", "--reason", "erreur", "--par", "Lucie")
    said = " ".join(past.fine(*back, "--redispatch").split())
    assert "Version 3 en attente de l'accord d'une deuxième personne" in said
    assert "règles de danger touchées : gaz" in said
    assert "guichet rules approve 3 --par NOM" in said
    assert '--urgence "pourquoi"' in said
    assert bad in said
    assert past.active().version == 2
    assert past.store(lambda store: store.next_due(TIMER)) is None, "nothing is done yet"
    again = past.read(*back)
    assert (again["version"], again["state"], again["redispatched"]) == (3, "pending", 0)
    assert past.run("approve", "3", "--par", "lucie")[0] == 1
    told = past.fine("approve", "3", "--par", "Awa")
    assert "guichet rules rollback 1 --redispatch" in told
    assert "ça sent le gaz" not in past.active().files["regles/metropole.yaml"].decode()
    found = past.read(*back, "--redispatch")
    assert (found["version"], found["state"], found["redispatched"]) == (3, "published", 1)
    assert past.store(lambda store: store.next_due(TIMER)) is not None


def test_in_an_emergency_one_person_goes_back_and_the_history_keeps_why(past):
    past.change(*MORE_GAS)
    past.publish()
    past.fine("approve", "2", "--par", "Lucie")
    bad = past.case("ça sent le gaz", ago=-SOON)
    back = ("rollback", "1", "--reason", "erreur", "--par", "Awa", "--redispatch")
    past.fine(*back)
    assert past.run(*back, "--urgence", " ") == (2, 'Dites pourquoi cela presse : --urgence "…".\n')
    found = past.read(*back, "--urgence", "il est 3 h")
    assert (found["version"], found["state"], found["emergency"]) == (4, "published", "il est 3 h")
    assert [one["number"] for one in found["cases"]] == [bad]
    assert found["redispatched"] == 1
    states = [one["state"] for one in past.read("history")]
    assert states == ["published", "withdrawn", "published", "published"]
    why = "en urgence, sans l'accord d'une deuxième personne : il est 3 h"
    assert why in past.fine("history")
    assert past.read("history")[0]["second_person"]["danger"] == ["gaz"]


def test_going_back_on_a_file_of_another_team_asks_that_team(past):
    one = "- {id: r, si: {contient: [fanfare]}, alors: {responsable: mairie-reze}}"
    head = {"territoire": "Rezé", "peut_modifier": "[reze]"}
    past.town.rules(one, "regles/reze.yaml", **head)
    past.publish("--equipe", "reze")
    past.town.rules(one.replace("fanfare", "orchestre"), "regles/reze.yaml", **head)
    past.publish("--equipe", "reze")
    back = ("rollback", "2", "--reason", "erreur", "--par", "Awa")
    said = " ".join(past.fine(*back).split())
    assert "« regles/reze.yaml » se modifie par reze" in said
    assert "Si vous en êtes, recommencez avec --equipe reze" in said
    assert past.active().version == 3
    found = past.read(*back, "--equipe", "reze")
    assert (found["state"], found["emergency"]) == ("published", None)
    assert past.active().version == found["version"]


def test_an_urgency_that_needed_nobody_is_no_emergency(past):
    past.change(*TO_ROADS)
    past.publish()
    found = past.read("rollback", "1", "--reason", "erreur", "--urgence", "vite")
    assert (found["state"], found["emergency"]) == ("published", None)
    assert "en urgence" not in past.fine("history")
