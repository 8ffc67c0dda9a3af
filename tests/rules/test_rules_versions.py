"""Telling two versions of the rules apart, and which rules their tests reach."""

from __future__ import annotations

import pytest
from rules_town import Town

from rules.changes import changes_between
from rules.coverage import trials_of, untried

RULES = """
- {id: gaz, priorite: danger, si: {contient: [gaz]},
   alors: {responsable: astreinte, repondre: consigne-gaz}}
- {id: banc, si: {contient: [$bancs]}, alors: {responsable: mairie-du-lieu}}
- {id: musique, si: {contient: [musique]}, alors: {urgence: haute}}
"""


def changes(tmp_path, old, new):
    """Compare two folders that differ by one edit of the town."""
    one, two = Town(tmp_path / "one"), Town(tmp_path / "two")
    for town, edit in ((one, old), (two, new)):
        edit(town)
    return changes_between(
        one.ruleset().configuration, two.ruleset().configuration, _files(one), _files(two)
    )


def _files(town):
    folder = town.folder
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def with_rules(rules, **head):
    head.setdefault("listes", "{bancs: [banc]}")
    return lambda town: town.rules(rules, **head)


def test_rules_that_moved_to_other_lines_are_the_same(tmp_path):
    found = changes(tmp_path, with_rules(RULES), with_rules("# deux lignes\n# de plus\n" + RULES))
    assert found.files == ("regles/metropole.yaml",)
    assert (found.rules_changed, found.danger) == ((), ())


def test_added_changed_and_removed_rules_are_told(tmp_path):
    new = RULES.replace("{urgence: haute}", "{urgence: basse}").replace("id: banc", "id: bancs")
    found = changes(tmp_path, with_rules(RULES), with_rules(new))
    assert (found.rules_added, found.rules_changed, found.rules_removed) == (
        ("bancs",), ("musique",), ("banc",),
    )  # fmt: skip
    assert found.danger == ()


def test_a_rule_changes_with_the_words_of_its_list(tmp_path):
    more = with_rules(RULES, listes="{bancs: [banc, bancs publics]}")
    assert changes(tmp_path, with_rules(RULES), more).rules_changed == ("banc",)


@pytest.mark.parametrize(
    "new",
    [
        RULES.replace("[gaz]", "[gaz, fuite]"),
        RULES.replace("priorite: danger, ", ""),
        RULES.replace("id: banc,", "id: banc, priorite: danger,"),
        RULES[RULES.index("- {id: banc") :],
    ],
)
def test_danger_is_grave_whether_it_comes_goes_or_changes(tmp_path, new):
    assert len(changes(tmp_path, with_rules(RULES), with_rules(new)).danger) == 1


def test_the_text_of_a_danger_is_part_of_it(tmp_path):
    def edit(town):
        town.rules(RULES, listes="{bancs: [banc]}")
        text = (town.folder / "textes/textes.yaml").read_text()
        town.write("textes/textes.yaml", text.replace("Call 18.", "Call us."))

    found = changes(tmp_path, with_rules(RULES), edit)
    assert (found.rules_changed, found.danger) == ((), ("gaz",))


@pytest.mark.parametrize(
    ("old", "new", "grave"),
    [
        ("adresse: s@m.example}", "adresse: elsewhere@m.example}", ("gaz",)),
        ("adresse: v@m.example}", "adresse: elsewhere@m.example}", ()),
        ("noms: {fr: Astreinte}", "noms: {fr: Sécurité}", ()),
    ],
)
def test_whoever_a_danger_reaches_is_part_of_it(tmp_path, old, new, grave):
    def edit(town):
        town.rules(RULES, listes="{bancs: [banc]}")
        text = (town.folder / "services.yaml").read_text()
        assert text.count(old) == 1
        town.write("services.yaml", text.replace(old, new))

    found = changes(tmp_path, with_rules(RULES), edit)
    assert (found.files, found.danger) == (("services.yaml",), grave)


