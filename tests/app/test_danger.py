"""Dangers as frightened people write them, through the shipped rules, and what only sounds alike."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.rulebook import load_folder
from app.trying.attempt import attempts
from rules.decide import decide

ROOT = Path(__file__).parents[2]
NOON = datetime(2026, 11, 24, 11, tzinfo=UTC)
NUMBER = re.compile(r"(?<!\d)(112|15|17|18|114|115|119|3919)(?!\d)")
FIRST_WORDS = 45  # characters of a reply that a lock screen shows
DANGER, NEAR_MISS = "D", "N"


@dataclass(frozen=True, slots=True)
class Said:
    kind: str
    language: str
    numbers: frozenset[str]
    text: str


def _said(line: str) -> Said:
    head, text = line.split("|", 1)
    kind, language, numbers = head.split()
    return Said(kind, language, frozenset(numbers.split(",")), text)


LINES = (Path(__file__).parent / "danger_messages.txt").read_text("utf-8").splitlines()
SAID = [_said(line) for line in LINES if line and not line.startswith("#")]


@pytest.fixture(scope="module")
def heard() -> list[tuple[Said, Mapping[str, Any]]]:
    return asyncio.run(_heard())


async def _heard() -> list[tuple[Said, Mapping[str, Any]]]:
    async with attempts(load_folder(ROOT / "config")) as attempt:
        return [
            (said, await attempt.run(_sms(place, said), NOON)) for place, said in enumerate(SAID)
        ]


def _sms(place: int, said: Said) -> dict[str, str]:
    sender, counter = f"+336{10_000_000 + place}", "+33756000044"
    return {"channel": "sms", "from": sender, "to": counter, "text": said.text}


def test_no_danger_is_missed(heard) -> None:
    dangers = [(said, result) for said, result in heard if said.kind == DANGER]
    assert len(dangers) >= 600
    missed = [said for said, result in dangers if result["action"] != "emergency"]
    assert not missed


def test_the_first_words_of_the_reply_are_a_number_that_a_professional_would_give(heard) -> None:
    for said, result in heard:
        if said.kind == DANGER:
            (reply,) = result["replies"]
            first = NUMBER.match(reply["text"])
            assert first, reply
            assert said.numbers & set(NUMBER.findall(reply["text"][:FIRST_WORDS])), (said, reply)


def test_the_reply_is_in_the_language_of_the_person(heard) -> None:
    dangers = [(said, result) for said, result in heard if said.kind == DANGER]
    other = [said for said, result in dangers if result["replies"][0]["language"] != said.language]
    assert len(other) <= 0.01 * len(dangers), other


def test_what_only_sounds_like_a_danger_is_none(heard) -> None:
    near = [(said, result) for said, result in heard if said.kind == NEAR_MISS]
    assert len(near) >= 400
    alarms = [said for said, result in near if result["action"] == "emergency"]
    assert not alarms


@pytest.mark.parametrize(
    "text",
    [
        "Mon voisin frappe sa femme, elle crie à l'aide, rue Scribe à Nantes",
        "My neighbour is hitting his wife, she is screaming for help, rue Scribe in Nantes",
    ],
)
async def test_a_neighbour_who_hears_a_beating_reads_each_number_once(text) -> None:
    async with attempts(load_folder(ROOT / "config")) as attempt:
        result = await attempt.run({"channel": "email", "from": "a@b.example", "text": text}, NOON)
    danger = re.split(r"Bonjour|Hello", result["replies"][0]["text"])[0]
    numbers = NUMBER.findall(danger)
    assert numbers[:4] == ["17", "112", "114", "3919"]
    assert len(numbers) == len(set(numbers)), danger
    assert not re.search("pas responsable|your fault", danger)


def test_no_danger_of_the_shipped_rules_is_left_without_somebody_who_is_reminded() -> None:
    """A person in danger is promised no days, so that no deadline would remind anybody either."""
    ruleset = load_folder(ROOT / "config").ruleset
    tried = [trial for file in ruleset.configuration.files for trial in file.trials]
    dangers = [one for one in (decide(ruleset, trial.facts) for trial in tried) if one.danger]
    assert len(dangers) > 20
    forgotten = {one.rule for one in dangers if one.escalation is None and one.delay is None}
    assert forgotten == set()
    after = {one.escalation.after for one in dangers if one.escalation is not None}
    assert after == {"2 heures"}
