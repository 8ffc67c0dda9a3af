"""A number copied wrongly is told, and neither opens an empty case nor hides what else is said."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.archive import Action
from router.decision import Nature
from router.tracking import ALPHABET, RANDOM_BITS, find, from_bits, printed
from router.words.mistyped import has_mistyped_number
from router.words.texts import LANGUAGES, Style, TextId, text

WRONG = "HARY-X3J0-9C8"
TOLD = "mal recopié"


@dataclass(frozen=True)
class Natured:
    """A reader that takes every message for one nature."""

    reads: Any
    nature: Nature

    def understand(self, message, counter):
        return replace(self.reads(message, counter), nature=self.nature)

    def place(self, message, counter):
        return self.understand(message, counter).place


numbers = st.integers(0, 2**RANDOM_BITS - 1).map(from_bits)


@given(numbers, st.integers(0, 10), st.sampled_from([*ALPHABET, "U"]), st.booleans())
def test_any_number_of_ours_with_a_wrong_symbol_is_noticed(number, place, symbol, lower):
    wrong = printed(number[:place] + symbol + number[place + 1 :])
    seen = has_mistyped_number(f"Bonjour, où en est {wrong.lower() if lower else wrong} ?")
    assert seen or wrong.replace("-", "").isdigit() or not re.search(r"\d", wrong)


@pytest.mark.parametrize(
    "said",
    [
        WRONG, WRONG.lower(), "[#HARY-X3J0-9C8] Re: votre demande", "Demande : hary x3j0 9c8", "ABCD-EFGH-JKM ?",
        "ma demande n° HARYX3J09C8", "request number HARYX3J09C8", "case: hary x3j0 9c8", "Dossier HARY.X3J0.9C8",
        "mein Anfrage HARYX3J09C8", "номер обращения HARYX3J09C8", "رقم الطلب HARYX3J09C8", "请求编号HARYX3J09C8",
    ],
)  # fmt: skip
def test_what_is_meant_for_a_number_is_noticed(said):
    assert has_mistyped_number(said)


@pytest.mark.parametrize(
    "said",
    [
        "", "bonjour", "peut-etre-que non", "Bien-sure-que oui", "0240-1234-567", "tél 0240 1234 567", "AB-123-CD",
        "ma demande d'aide 12 rue Scribe", "numéro 02401234567", "le compteur 12AB3456789 fuit", "1234-5678-9012",
        "FR76-1234-5678-901", "le dossier avec tout 123", "numéro de compteur 12A34567890", "AB-ABCD-EFGH-1JK",
        "HARYX3J09C8", "2026-11-27", "demande du 27/11/2026", "le 14bis rue avec tous", "dossier 2026-44109-7",
    ],
)  # fmt: skip
def test_other_numbers_are_left_alone(said):
    assert not has_mistyped_number(said)


@given(st.text(max_size=200))
def test_any_text_has_an_answer(said):
    assert has_mistyped_number(said) in {True, False}


def test_the_wrong_number_of_these_tests_is_wrong():
    assert find(WRONG) == ()


@pytest.mark.parametrize("number", [WRONG, printed(from_bits(12_345_678_901_234))])
async def test_who_only_asks_by_a_number_that_is_none_is_told_and_no_case_is_opened(town, number):
    heard = await town.hear("ana", f"Où en est ma demande {number} ?")
    assert (heard.action, heard.case) == (Action.IGNORE, None)
    [reply] = await town.to("ana")
    assert TOLD in reply.text


async def test_what_else_is_said_is_a_case_and_the_receipt_tells_of_the_number(town):
    heard = await town.hear("ana", f"Le lampadaire est éteint, demande {WRONG}")
    [reply] = await town.to("ana")
    assert (heard.case.owner, TOLD in reply.text) == ("eclairage", True)


@pytest.mark.parametrize("nature", [Nature.APPEAL, Nature.PROCEDURE, Nature.COMPLAINT])
async def test_what_asks_for_a_decision_is_a_case_whatever_its_number(town, nature):
    understand = town.router.understands.understand
    town.router = replace(town.router, understands=Natured(understand, nature))
    heard = await town.hear("ana", f"Recours sur la demande {WRONG}")
    assert heard.case is not None


async def test_many_words_of_nobody_knows_what_are_a_case(town):
    words = "voilà trois mois que nous attendons tous ici que quelqu'un vienne enfin nous aider"
    heard = await town.hear("ana", f"Demande {WRONG} : {words}")
    assert heard.case is not None
    assert TOLD in heard.reply.text


async def test_the_open_case_of_the_same_conversation_is_found_all_the_same(town):
    first = await town.hear("ana", "Le lampadaire est éteint")
    heard = await town.hear("ana", f"toujours éteint, demande {WRONG}")
    assert (heard.action, heard.case.id) == (Action.APPEND, first.case.id)
    assert TOLD in heard.reply.text


async def test_a_right_number_says_nothing_of_the_kind(town):
    first = await town.hear("ana", "Le lampadaire est éteint")
    heard = await town.hear("ana", f"Et {printed(first.case.number)} ? pas {WRONG}")
    assert heard.case.id == first.case.id
    assert TOLD not in heard.reply.text


async def test_a_danger_is_answered_by_whom_to_call_and_asks_for_no_number(town):
    heard = await town.hear("ana", f"odeur de gaz, demande {WRONG}")
    assert heard.action is Action.EMERGENCY
    assert TOLD not in heard.reply.text


async def test_in_public_nothing_is_told_of_numbers(town):
    heard = await town.hear("ana", f"Où en est ma demande {WRONG} ?", public=True)
    assert TOLD not in heard.reply.text


@pytest.mark.parametrize("style", list(Style))
@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_one_sentence_in_every_language(language, style):
    written = text(TextId.MISTYPED, language, style=style).text
    assert len(re.findall(r"[.。!?]", written)) == 1
