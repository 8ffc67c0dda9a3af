"""Words that no message of the past held are warned of, once the past is long enough to tell."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from rules_town import Town

from router.decision import Facts
from rules.lint.history import FEWEST, Unseen
from rules.problems import Problem, Problems

ANY = Facts(datetime(2026, 11, 24, 9, tzinfo=UTC), language="fr")
RULES = """
- id: banc
  si: {contient: [banc, bancque, encombr*, lampe de rue, "=marché"]}
  alors: {urgence: haute}
- id: gaz
  priorite: danger
  si: {contient: [odeur de gaz]}
  alors: {urgence: immediate}
"""


def seen(town: Town, *texts: str, times: int = FEWEST) -> tuple[Problem, ...]:
    unseen = Unseen(town.rules(RULES).ruleset())
    for start in range(0, times, 50):
        past = [texts[one % len(texts)] for one in range(start, min(start + 50, times))]
        unseen.look(replace(ANY, text=text) for text in past)
    problems = Problems()
    unseen.report(problems)
    return problems.sorted()


def test_words_that_no_message_held_are_told_in_one_sentence_a_rule(town: Town) -> None:
    (problem,) = seen(town, "Deux bancs cassés", "Le marché est fermé")
    assert str(problem) == (
        "regles/metropole.yaml:5:20: Dans la règle « banc », des mots ne se trouvent dans aucune des "
        "200 demandes passées : « bancque », « encombr* », « lampe de rue ». "
        "Vérifiez leur orthographe, ou enlevez-les."
    )
    assert (problem.severity, problem.code) == ("warning", "mot-jamais-vu")


def test_a_word_is_seen_in_any_of_its_forms_and_mistyped(town: Town) -> None:
    texts = ("bancque", "le banc", "un encombrement", "lampes de rue", "marché")
    assert seen(town, *texts) == ()


def test_a_short_past_tells_nothing(town: Town) -> None:
    assert seen(town, "bonjour", times=FEWEST - 1) == ()
    assert len(seen(town, "bonjour")) == 1
    assert seen(town, "") == ()


def test_words_of_danger_may_wait_for_ever(town: Town) -> None:
    assert all("odeur de gaz" not in str(one) for one in seen(town, "bonjour"))
