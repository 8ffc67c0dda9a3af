"""What a receipt says of silence stays said, whatever rules are published later."""

from __future__ import annotations

from datetime import date

import pytest
from rules_town import CATEGORIES

from router.rights import Silence
from router.words.receipts import rights_of

LIGHTS = "id: eclairage, famille: eclairage, silence: "
TEXT = "Je demande un lampadaire devant le 3 rue de la Poterie à Rezé"


@pytest.fixture
async def ruled(tmp_path, store, ids):
    from ruled import Ruled

    return Ruled(tmp_path, store, ids)


async def silence(ruled, lights: str, roads: str = "sans objet") -> None:
    """Publish what silence means for requests about lights, and about roads."""
    said = CATEGORIES.replace(f"{LIGHTS}sans objet", f"{LIGHTS}{lights}")
    said = said.replace(
        "famille: voirie\n    silence: sans objet", f"famille: voirie\n    silence: {roads}"
    )
    ruled.town.write("categories.yaml", said)
    await ruled.rule("[]")


@pytest.mark.parametrize("later", ["rejet après 6 mois", "acceptation après 2 mois", "sans objet"])
async def test_rules_that_are_published_later_change_no_promise(later, ruled):
    await silence(ruled, "rejet après 2 mois")
    case = (await ruled.hear("ana", TEXT)).case
    [receipt] = await ruled.sent("ana")
    assert "24/01/2027" in receipt.text

    await silence(ruled, later)
    await ruled.hear("ana", "C'est très sombre", refs=list(case.reporters[0].refs))

    case = await ruled.case(case)
    rights = rights_of(ruled.rulebook, case)
    assert (rights.silence, rights.on) == (Silence.REFUSED, date(2027, 1, 24))
    assert "24/" not in (await ruled.sent("ana"))[-1].text
    new = (await ruled.hear("bob", TEXT)).case
    assert rights_of(ruled.rulebook, new) != rights


async def test_a_promise_that_was_not_made_yet_is_that_of_the_rules_of_now(ruled):
    await silence(ruled, "sans objet")
    case = (await ruled.hear("ana", TEXT)).case
    assert rights_of(ruled.rulebook, case) is None
    await silence(ruled, "rejet après 2 mois")
    assert rights_of(ruled.rulebook, await ruled.case(case)).on == date(2027, 1, 24)


async def test_another_category_promises_otherwise_and_it_is_told(ruled):
    await silence(ruled, "rejet après 2 mois", roads="rejet après 3 mois")
    case = (await ruled.hear("ana", TEXT)).case
    words = "et aussi la chaussée : un nid-de-poule sur la chaussée"
    await ruled.hear("ana", words, refs=list(case.reporters[0].refs))

    case = await ruled.case(case)

    assert case.category == "voirie"
    assert rights_of(ruled.rulebook, case).on == date(2027, 2, 24)
    assert "24/02/2027" in (await ruled.sent("ana"))[-1].text
