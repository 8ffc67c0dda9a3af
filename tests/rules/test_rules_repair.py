"""Typing errors: repaired towards the rules' own words only, and never where it could harm."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rules_town import Town

from router.decision import Facts
from rules.lexicon import lexicon
from rules.repair import SHORTEST, Repairs
from rules.spelling import Near, edits, sound, without
from rules.text import Text

WORDS = ("poubelle", "lampadaire", "danger", "fuite", "trottoir", "encombrants", "chaussée")
RULE = (
    "- {id: a, si: {contient: [poubelle, lampadaire, danger, fuite, trottoir, encombrants, chaussée,"
    ' "=kermesse"]}, alors: {responsable: routes}}'
)
short = st.text("abcde", min_size=1, max_size=7)


@pytest.mark.parametrize(
    ("text", "repaired"),
    [
        ("poubele pleine", "{poubele: poubelle}"),
        ("le lampadère devant le 3 rue de la Poterie est kc", "{lampadère: lampadaire}"),
        ("LAMPADERE", "{lampadere: lampadaire}"),
        ("une fuitte", "{fuitte: fuite}"),
        ("une phuite", "{phuite: fuite}"),
        ("sur le trottior", "{trottior: trottoir}"),
        ("chausée", "{chausee: chaussee}"),
        ("des enconbrants", "{enconbrants: encombrants}"),
    ],
)
def test_a_typing_error_is_repaired_and_shown(text: str, repaired: str, town: Town) -> None:
    town.rules(RULE)
    town.expect(f'{{texte: "{text}"}}', f"{{regle: a, corrige: {repaired}}}")


@pytest.mark.parametrize(
    "case",
    [
        "{texte: je vais danser}",
        "{texte: poubell3}",
        "{texte: kermese}",
        "{texte: le gazz}",
        "{texte: poubele, langue: en}",
        "{texte: rue du Lampadere}",
        "{texte: rue du lampadere}",
        "{texte: monsieur lampadere}",
        "{texte: chez Poubele à midi}",
        "{texte: poubele, rue: impasse Poubele}",
        "{texte: without any trotoires2}",
        "{texte: Nantess}",
        "{texte: le trotoar}",
    ],
)
def test_what_is_known_short_a_name_or_foreign_is_never_repaired(case: str, town: Town) -> None:
    town.rules(RULE)
    town.expect(case, "{responsable: guichet, corrige: {}}")


def test_the_name_of_a_commune_is_never_repaired(town: Town) -> None:
    town.rules("- {id: a, si: {contient: [orvaud]}, alors: {responsable: routes}}")
    town.expect("{texte: orvault}", "{responsable: guichet, corrige: {}}")


def test_a_repaired_word_tells_the_category(town: Town) -> None:
    town.expect("{texte: un trotoir}", "{categorie: trottoir, corrige: {trotoir: trottoir}}")


def test_a_person_reads_what_was_repaired(town: Town) -> None:
    from rules.explain import explain

    town.rules(RULE)
    assert "lu : poubele → poubelle" in explain(town.decide("{texte: une poubele}"))


@given(short, short)
def test_edits_are_a_distance(one: str, other: str) -> None:
    count = edits(one, other)
    assert count == edits(other, one)
    assert (count == 0) == (one == other)
    assert abs(len(one) - len(other)) <= count <= max(len(one), len(other))
    if count <= 2:
        assert without(one, 2) & without(other, 2)


@given(st.lists(st.text("abc", min_size=1, max_size=12)), st.text("abc", min_size=1, max_size=12))
@example(["abcabcabcab"], "xabcabcabca")
def test_words_near_another_are_all_found_and_no_others(words: list[str], typed: str) -> None:
    """Whatever their beginnings share: as if each word were compared."""
    for most in (1, 2):
        near = {word: edits(typed, word) for word in words if edits(typed, word) <= most}
        assert Near(dict.fromkeys(words), most).of(typed) == near


@given(st.sampled_from(WORDS), st.data())
def test_one_slip_of_the_finger_is_always_seen(word: str, data: st.DataObject) -> None:
    """Whatever is typed, the answer is a word of the rules, one edit away or of the same sound."""
    forms = {form for one in WORDS for form in lexicon().inflections(one)}
    place = data.draw(st.integers(0, len(word) - 2))
    how = data.draw(st.sampled_from(["lost", "doubled", "swapped"]))
    typed = {
        "lost": word[:place] + word[place + 1 :],
        "doubled": word[: place + 1] + word[place:],
        "swapped": word[:place] + word[place + 1] + word[place] + word[place + 2 :],
    }[how]
    folded = typed.replace("é", "e")
    found = Repairs(forms, forms, (), lexicon()).of(Text(typed), None)
    if len(folded) < SHORTEST or folded in forms or lexicon().knows(folded):
        assert found == {}
    else:
        assert found[folded] in forms
        near = edits(folded, found[folded]) <= 1 or sound(folded) == sound(found[folded])
        assert near


def test_repairs_are_told_in_the_order_of_the_text(town: Town) -> None:
    read = ("trotoir", "lampadere", "poubele", "chausee", "fuitte")
    facts = Facts(datetime(2026, 11, 24, 9, tzinfo=UTC), " et ".join(read), "danjer")
    case = town.rules(RULE).ruleset().situation(facts)
    assert list(case.text.repaired) == ["danjer", *read]
