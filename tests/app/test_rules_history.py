"""What was published, and the way back."""

from __future__ import annotations

from past import SOON, TO_ROADS

from app.settings import load_settings
from app.wiring import build
from router.case import Status
from router.delivery import DeliveryKind
from router.store import TIMER
from router.tracking import parse


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
