"""The number that a service gave a case, quoted by the person who reported it, and by others."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from router.archive import Action
from router.message import Address, Message
from router.tokens import PARTNER
from router.words.their_numbers import known_as, quoted

ANA = Address("memory", "town", "ana")


async def numbered(town, number="SR-2026-00123"):
    """Have Ana report a lamp that its service gives a number, and a bin after it."""
    case = (await town.hear("ana", "le lampadaire est éteint")).case
    token = town.signer.sign(PARTNER, case.number, case.owner)
    await town.hear("agent", kind="act", token=token, act="reference", reference=number)
    other = (await town.hear("ana", "la poubelle est pleine")).case
    assert other.id != case.id
    return case


@pytest.mark.parametrize(
    "said",
    [
        {"text": "Où en est le dossier SR-2026-00123 ?"},
        {"text": "sr 2026 00123, toujours rien"},
        {"text": "Votre référence : SR2026/00123."},
        {"text": "Bonjour, où en êtes-vous ?", "subject": "RE: [SR-2026-00123] votre demande"},
    ],
)
async def test_a_reporter_who_quotes_the_number_of_a_service_is_heard_on_that_case(town, said):
    case = await numbered(town)
    heard = await town.hear("ana", **said)
    assert (heard.action, heard.case.id) == (Action.APPEND, case.id)
    assert heard.reason == "numéro du service dans le message de la personne"


@pytest.mark.parametrize("number", ["SR-2026-00123", "4711", "123"])
async def test_such_a_number_is_no_secret_and_says_nothing_from_anybody_else(town, number):
    case = await numbered(town, number)
    heard = await town.hear("bob", f"Où en est le dossier {number}, rue Scribe ?")
    assert heard.case.id != case.id
    assert (await town.store.case_by_id(case.id)).reporters == case.reporters


async def test_a_number_as_short_as_that_of_a_house_is_not_looked_for(town):
    await numbered(town, "12")
    assert quoted(Message(ANA, "m", town.clock.now(), text_shown="12 rue Scribe")) == ()
    assert known_as(ANA, "12") == ""


async def test_a_number_given_with_the_act_itself_is_known_too(town):
    case = (await town.hear("ana", "le lampadaire est éteint")).case
    token = town.signer.sign(PARTNER, case.number, case.owner)
    await town.hear("agent", kind="act", token=token, act="accept", reference="N° 638 344")
    heard = await town.hear("ana", "la poubelle est pleine, dossier 638344")
    assert heard.case.id == case.id
    assert (await town.store.case_by_id(case.id)).partner_ref == "N° 638 344"


@given(st.text(max_size=60), st.text(max_size=60))
@example("", "AAA²")
def test_a_number_is_found_again_wherever_it_stands(before, number):
    from town import START

    known = known_as(ANA, number)
    alone = Message(ANA, "m", START, text_shown=number)
    among = Message(ANA, "m", START, subject=number, text_shown=before)
    assert len(quoted(among)) <= 16
    assert all(ref.startswith("theirs:") for ref in quoted(alone))
    if known and unicodedata.normalize("NFKC", number).isalnum():
        assert known in quoted(alone)
        assert known in quoted(among)
