"""Publishing a draft: replayed, tested, and all but its broken files."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from past import TO_ROADS, Past
from rules_town import BASE, SERVICES
from typer.testing import CliRunner

from app import draft
from app.__main__ import cli
from app.rules.publishing import author_of

PARIS = ZoneInfo("Europe/Paris")


def test_what_past_cases_become_must_be_looked_at_before_publishing(past, cases):
    past.change(*TO_ROADS)
    code, said = past.run("publish", past.config, "--reason", "x", "--par", "Awa")
    assert (code, "n'a pas été rejoué" in said) == (1, True)
    past.fine("replay", past.config)
    assert "Version 2 en service." in past.publish()
    assert "voirie-m" in past.active().files["regles/metropole.yaml"].decode()


def test_publishing_says_on_how_many_cases_the_draft_was_replayed_and_since_when(past, cases):
    past.change(*TO_ROADS)
    since = past.read("replay", past.config, "--since", "30d")["since"]
    day = f"{datetime.fromisoformat(since).astimezone(PARIS):%d/%m/%Y}"
    assert f"Rejeu : 2 cas changeraient sur 5 rejoués depuis le {day}." in past.publish()


def test_publishing_says_where_no_case_was_decided_yet_that_nothing_was_to_be_replayed(past):
    past.change(*TO_ROADS)
    said = past.publish()
    assert "Rejeu : aucune demande n'a encore été décidée, il n'y avait rien à rejouer." in said
    assert "Version 2 en service." in said


def test_a_replay_that_met_no_case_is_said_to_have_met_none(past, cases):
    past.change(*TO_ROADS)
    past.fine("replay", past.config, "--since", "1h")
    said = " ".join(past.publish().split())
    assert "et n'a trouvé aucun cas : il ne dit rien de ce qui changerait." in said


def test_a_replay_of_another_draft_is_none(past, cases):
    past.change(*TO_ROADS)
    past.fine("replay", past.config)
    past.change("[lampadaire]", "[lampadaire, réverbère]")
    assert past.run("publish", past.config, "--reason", "x")[0] == 1


def test_a_replay_against_a_version_that_was_replaced_is_too_old(past, cases):
    past.change(*TO_ROADS)
    past.fine("replay", past.config)
    kept = (past.config / "regles/metropole.yaml").read_text()
    past.change("[lampadaire]", "[lampadaire, réverbère]")
    past.fine("replay", past.config)
    past.publish()
    (past.config / "regles/metropole.yaml").write_text(kept)
    code, said = past.run("publish", past.config, "--reason", "x")
    assert (code, "rejouez-le" in said) == (1, True)
    past.fine("replay", past.config)
    past.publish()


def test_a_failing_trial_refuses_the_draft(past):
    past.town.write(
        "regles/essais.yaml",
        "territoire: metropole\nregles: []\nessais:\n"
        "  - {nom: lampe, cas: {texte: lampadaire}, attendu: {responsable: guichet}}\n",
    )
    code, said = past.run("publish", past.config, "--reason", "x")
    assert (code, "attendu guichet, obtenu eclairage-m" in said) == (1, True)
    assert past.active().version == 1


def test_the_same_content_makes_no_version(past):
    assert "déjà en service" in past.publish()
    assert past.active().version == 1


def test_a_reason_is_asked_for_and_a_folder_must_exist(past):
    assert past.run("publish", past.config)[0] == 2
    assert past.run("publish")[0] == 2
    assert past.run("publish", past.config / "nulle-part", "--reason", "x")[0] == 2


# --- a broken file -----------------------------------------------------------------------------


@pytest.fixture
def reze(past):
    """Rezé has a file of its own, published."""
    past.town.rules(
        "- {id: bruit-reze, si: {contient: [fanfare]}, alors: {responsable: mairie-reze}}",
        "regles/reze.yaml",
        territoire="Rezé",
    )
    past.publish()
    return past


def test_a_broken_file_stays_as_it_was_while_the_others_are_published(reze):
    before = reze.active().files["regles/reze.yaml"]
    (reze.config / "regles/reze.yaml").write_text("territoire: Rezé\nregles: [\n")
    reze.change(*TO_ROADS)
    code, said = reze.run("publish", reze.config, "--reason", "x")
    assert code == 1
    assert "Version 3 en service." in said
    assert "« regles/reze.yaml » est fautif" in said
    assert "regles/reze.yaml:2:9" in said or "regles/reze.yaml:3:1" in said
    files = reze.active().files
    assert files["regles/reze.yaml"] == before
    assert "voirie-m" in files["regles/metropole.yaml"].decode()
    assert reze.read("history")[0]["kept"] == ["regles/reze.yaml"]


def test_where_only_a_broken_file_changed_nothing_is_published_and_that_is_said(reze):
    (reze.config / "regles/reze.yaml").write_text("territoire: Rezé\nregles: [\n")
    code, said = reze.run("publish", reze.config, "--reason", "x")
    said = " ".join(said.split())
    assert code == 1
    assert "« regles/reze.yaml » est fautif : son contenu de la version 2 reste" in said
    assert "le fichier fautif « regles/reze.yaml » est laissé de côté" in said
    assert "ce contenu est déjà en service" not in said
    assert reze.active().version == 2


def test_a_broken_file_that_was_never_published_is_left_out(past):
    past.town.write("regles/neuf.yaml", "territoire: metropole\nregles: [{id: x}]\n")
    past.change(*TO_ROADS)
    code, said = past.run("publish", past.config, "--reason", "x")
    assert (code, "n'a jamais été publié" in said) == (1, True)
    assert "regles/neuf.yaml" not in past.active().files


def test_a_sound_file_is_not_held_back_by_a_broken_one_that_it_names(reze):
    """A list that a broken file brought: the file that uses it is sound once that one stands."""
    reze.town.write(
        "regles/listes.yaml", "territoire: metropole\nlistes: {fete: [fanfare, bal]}\nregles: []\n"
    )
    reze.publish()
    reze.town.write("regles/listes.yaml", "territoire: metropole\nlistes: {fete: [\n")
    reze.town.rules(
        "- {id: bruit-reze, si: {contient: [$fete]}, alors: {responsable: mairie-reze}}",
        "regles/reze.yaml",
        territoire="Rezé",
    )
    code, _ = reze.run("publish", reze.config, "--reason", "x")
    assert code == 1
    assert reze.read("history")[0]["kept"] == ["regles/listes.yaml"]
    assert b"$fete" in reze.active().files["regles/reze.yaml"]


def test_a_new_file_that_takes_the_name_of_another_s_rule_is_left_out_itself(reze):
    """The mistake is told at the second of the two, which nobody has touched."""
    reze.town.rules(
        "- {id: bruit-reze, si: {contient: [kermesse]}, alors: {responsable: voirie-m}}",
        "regles/autre.yaml",
    )
    reze.change(*TO_ROADS)
    code, said = reze.run("publish", reze.config, "--reason", "x")
    assert (code, "Version 3 en service." in said) == (1, True)
    assert "« regles/autre.yaml » est fautif" in said
    assert "La règle « bruit-reze » existe déjà" in said
    files = reze.active().files
    assert "regles/autre.yaml" not in files
    assert "regles/reze.yaml" in files
    assert "voirie-m" in files["regles/metropole.yaml"].decode()


OTHER_FILES = {
    "compteurs.yaml": "compteurs:\n  - {id: sms-nantes, canal: sms, adresse: '+33756000044'}\n",
    "calendriers.yaml": "calendriers: {bureau: {jours: [lun, mar], heures: 8h-17h}}\n",
}


@pytest.fixture
def town(past):
    """All files that a folder may have, published; a rule needs the calendar."""
    for path, content in OTHER_FILES.items():
        past.town.write(path, content)
    past.town.rules(
        "- {id: fanfares, si: {contient: [fanfare], recu: {dans: bureau}}, alors: {urgence: haute}}",
        "regles/reze.yaml",
        territoire="Rezé",
    )
    past.publish()
    return past


EVERY_FILE = sorted({*BASE, *OTHER_FILES} - {"regles/metropole.yaml"})


@pytest.mark.parametrize("path", EVERY_FILE)
def test_whichever_file_is_broken_stays_as_it_was_while_a_rule_is_published(town, path):
    before = town.active().files[path]
    (town.config / path).write_text("[1, 2\n")
    town.change(*TO_ROADS)
    code, said = town.run("publish", town.config, "--reason", "x")
    assert (code, "Version 3 en service." in said) == (1, True)
    assert f"« {path} » est fautif : son contenu de la version 2 reste" in " ".join(said.split())
    files = town.active().files
    assert files[path] == before
    assert "voirie-m" in files["regles/metropole.yaml"].decode()
    assert town.read("history")[0]["kept"] == [path]


@pytest.mark.parametrize("path", sorted({*EVERY_FILE} - {"compteurs.yaml", "regles/reze.yaml"}))
def test_a_missing_file_that_others_need_stays_as_it_was(town, path):
    before = town.active().files[path]
    town.town.remove(path)
    town.change(*TO_ROADS)
    code, said = town.run("publish", town.config, "--reason", "x")
    assert (code, f"« {path} » manque : son contenu" in said) == (1, True)
    files = town.active().files
    assert files[path] == before
    assert "voirie-m" in files["regles/metropole.yaml"].decode()


def test_a_missing_file_that_nothing_needs_is_gone(town):
    town.town.remove("compteurs.yaml").remove("regles/reze.yaml")
    town.publish()
    assert {"compteurs.yaml", "regles/reze.yaml"}.isdisjoint(town.active().files)


def test_a_folder_without_any_rules_is_refused(town):
    town.town.remove("regles/reze.yaml").remove("regles/metropole.yaml")
    code, said = town.run("publish", town.config, "--reason", "x")
    assert (code, "Aucun fichier de règles n'existe" in said) == (2, True)
    assert town.active().version == 2


def test_a_rule_that_needs_what_a_broken_file_would_bring_has_an_ordinary_error(town):
    """The service is new, and its file cannot be read: the file of the rule stays behind as well."""
    before = town.active().files
    town.town.write("services.yaml", SERVICES + "  - {id: fanfares-m, famille: [\n")
    town.town.rules(
        "- {id: fanfares, si: {contient: [fanfare]}, alors: {responsable: fanfares-m}}",
        "regles/reze.yaml",
        territoire="Rezé",
    )
    town.change(*TO_ROADS)
    code, said = town.run("publish", town.config, "--reason", "x")
    assert (code, "Version 3 en service." in said) == (1, True)
    assert "Le service « fanfares-m » n'existe pas" in said
    assert town.read("history")[0]["kept"] == ["regles/reze.yaml", "services.yaml"]
    assert town.active().files["regles/reze.yaml"] == before["regles/reze.yaml"]


def test_a_file_that_no_longer_brings_what_an_untouched_rule_needs_stays_as_it_was(town):
    """The mistake is told at the rule, which nobody has touched; the file at fault is named."""
    town.town.write("calendriers.yaml", "calendriers: {bureaux: {jours: [lun, mar]}}\n")
    town.change(*TO_ROADS)
    code, said = town.run("publish", town.config, "--reason", "x")
    assert (code, "« calendriers.yaml » est fautif : son contenu" in said) == (1, True)
    assert "Le calendrier « bureau » n'existe pas" in said
    assert town.read("history")[0]["kept"] == ["calendriers.yaml"]


def test_of_a_file_that_stays_behind_only_what_is_written_in_it_now_is_told(town):
    """Its live content needs a calendar that is gone: that is no mistake of its draft."""
    (town.config / "regles/reze.yaml").write_text("territoire: Rezé\nregles: [\n")
    town.town.remove("calendriers.yaml")
    told = town.read("publish", town.config, "--reason", "x")["kept"]
    kept = {one["file"]: one["errors"] for one in told}
    assert sorted(kept) == ["calendriers.yaml", "regles/reze.yaml"]
    assert not any("bureau" in error for error in kept["regles/reze.yaml"])
    [error] = kept["calendriers.yaml"]
    assert "Le calendrier « bureau » n'existe pas" in error


def test_of_what_a_missing_file_spoils_elsewhere_a_few_are_shown_and_the_rest_counted(town):
    uses = "- {{id: c{}, si: {{contient: [x], recu: {{dans: bureau}}}}, alors: {{urgence: haute}}}}"
    town.town.rules("\n".join(uses.format(at) for at in range(7)), "regles/neuf.yaml")
    town.publish()
    town.town.remove("calendriers.yaml")
    _, said = town.run("publish", town.config, "--reason", "x")
    assert "et 3 autres erreurs par sa faute." in said


def test_of_many_files_only_those_at_fault_stay_behind(town, monkeypatch):
    """Each check reads the whole folder: of sixteen changed files one is not found by trying each."""
    more = [f"regles/f{number:02}.yaml" for number in range(14)]
    for path in more:
        town.town.rules(
            f"- {{id: {path[7:10]}, si: {{contient: [x]}}, alors: {{urgence: haute}}}}", path
        )
    town.town.write("calendriers.yaml", "calendriers: {bureaux: {jours: [lun, mar]}}\n")
    town.change(*TO_ROADS)
    looked = []
    real = draft.check_files
    monkeypatch.setattr(
        draft, "check_files", lambda files, today=None: looked.append(files) or real(files, today)
    )
    assert town.run("publish", town.config, "--reason", "x")[0] == 1
    assert town.read("history")[0]["kept"] == ["calendriers.yaml"]
    assert set(more) <= town.active().files.keys()
    assert len(looked) < 12


def test_a_first_version_must_be_sound(tmp_path):
    new = Past(tmp_path)
    new.town.write("regles/neuf.yaml", "territoire: metropole\nregles: [{id: x}]\n")
    assert new.run("publish", new.config, "--reason", "x")[0] == 2
    assert new.store(lambda store: store.active()) is None


@pytest.mark.parametrize(
    ("environment", "name"),
    [
        ({"GUICHET_PAR": "Awa", "LOGNAME": "root"}, "Awa"),
        ({"LOGNAME": "lucie"}, "lucie"),
        ({}, "utilisateur 4711"),
    ],
)
def test_whoever_gives_no_name_acts_as_his_session(environment, name, monkeypatch):
    for variable in ("GUICHET_PAR", "LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(variable, raising=False)
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    monkeypatch.setattr("os.getuid", lambda: 4711)
    assert author_of(" ", None).name == name
    assert author_of(" Zoé ", None).name == "Zoé"


def test_the_table_is_printed_though_a_file_of_rules_is_broken(past):
    past.town.write("regles/neuf.yaml", "territoire: metropole\nregles: [{id: x}]\n")
    result = CliRunner().invoke(cli, ["rules", "table", str(past.config)])
    assert (result.exit_code, result.stdout.splitlines()[:2]) == (
        0,
        ["famille,partout,Nantes", "voirie,voirie-m,"],
    )
    past.town.write("services.yaml", "services: [\n")
    assert CliRunner().invoke(cli, ["rules", "table", str(past.config)]).exit_code == 2
