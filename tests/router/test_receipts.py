"""Whoever asks for a decision is told what silence will mean, on his channel and in its length."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest
from town import Town, TownReader

from router.case import Status
from router.decision import Nature
from router.rights import Rights, Silence
from router.words.receipts import OWED, rights_of

REFUSED = Rights(date(2026, 11, 24), Silence.REFUSED, date(2027, 1, 24), "Tribunal de Nantes")
ACCEPTED = replace(REFUSED, silence=Silence.ACCEPTED)
DEPENDS = Rights(date(2026, 11, 24), Silence.DEPENDS)


def reading(town: Town, nature: Nature | None) -> None:
    """Have every message read as of one nature."""
    plain = TownReader()

    class Reader:
        def understand(self, message, counter):
            return replace(plain.understand(message, counter), nature=nature)

        def place(self, message, counter):
            return plain.place(message, counter)

    town.router = replace(town.router, understands=Reader())


async def receipt(town: Town, text: str = "lampadaire", nature: Nature | None = None) -> str:
    reading(town, nature)
    await town.hear("ana", text)
    return (await town.to("ana"))[0].text


async def test_a_mere_report_is_short_and_names_whom_to_reach(town: Town) -> None:
    text = await receipt(town)
    assert "Pour joindre ce service : 02 40 00 00 00" in text
    assert "refusée" not in text


async def test_a_request_is_told_its_day_the_outcome_the_court_and_the_service(town: Town) -> None:
    town.rules.silences["eclairage"] = REFUSED
    text = await receipt(town, nature=Nature.PROCEDURE)
    assert "arrivée le 24/11/2026" in text
    assert "Sans réponse de notre part le 24/01/2027, elle est refusée." in text
    assert "deux mois pour contester" in text
    assert "Tribunal de Nantes" in text
    assert text.count("02 40 00 00 00") == 1
    assert "Service eclairage" in text


async def test_an_accord_by_silence_tells_of_its_proof_and_of_no_court(town: Town) -> None:
    town.rules.silences["eclairage"] = ACCEPTED
    text = await receipt(town, nature=Nature.PROCEDURE)
    assert "elle est acceptée" in text
    assert "attestation" in text
    assert "contester" not in text
    assert "Tribunal" not in text


async def test_without_a_court_its_sentence_is_left_out(town: Town) -> None:
    town.rules.silences["eclairage"] = replace(REFUSED, court="")
    text = await receipt(town, nature=Nature.PROCEDURE)
    assert "contester" in text
    assert "Adresse du tribunal" not in text


async def test_a_text_message_is_short_and_leads_to_the_rest(town: Town) -> None:
    town.rules.silences["eclairage"] = REFUSED
    town.policy = replace(town.policy, short_channels=frozenset({"memory"}))
    town.router = replace(town.router, policy=town.policy)
    text = await receipt(town, nature=Nature.PROCEDURE)
    assert "24/11/2026" in text
    assert "24/01/2027" in text
    assert "/suivi/" in text
    assert "Tribunal" not in text


@pytest.mark.parametrize("nature", [None, *Nature])
@pytest.mark.parametrize("rights", [REFUSED, ACCEPTED, DEPENDS])
async def test_only_requests_are_decided_by_silence(
    town: Town, nature: Nature | None, rights: Rights
) -> None:
    town.rules.silences["eclairage"] = rights
    reading(town, nature)
    await town.hear("ana", "lampadaire")
    case = town.seen[-1].case
    assert case is not None
    asks = nature in {Nature.PROCEDURE, Nature.APPEAL}
    # what shows no nature may be a request, unless the category itself cannot tell
    unsure = nature in {None, Nature.REPORT} and rights is not DEPENDS
    assert (rights_of(town.rules, case) == rights) is (asks or unsure)


async def test_what_was_passed_on_is_for_the_other_body_to_acknowledge(town: Town) -> None:
    town.rules.silences["trottoir"] = REFUSED
    text = await receipt(town, "le trottoir à Rezé")
    case = town.seen[-1].case
    assert (case.status, case.category) == (Status.PASSED_ON, "trottoir")
    assert "refusée" not in text


async def test_a_public_message_is_told_nothing_of_it(town: Town) -> None:
    town.rules.silences["eclairage"] = REFUSED
    reading(town, Nature.PROCEDURE)
    await town.hear("ana", "lampadaire", public=True)
    assert "24/01/2027" not in (await town.to("ana"))[0].text


async def test_who_says_only_later_what_he_asks_for_is_told_then_and_once(town: Town) -> None:
    town.rules.silences["eclairage"] = REFUSED
    reading(town, None)
    await town.hear("ana", "bonjour")
    await town.hear("ana", "c'est un lampadaire", refs=["x"], tokens=[])
    await town.hear("ana", "lampadaire, toujours")
    texts = [each.text for each in await town.to("ana")]
    assert [("24/01/2027" in text) for text in texts] == [False, True, False]


@pytest.mark.parametrize(
    ("rights", "told"),
    [(REFUSED, {"means": "refused", "on": "2027-01-24"}), (DEPENDS, None)],
)
async def test_the_service_is_told_when_silence_decides(
    town: Town, rights: Rights, told: object
) -> None:
    town.rules.silences["eclairage"] = rights
    reading(town, Nature.PROCEDURE)
    await town.hear("ana", "lampadaire")
    (forward,) = await town.to("eclairage@services.example")
    assert json.loads(forward.data).get("silence") == told


LATER = replace(REFUSED, on=date(2027, 5, 24), court="Tribunal de Rennes")


@pytest.mark.parametrize("now", [None, LATER, ACCEPTED, DEPENDS])
async def test_rules_that_are_published_later_change_nothing_of_what_was_promised(
    town: Town, now: Rights | None
) -> None:
    town.rules.silences["eclairage"] = REFUSED
    await receipt(town, nature=Nature.PROCEDURE)
    town.rules.silences.clear()
    if now is not None:
        town.rules.silences["eclairage"] = now

    await town.hear("ana", "lampadaire, toujours")

    case = town.seen[-1].case
    assert rights_of(town.rules, case) == REFUSED
    first, second = await town.to("eclairage@services.example")
    assert json.loads(first.data)["silence"] == json.loads(second.data)["silence"]
    assert [("Sans réponse" in one.text) for one in await town.to("ana")] == [True, False]


def test_each_meaning_has_its_text() -> None:
    assert set(OWED) == set(Silence)