HANGING = """
- {id: fume, si: {contient: [fumée]}, alors: {etiquettes: [feu]}}
- {id: encore, si: {regle: fume}, alors: {etiquettes: [feu]}}
- {id: nuit, priorite: danger, si: {categorie: bruit, recu: {dans: soirs}}, alors: {responsable: astreinte}}
- {id: cite, priorite: danger, si: {regle: encore}, alors: {responsable: astreinte}}
- {id: place, priorite: danger, si: {contient: [gaz], dans: graslin},
   alors: {responsable: guichet, informer: [mairie-nantes], consulter: [mairie-du-lieu]}}
- {id: route, priorite: danger, si: {contient: [gaz]}, sauf: {un_de: [{sur: peripherique}]},
   alors: {responsable: voirie-m}}
- {id: poste, priorite: danger, si: {contient: [gaz], code_postal: ["44400"]},
   alors: {responsable: guichet}}
- {id: compte, priorite: danger, si: {afflux: {fois: 9, categorie: trottoir, dans: bellevue, en: 30 min}},
   alors: {responsable: guichet, escalade: {apres: 1 heure, vers: eclairage-m}}}
"""
EVENINGS = "calendriers: {soirs: {dans: [tard]}, tard: {heures: 20h-23h}}"


@pytest.mark.parametrize(
    ("path", "old", "new", "grave"),
    [
        ("categories.yaml", "[bruit, musique, vacarme*]", "[musique]", ("nuit",)),
        ("categories.yaml", "mots: [trottoir]", "mots: [trottoir, bordure]", ("compte",)),
        ("categories.yaml", "mots: [lampadaire]", "mots: [lampe]", ()),
        ("calendriers.yaml", "20h-23h", "21h-23h", ("nuit",)),
        ("regles/metropole.yaml", "[fumée]", "[jamais]", ("cite",)),
        ("regles/metropole.yaml", "si: {regle: fume}", "si: {langue: en}", ("cite",)),
        ("territoire/graslin.geojson", "-1.56", "-1.55", ("place",)),
        ("territoire/peripherique.geojson", "-1.58", "-1.57", ("route",)),
        ("territoire/territoire.yaml", "15 m", "16 m", ("route",)),
        ("territoire/bellevue.geojson", "-1.55", "-1.54", ("compte",)),
        ("territoire/codes_postaux.json", '"44400", "codeCommune": "44143"',
         '"44400", "codeCommune": "44109"', ("poste",)),
        ("services.yaml", "m@n.example", "x@n.example", ("place",)),
        ("services.yaml", "Rezé: mairie-reze", "Rezé: mairie-nantes", ("place",)),
        ("services.yaml", "e@m.example", "x@m.example", ("compte",)),
        ("services.yaml", "{id: voirie-m,",
         "{id: voirie-m, escalade: {apres: 2 jours, vers: eclairage-m},", ("route",)),
        ("services.yaml", "{fr: Voirie}", "{fr: Routes}", ()),
    ],
)  # fmt: skip
def test_whatever_a_danger_relies_on_is_part_of_it(tmp_path, path, old, new, grave):
    def written(town):
        town.rules(HANGING).write("calendriers.yaml", EVENINGS)

    def edit(town):
        written(town)
        text = (town.folder / path).read_text()
        assert old in text
        town.write(path, text.replace(old, new))

    assert changes(tmp_path, written, edit).danger == grave


def test_a_first_version_adds_everything(tmp_path):
    town = Town(tmp_path).rules(RULES, listes="{bancs: [banc]}")
    found = changes_between(None, town.ruleset().configuration, {}, _files(town))
    assert found.rules_added == ("banc", "gaz", "musique")
    assert found.danger == ("gaz",)


# --- coverage --------------------------------------------------------------------------------------


def test_trials_cover_the_rules_that_hold_in_them_whether_or_not_they_win(tmp_path):
    town = Town(tmp_path).rules(RULES, listes="{bancs: [banc]}")
    town.write(
        "regles/essais.yaml",
        "territoire: metropole\nregles: []\nessais:\n"
        "  - {cas: {texte: musique}, attendu: {urgence: haute}}\n"
        "  - {cas: {texte: musique et gaz}, attendu: {responsable: astreinte}}\n",
    )
    ruleset = town.ruleset()
    assert trials_of(ruleset)["musique"] == 2
    assert trials_of(ruleset)["gaz"] == 1
    [only] = untried(ruleset)
    assert only.startswith("regles/metropole.yaml:")
    assert only.endswith(": banc")
