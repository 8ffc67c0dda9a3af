"""Cases of mail filters' test suites (Sieve), told as messages to a city.

Sources: dovecot/pigeonhole, tests/match-types (contains, is, matches), tests/test-allof.svtest,
tests/control-if.svtest, tests/extensions/relational/basic.svtest, tests/extensions/date (basic,
date-parts, zones), tests/extensions/body/text.svtest, LGPL-2.1; RFC 5228, 5231 and 5260; read in
November 2026, nothing copied. Where Sieve looks for letters, rules look for words: what differs
is said at the case.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from itertools import product

import pytest
from rules_town import Town

from rules.decide import decide

MESSAGE = "Signalé par stephan@exemple.org : f fr fro frop frob frobn frobnitzn"


def rule(town: Town, si: str, more: str = "") -> None:
    town.rules(f"- {{id: a, si: {si}, alors: {{responsable: routes}}{more}}}")


def holds(town: Town, case: str) -> bool:
    return town.decide(case).owner == "routes"


@pytest.mark.parametrize(
    ("word", "found"),
    [
        pytest.param("stephan@exemple.org", True, id="full"),
        pytest.param("stephan", True, id="begin, a word of its own"),
        pytest.param("exemple.org", True, id="end"),
        pytest.param("frobnitzn", True, id="similar beginnings"),
        pytest.param("EXEMPLE", True, id="case-insensitive"),
        pytest.param("frob@exemple.org", False, id="no match full"),
        pytest.param("frobnitzm*", False, id="no match end"),
        pytest.param("stephan exemple", True, id="the sign between two words is no word"),
        pytest.param("exemple stephan", False, id="words keep their order"),
        pytest.param("steph", False, id="a piece of a word is no word, unlike in Sieve"),
        pytest.param("tephan", False, id="nor is its end"),
        pytest.param("steph*", True, id="unless its beginning is asked for"),
        pytest.param("frobn*", True, id="a beginning that is itself a word"),
        pytest.param("=frop", True, id="is: the word itself"),
        pytest.param("=signale", False, id="is: accents count"),
        pytest.param("=signalé", True, id="is: with its accent"),
        pytest.param("signale", True, id="contains: accents are free"),
    ],
)
def test_contains_and_is(word: str, found: bool, town: Town) -> None:
    rule(town, f"{{contient: ['{word}']}}")
    assert holds(town, f'{{texte: "{MESSAGE}", langue: en}}') is found


@pytest.mark.parametrize("word", ['""', "'@'", "'*'", "'='"])
def test_an_empty_key_is_refused_instead_of_matching_everything(word: str, town: Town) -> None:
    rule(town, f"{{contient: [{word}]}}")
    assert len(town.errors) == 1
    assert "ne contient aucun mot" in town.errors[0]


@pytest.mark.parametrize(
    ("words", "text", "found"),
    [
        ("[gagnez votre*]", "gagnez votre argent très vite !!!", True),
        ("[argent vite*]", "gagnez votre argent très vite !!!", False),
        ("[{proche: [argent, vite], mots: 2}]", "gagnez votre argent très vite !!!", True),
        ("[{proche: [vite, argent], mots: 2}]", "gagnez votre argent très vite !!!", True),
        ("[{proche: [gagnez, vite], mots: 3}]", "gagnez votre argent très vite !!!", False),
        ("[voiture, argent]", "gagnez votre argent", True),
        ("[voiture, bateau]", "gagnez votre argent", False),
    ],
)
def test_matches(words: str, text: str, found: bool, town: Town) -> None:
    rule(town, f"{{contient: {words}}}")
    assert holds(town, f'{{texte: "{text}"}}') is found


TRUTHS = list(product((True, False), repeat=3))
WORDS = ("avant", "milieu", "après")


@pytest.mark.parametrize("truth", TRUTHS)
@pytest.mark.parametrize(
    ("key", "law"),
    [("tous", all), ("un_de", any), ("aucun_de", lambda truth: not any(truth))],
)
def test_allof_anyof_and_not_over_every_outcome(key: str, law, truth, town: Town) -> None:
    blocks = ", ".join(f"{{contient: [{word}]}}" for word in WORDS)
    rule(town, f"{{{key}: [{blocks}]}}")
    text = " ".join(word for word, there in zip(WORDS, truth, strict=True) if there)
    assert holds(town, f"{{texte: x {text}}}") is law(truth)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("to from cc subject", True), ("from cc subject", False), ("to cc subject", False),
     ("to from subject", False), ("to from cc", False), ("to cc", False)],
)  # fmt: skip
def test_allof_within_allof(text: str, expected: bool, town: Town) -> None:
    rule(
        town,
        "{tous: [{tous: [{contient: [to]}, {contient: [from]}]},"
        " {tous: [{contient: [cc]}, {contient: [subject]}]}]}",
    )
    assert holds(town, f"{{texte: {text}}}") is expected


@pytest.mark.parametrize(
    ("text", "owner"),
    [
        ("stephan et exemple", "routes"),
        ("stephan", "routes"),
        ("exemple", "voirie-m"),
        ("personne", "guichet"),
    ],
)
def test_if_elsif_else_is_the_order_of_lines(text: str, owner: str, town: Town) -> None:
    town.rules("""
        - {id: si, si: {contient: [stephan]}, alors: {responsable: routes}}
        - {id: sinon-si, si: {contient: [exemple, stephan]}, alors: {responsable: voirie-m}}
        """)
    assert town.decide(f"{{texte: {text}}}").owner == owner


@pytest.mark.parametrize(
    ("bounds", "count", "expected"),
    [
        ("{min: 300, max: 300}", 300, True), ("{min: 2, max: 2}", 300, False),
        ("{max: 1}", 300, False), ("{max: 300}", 300, True), ("{max: 302}", 300, True),
        ("{max: 00302}", 302, True), ("{min: 301}", 300, False), ("{min: 2}", 2, True),
        ("{min: 002}", 2, True), ("{min: 3}", 2, False), ("2", 2, True), ("2", 1, False),
    ],
)  # fmt: skip
def test_counts_and_bounds(bounds: str, count: int, expected: bool, town: Town) -> None:
    """:value and :count with eq, lt, le, gt, ge; both bounds belong to the range."""
    rule(town, f"{{confirmations: {bounds}}}")
    assert holds(town, f"{{texte: x, confirmations: {count}}}") is expected


@pytest.mark.parametrize(
    ("recu", "expected"),
    [
        pytest.param("{du: 2009-07-20}", True, id="ge equal"),
        pytest.param("{du: 2009-07-19}", True, id="ge greater"),
        pytest.param("{du: 2006-07-22}", True, id="ge much greater"),
        pytest.param("{du: 2009-07-21}", False, id="ge less"),
        pytest.param("{au: 2009-07-20}", True, id="le equal"),
        pytest.param("{au: 2009-07-23}", True, id="le less"),
        pytest.param("{au: 2012-07-22}", True, id="le much less"),
        pytest.param("{au: 2009-07-19}", False, id="le greater"),
        pytest.param("{du: 2009-07-20, au: 2009-07-20}", True, id="is"),
        pytest.param("{du: 1er juillet, au: 31 juillet, chaque_annee: oui}", True, id="month"),
        pytest.param("{du: 1er août, au: 31 août, chaque_annee: oui}", False, id="other month"),
        pytest.param("{jours: [lun]}", True, id="weekday"),
        pytest.param("{jours: [mar, dim]}", False, id="other weekdays"),
        pytest.param("{heures: 21h-22h}", True, id="hour"),
        pytest.param("{heures: 21:44-21:45}", True, id="minute"),
        pytest.param("{heures: 21:45-22:00}", False, id="the next minute"),
        pytest.param("{heures: 20:00-21:44}", False, id="the end of a range is outside"),
    ],
)
def test_dates_and_their_parts(recu: str, expected: bool, town: Town) -> None:
    rule(town, f"{{recu: {recu}}}")
    assert holds(town, '{texte: x, recu: "2009-07-20 21:44:43"}') is expected


@pytest.mark.parametrize("month", ["2009-13-01", "34 Juul 3060", "2009-07-32"])
def test_a_date_that_does_not_exist_is_refused(month: str, town: Town) -> None:
    rule(town, f"{{recu: {{du: {month}}}}}")
    assert len(town.errors) == 1


@pytest.mark.parametrize(
    ("offset", "hours"), [(3, "20:44-20:45"), (2, "21:44-21:45"), (-5, "4:44-4:45")]
)
def test_time_is_that_of_the_territory_wherever_the_sender_is(
    offset: int, hours: str, town: Town
) -> None:
    rule(town, f"{{recu: {{heures: {hours}}}}}")
    zone = timezone(timedelta(hours=offset))
    facts = replace(
        next(t for f in _tried(town) for t in f.trials).facts,
        received_at=datetime(2009, 7, 20, 21, 44, 43, tzinfo=zone),
    )
    assert decide(town.ruleset(), facts).owner == "routes"


def _tried(town: Town):
    town.trial("{texte: x}")
    return town.ruleset().configuration.files


@pytest.mark.parametrize(
    ("case", "found"),
    [
        ("{texte: dites bonjour}", True),
        ("{sujet: dites bonjour, texte: x}", True),
        ("{texte: merci, citation: dites bonjour}", False),
        ("{sujet: dites, texte: bonjour}", False),
        ("{texte: 'dites, bonjour !'}", True),
        ("{texte: 'dites... bonjour'}", True),
        ("{texte: 'dites-bonjour'}", True),
    ],
)
def test_only_what_the_sender_wrote_is_read(case: str, found: bool, town: Town) -> None:
    rule(town, "{contient: [dites bonjour]}")
    assert holds(town, case) is found


@pytest.mark.parametrize(
    ("text", "plain", "heeding"),
    [
        ("il y a des déchets", True, True),
        ("il n'y a pas de déchets", True, False),
        ("sans déchets", True, False),
        ("aucun déchet", True, False),
        ("no déchets", True, False),
        ("plus de gros déchets", True, False),
        ("pas content, des déchets", True, True),
    ],
)
def test_a_word_that_is_denied(text: str, plain: bool, heeding: bool, town: Town) -> None:
    """Sieve has « not » for tests and none for words; a rule may ask to heed the denial."""
    rule(town, "{contient: [déchet]}")
    assert holds(town, f'{{texte: "{text}"}}') is plain
    rule(town, "{contient: [déchet]}", ", ignorer_si_nie: oui")
    assert holds(town, f'{{texte: "{text}"}}') is heeding
