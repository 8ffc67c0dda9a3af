"""A service that is away: what comes in on those days goes to its stand-in, and on no other day."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from rules_town import SERVICES

RULES = "- {id: fete, si: {contient: [fête]}, alors: {responsable: paix-nantes}}"
AWAY = "absences: [{du: 2026-12-21, au: 2027-01-01, motif: congés}]"


@pytest.fixture
async def ruled(tmp_path, store, ids):
    from ruled import Ruled

    made = Ruled(tmp_path, store, ids)
    made.town.write(
        "services.yaml", SERVICES.replace("{id: paix-nantes,", f"{{id: paix-nantes, {AWAY},")
    )
    await made.rule(RULES)
    return made


@pytest.mark.parametrize(
    ("at", "owner"),
    [
        (datetime(2026, 12, 20, 22, 59, tzinfo=UTC), "paix-nantes"),
        (datetime(2026, 12, 20, 23, 0, tzinfo=UTC), "mairie-nantes"),  # midnight in Paris
        (datetime(2027, 1, 1, 22, 59, tzinfo=UTC), "mairie-nantes"),
        (datetime(2027, 1, 1, 23, 0, tzinfo=UTC), "paix-nantes"),
    ],
)
async def test_a_message_goes_to_who_is_there_on_the_day_it_comes(at, owner, ruled):
    ruled.clock.time = at
    case = (await ruled.hear("ana", "La fête continue")).case
    assert case.owner == owner
    [mail] = await ruled.sent("m@n.example" if owner == "mairie-nantes" else "p@n.example")
    assert mail.service == owner


async def test_the_journal_of_the_case_says_who_is_away_and_until_when(ruled):
    ruled.clock.time = datetime(2026, 12, 24, 9, tzinfo=UTC)
    case = (await ruled.hear("ana", "La fête continue")).case
    told = " ".join(await ruled.told(case))
    assert (
        "à la place de « paix-nantes » (absence du 21 décembre 2026 au 1er janvier 2027 : congés)"
        in told
    )


async def test_a_case_stays_with_who_has_it_when_the_absence_begins_and_when_it_ends(ruled):
    ruled.clock.time = datetime(2026, 12, 18, 9, tzinfo=UTC)
    before = (await ruled.hear("ana", "La fête continue", id="a")).case
    ruled.clock.time = datetime(2026, 12, 24, 9, tzinfo=UTC)
    during = (await ruled.hear("bob", "La fête continue", id="b")).case
    await ruled.hear("ana", "et la fête dure", refs=["a"])  # decided again on the day of receipt
    assert (await ruled.case(before)).owner == "paix-nantes"
    ruled.clock.time = datetime(2027, 1, 4, 9, tzinfo=UTC)
    await ruled.hear("bob", "et la fête dure", refs=["b"])
    assert (await ruled.case(during)).owner == "mairie-nantes"


LAMPS = "{id: eclairage-m,"
SUMMER = "{id: eclairage-m, suppleant: guichet, absences: [{du: 2026-08-01, au: 2026-08-16}],"
AUGUST = "{id: eclairage-m, absences: [{du: 2026-08-01, au: 2026-08-16}],"


def test_a_replay_moves_the_cases_that_came_on_those_days_and_no_other(past):
    dates = [datetime(2026, 8, day, 9, tzinfo=UTC) for day in (9, 17)]
    during, _ = [past.case("lampadaire cassé", received=at) for at in dates]
    past.town.write("services.yaml", SERVICES.replace(LAMPS, SUMMER))
    found = past.read("replay", past.config)
    assert (found["replayed"], [one["number"] for one in found["changes"]]) == (2, [during])
    assert "absence du 1er au 16 août 2026" in found["changes"][0]["why"]


def test_what_was_decided_in_an_absence_stays_so_and_is_explained_long_after(past):
    past.town.write("services.yaml", SERVICES.replace(LAMPS, SUMMER))
    past.publish()
    past.fine("approve", "2", "--par", "Lucie")  # a stand-in is new as well
    number = past.case("lampadaire cassé", received=datetime(2026, 8, 9, 9, tzinfo=UTC))
    found = past.read("replay", past.config)
    assert (found["replayed"], found["changed"]) == (1, 0)
    said = " ".join(past.fine("explain", number).split())
    assert "Absence : Éclairage, du 1er au 16 août 2026 ; à sa place : Guichet" in said


def test_going_back_to_the_version_before_takes_an_absence_back(past):
    past.town.write("services.yaml", SERVICES.replace(LAMPS, SUMMER))
    past.publish()
    past.fine("approve", "2", "--par", "Lucie")
    past.fine("rollback", "1", "--reason", "ils reviennent", "--par", "Awa")
    past.fine("approve", "3", "--par", "Lucie")
    number = past.case("lampadaire cassé", received=datetime(2026, 8, 9, 9, tzinfo=UTC))
    assert "Absence" not in past.fine("explain", number)


def test_an_absence_that_has_begun_can_be_published_and_so_can_the_next_change(past):
    begun = "{id: eclairage-m, suppleant: guichet, absences: [{du: 2020-01-01}],"
    essai = "{cas: {texte: un lampadaire cassé}, attendu: {responsable: eclairage-m}}"
    past.town.write("regles/essai.yaml", f"territoire: metropole\nregles: []\nessais: [{essai}]\n")
    past.town.write("services.yaml", SERVICES.replace(LAMPS, begun))
    past.publish()
    assert "Version 2 en service" in past.fine("approve", "2", "--par", "Lucie")
    past.change("[musique]", "[musique, fanfare]")
    assert "Version 3 en service" in past.publish()
    said = past.fine("explain", past.case("lampadaire cassé"))
    assert "à sa place : Guichet" in " ".join(said.split())


def test_the_absence_of_who_answers_dangers_needs_a_second_person(past):
    away = "{id: astreinte, suppleant: guichet, absences: [{du: 2026-08-01, au: 2026-08-16}],"
    past.town.write("services.yaml", SERVICES.replace("{id: astreinte,", away))
    assert "règles de danger touchées : gaz" in past.publish()
    past.fine("approve", "2", "--par", "Lucie")
    past.town.write(
        "services.yaml", SERVICES.replace("{id: astreinte,", away).replace(LAMPS, AUGUST)
    )
    assert "en service" in past.publish()
