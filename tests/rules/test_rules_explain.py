"""What a decision lacked is told with the rules that waited for it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rules_town import Town

from rules.explain import explain
from rules.written import Written, elements, read_back


def told(town: Town, case: str) -> str:
    return explain(town.decide(case), ruleset=town.ruleset())


def test_each_fact_that_is_missing_names_the_rules_that_wait_for_it(town: Town) -> None:
    town.rules(
        """
        - {id: elus, si: {contient: [banc], expediteur: elu}, alors: {urgence: haute}}
        - {id: rocade, si: {contient: [banc], sur: peripherique}, alors: {urgence: haute}}
        - {id: suite, si: {contient: [banc], regle: elus}, alors: {etiquettes: [suite]}}
        """
    )
    said = told(town, "{texte: un banc, commune: Nantes}")
    assert "Faits qui manquent :\n" in said
    assert "  - qui écrit (règles elus, suite)\n" in said
    assert "  - le lieu exact (règle rocade)\n" in said
    assert "  - la catégorie (table des compétences)\n" in said
    assert "Question posée : la catégorie\n" in said
    whole = "{texte: un banc, point: [47.27, -1.55], categorie: bruit, expediteur: citoyen}"
    assert "Faits qui manquent" not in told(town, whole)


def test_of_many_rules_that_wait_the_first_are_named(town: Town) -> None:
    town.rules(
        "\n".join(
            f"- {{id: r{n}, si: {{contient: [banc], expediteur: elu}}, alors: {{urgence: haute}}}}"
            for n in range(12)
        )
    )
    said = told(town, "{texte: un banc, commune: Nantes, categorie: bruit}")
    assert "  - qui écrit (règles r0, r1, r2 et 9 autres)\n" in said


def test_what_held_comes_before_what_nearly_did_then_words_then_what_was_missing(
    town: Town,
) -> None:
    town.rules(
        """
        - {id: bancs, si: {contient: [banc]}, alors: {responsable: routes}}
        - {id: peints, si: {contient: [banc], canal: sms}, alors: {urgence: haute}}
        - {id: elus, si: {contient: [banc], expediteur: elu}, alors: {urgence: haute}}
        - {id: lampes, si: {contient: [lampadaire]}, alors: {urgence: basse}}
        """
    )
    said = told(town, "{texte: un banc sous le lampadère, commune: Nantes, canal: web}")
    parts = (
        "Routes nationales est responsable par la règle « bancs »",
        "Règles qui s'appliquent :",
        "Règles proches qui ne s'appliquent pas :",
        "Mots trouvés : ",
        "Fautes de frappe corrigées : ",
        "Faits qui manquent :",
        "Version des règles : ",
    )
    places = [said.index(part) for part in parts]
    assert places == sorted(places)


def test_of_the_rules_that_nearly_held_the_five_nearest_are_told(town: Town) -> None:
    one = "- {{id: r{0}, si: {{contient: [banc], canal: sms}}, alors: {{urgence: haute}}}}\n"
    town.rules("".join(one.format(number) for number in range(9)))
    said = told(town, "{texte: un banc, commune: Nantes, canal: web}")
    assert ("  - r4 : " in said, "  - r5 : " in said) == (True, False)


def test_a_word_found_in_two_spellings_is_told_once(town: Town) -> None:
    town.rules("- {id: a, si: {contient: [clôture, cloture]}, alors: {urgence: haute}}")
    assert "Mots trouvés : clôture\n" in told(town, "{texte: une clôture, commune: Nantes}")


def test_who_has_the_parts_is_told_in_one_sentence(town: Town) -> None:
    town.rules(
        "- {id: a, si: {contient: [banc]}, alors: {repartir: ["
        "{part: banc, responsable: mairie-du-lieu}, {part: sol, responsable: voirie-m}]}}"
    )
    said = told(town, "{texte: un banc, commune: Nantes}")
    assert said.startswith(
        "Guichet est responsable de coordonner les 2 parties de la demande, par la règle « a »."
    )
    assert "Parties : banc → Mairie de Nantes, sol → Voirie\n" in said


def test_a_place_outside_is_told_in_one_sentence(town: Town) -> None:
    town.rules("- {id: a, si: {contient: [banc]}, alors: {responsable: routes}}")
    said = told(town, "{texte: un banc, commune: Angers}")
    assert said.startswith(
        "Guichet est responsable par défaut, car le lieu est hors du territoire."
    )


_PLAIN = st.text("abc é$=*-", min_size=1, max_size=8).map(str.strip).filter(bool)
_VALUES = st.recursive(
    _PLAIN,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["heures", "dans", "mots"]), inner, min_size=1, max_size=3
        )
    ),
    max_leaves=8,
)


def shown(value: Written) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(shown, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {shown(own)}" for key, own in value.items()) + "}"
    return value


@given(_VALUES)
def test_a_value_is_read_back_as_it_was_written(value: Written) -> None:
    assert read_back(shown(value)) == value
    if isinstance(value, list):
        assert elements(shown(value)) == [shown(one) for one in value]


def test_english_keys_are_read_back_under_french_ones() -> None:
    assert read_back("{hours: 22h-6h, days: [sam]}") == {"heures": "22h-6h", "jours": ["sam"]}
