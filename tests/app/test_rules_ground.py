"""Services, competences and the other files of all: whose ground a change touches must agree."""

from __future__ import annotations

import pytest
from past import RULES
from rules_town import CATEGORIES, COMPETENCES, SERVICES, TERRITORY, TEXTS

METROPOLE, REZE, ORVAULT = "superviseurs-metropole", "superviseurs-reze", "superviseurs-orvault"
ORVAULT_ADDRESS = ("adresse: m@o.example", "adresse: ailleurs@o.example")


@pytest.fixture
def shared(past):
    """A town of three teams, published."""
    past.town.rules(RULES, peut_modifier=f"[{METROPOLE}]")
    for place, team in (("Rezé", REZE), ("Orvault", ORVAULT)):
        path = f"regles/{place[0]}.yaml"
        own = f"- {{id: r{place[0]}, si: {{contient: [fanfare]}}, alors: {{urgence: haute}}}}"
        past.town.rules(own, path, territoire=place, peut_modifier=f"[{team}]")
    past.publish("--equipe", METROPOLE, "--equipe", REZE, "--equipe", ORVAULT)
    return past


def _said(past, team: str) -> str:
    return " ".join(past.publish("--equipe", team).split())


def _services(past, old: str, new: str) -> None:
    assert SERVICES.count(old) == 1
    past.town.write("services.yaml", SERVICES.replace(old, new))


@pytest.mark.parametrize("team", [REZE, METROPOLE])
def test_the_service_of_a_town_is_its_teams_whoever_writes(shared, team):
    _services(shared, "noms: {fr: Mairie d'Orvault}", "noms: {fr: Ville d'Orvault}")
    said = _said(shared, team)
    told = f"« services.yaml, service mairie-orvault » se modifie par {ORVAULT}"
    assert told in said
    assert "Version 3 en attente" in said
    code, refused = shared.run("approve", "3", "--par", "Lu", "--equipe", REZE)
    assert (code, ORVAULT in refused) == (1, True)
    shared.fine("approve", "3", "--par", "Lu", "--equipe", ORVAULT)


def test_the_team_of_a_town_changes_the_name_of_its_service_alone(shared):
    _services(shared, "noms: {fr: Mairie d'Orvault}", "noms: {fr: Ville d'Orvault}")
    assert "Version 3 en service" in _said(shared, ORVAULT)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ORVAULT_ADDRESS,
        ("id: mairie-orvault,", "id: mairie-orvault, suppleant: guichet,"),
        ("id: mairie-orvault,", "id: mairie-orvault, voit: [texte, lieu, photos, contact],"),
    ],
)
def test_where_cases_arrive_and_what_is_seen_is_grave_for_its_own_team_too(shared, old, new):
    _services(shared, old, new)
    said = _said(shared, ORVAULT)
    assert "« services.yaml » : la transmission, le suppléant ou « voit »" in said
    assert "change pour mairie-orvault" in said
    assert "Si vous en êtes" not in said
    code, refused = shared.run("approve", "3", "--par", "Lu")
    assert (code, f"--equipe {ORVAULT}" in refused) == (1, True)
    shared.fine("approve", "3", "--par", "Lu", "--equipe", ORVAULT)


def test_a_changed_address_is_grave_where_nobody_named_a_team(past):
    past.publish()
    _services(past, *ORVAULT_ADDRESS)
    assert "Version 2 en attente" in past.publish()
    assert "mairie-orvault" in past.fine("approve", "2", "--par", "Lucie")


def test_going_back_to_an_older_address_waits_as_well(past):
    past.publish()
    _services(past, *ORVAULT_ADDRESS)
    past.publish()
    past.fine("approve", "2", "--par", "Lucie")
    said = past.fine("rollback", "1", "--reason", "essai", "--par", "Awa")
    assert "Version 3 en attente" in said


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("categories.yaml", CATEGORIES.replace("[trottoir]", "[trottoir, bordure]")),
        ("textes/textes.yaml", TEXTS.replace("Merci {numero}", "Merci")),
        ("territoire/territoire.yaml", TERRITORY.replace("15 m", "20 m")),
        ("calendriers.yaml", "calendriers: {nuit: {heures: 22h-6h}}"),
        ("competences.yaml", COMPETENCES.replace("{partout: voirie-m}", "{partout: guichet}")),
    ],
)
def test_the_files_of_all_are_the_metropoles(shared, path, content):
    shared.town.write(path, content)
    assert f"« {path} » se modifie par {METROPOLE}" in _said(shared, REZE)
    assert "en service" in _said(shared, METROPOLE)


def test_the_cell_of_a_town_is_its_teams_beside_the_metropoles(shared):
    more = COMPETENCES.replace("Nantes: paix-nantes", "Nantes: paix-nantes, Orvault: guichet")
    shared.town.write("competences.yaml", more)
    said = _said(shared, METROPOLE)
    assert f"« competences.yaml, case « tranquillite », Orvault » se modifie par {ORVAULT}" in said
    assert "competences.yaml » se modifie" not in said
    assert f"« competences.yaml » se modifie par {METROPOLE}" in _said(shared, ORVAULT)


def test_a_role_is_held_town_by_town(shared):
    _services(shared, "orvault: mairie-orvault", "orvault: guichet")
    said = _said(shared, REZE)
    assert f"« services.yaml, rôle mairie-du-lieu, Orvault » se modifie par {ORVAULT}" in said


def test_nobody_joins_the_team_of_a_town_by_a_file_of_his_own(shared):
    own = "- {id: autre, si: {contient: [tuba]}, alors: {urgence: haute}}"
    shared.town.rules(own, "regles/z.yaml", territoire="Orvault", peut_modifier="[intrus]")
    _services(shared, "noms: {fr: Mairie d'Orvault}", "noms: {fr: Ville d'Orvault}")
    said = _said(shared, "intrus")
    assert f"« services.yaml, service mairie-orvault » se modifie par {ORVAULT}" in said
