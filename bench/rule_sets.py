"""Makes up rule sets of any size over 600 words, with cases for them: the same at every run."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from router.decision import Facts, Place
from router.geography import CommuneDescription, TerritoryDescription
from rules.compile import RuleSet, compile_rules
from rules.conditions.logic import Block
from rules.conditions.place import Inside
from rules.conditions.words import Contains
from rules.groups import Group
from rules.model import Configuration, Effects, Ref, Rule, RuleFile
from rules.phrases import Phrase
from rules.problems import At
from understanding.territory import Territory

VOCABULARY = 600
CASES = 200
TOLD = 4  # words of the vocabulary in a text
LENGTH = 300  # characters of a text, about
_FILLER = (
    *("bonjour", "depuis", "hier", "devant", "chez", "nous", "encore", "merci", "déjà", "très"),
    *("là", "où", "près", "à", "côté", "c'est", "l'été", "plaît", "s'il", "vous"),
)
_MOMENT = datetime(2026, 11, 24, 9, 15, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Generated:
    """A rule set of so many rules, cases for it, and the seconds that it took to compile."""

    ruleset: RuleSet
    cases: tuple[Facts, ...]
    compile_s: float


def words(chosen: random.Random) -> list[str]:
    """Make up words that no lexicon knows, so that each is its own only form."""
    found: set[str] = set()
    while len(found) < VOCABULARY:
        found.add("".join(chosen.choice("bdfgklmnprstvz") + chosen.choice("aiou") for _ in "1234"))
    return sorted(found)


def with_communes(base: Configuration, count: int) -> Configuration:
    """Add made-up communes, small squares in a grid far from the others, until there are ``count``."""
    known: TerritoryDescription = base.territory
    missing = max(count - len(known.communes), 0)
    added = tuple(_square(number) for number in range(missing))
    return replace(base, territory=replace(known, communes=(*known.communes, *added)))


def _square(number: int) -> CommuneDescription:
    west, south = 10 + number % 40 * 0.05, 40 + number // 40 * 0.05
    east, north = west + 0.04, south + 0.04
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    outline = {"type": "Polygon", "coordinates": [ring]}
    return CommuneDescription(f"99{number:03}", f"Commune {number}", outline)


def generate(
    base: Configuration, geography: Territory, count: int, communes: int = 24
) -> Generated:
    """Make a rule set: each rule in the file of a commune, on two or four words of the 600."""
    chosen = random.Random(count)
    vocabulary = words(chosen)
    codes = [one.insee for one in base.territory.communes][:communes]
    owners = sorted(base.services)
    files = {code: list[Rule]() for code in codes}
    for number in range(count):
        code = chosen.choice(codes)
        files[code].append(_rule(chosen, number, code, vocabulary, owners, len(files[code])))
    kept = tuple(replace(file, rules=(), trials=()) for file in base.files)
    made = tuple(
        RuleFile(f"regles/{code}.yaml", code, At(code), At(code), rules=tuple(rules))
        for code, rules in files.items()
    )
    start = time.process_time()
    ruleset = compile_rules(replace(base, files=(*kept, *made)), geography)
    compiled = time.process_time() - start
    return Generated(ruleset, _cases(chosen, vocabulary, codes), compiled)


def _rule(
    chosen: random.Random,
    number: int,
    code: str,
    vocabulary: list[str],
    owners: list[str],
    line: int,
) -> Rule:
    at = At(f"regles/{code}.yaml", line + 1)
    groups = tuple(
        Group(tuple(_phrase(word) for word in chosen.sample(vocabulary, 2)))
        for _ in range(chosen.choice((1, 2, 2)))
    )
    conditions: list[Any] = [Contains(key="contient_tous", written="", at=at, groups=groups)]
    if chosen.random() < 0.3:
        places = frozenset({code})
        conditions.append(Inside(key="commune", written=code, at=at, territories=places))
    owner = Ref(chosen.choice(owners), at)
    return Rule(
        f"r{number}", at, code, when=(Block(tuple(conditions)),), effects=Effects(owner=owner)
    )


def _phrase(word: str) -> Phrase:
    return Phrase(word, (word,), forms=(frozenset({word}),))


def _cases(
    chosen: random.Random, vocabulary: list[str], communes: Sequence[str]
) -> tuple[Facts, ...]:
    found = []
    for _ in range(CASES):
        place = Place(communes=(chosen.choice(communes),), source="message")
        text = _text(chosen, vocabulary)
        found.append(
            Facts(received_at=_MOMENT, text=text, language="fr", place=place, channel="sms")
        )
    return tuple(found)


def _text(chosen: random.Random, vocabulary: list[str]) -> str:
    text = chosen.sample(vocabulary, TOLD)
    while sum(len(word) + 1 for word in text) < LENGTH:
        text.append(chosen.choice(_FILLER))
    chosen.shuffle(text)
    return " ".join(text)
