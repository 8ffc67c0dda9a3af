"""A rule that decides only later still has its text sent, once, to the person himself."""

from __future__ import annotations

import re

import pytest

RULES = """
- {id: bennes, si: {contient: [benne], commune: Rezé},
   alors: {responsable: voirie-m, repondre: merci}}
"""
TEXT = re.compile(r"Merci [0-9A-Z]{4}-")


@pytest.fixture
async def ruled(tmp_path, store, ids):
    from ruled import Ruled

    made = Ruled(tmp_path, store, ids)
    await made.rule(RULES)
    return made


async def said(ruled, person="ana") -> list[bool]:
    """Tell of each message to a person whether it has the text of the rule."""
    return [bool(TEXT.search(one.text)) for one in await ruled.sent(person)]


async def add(ruled, case, text, **more) -> None:
    await ruled.hear("ana", text, refs=list(case.reporters[0].refs), **more)


async def test_the_text_is_sent_once_when_the_place_is_known(ruled):
    case = (await ruled.hear("ana", "Une benne déborde")).case
    await add(ruled, case, "À Rezé")
    assert (await ruled.case(case)).owner == "voirie-m"
    await add(ruled, case, "La benne déborde toujours à Rezé")
    assert await said(ruled) == [False, True, False]


async def test_a_text_that_stood_in_the_receipt_is_not_repeated(ruled):
    case = (await ruled.hear("ana", "Une benne déborde à Rezé")).case
    await add(ruled, case, "La benne déborde toujours")
    assert await said(ruled) == [True, False]


async def test_a_public_receipt_says_nothing_of_it_and_a_private_message_does(ruled):
    case = (await ruled.hear("ana", "Une benne déborde à Rezé", public=True)).case
    await add(ruled, case, "Elle déborde toujours")
    assert await said(ruled) == [False, True]


async def test_a_rule_promises_nothing_for_a_service_that_keeps_the_case(ruled):
    case = (await ruled.hear("ana", "Une benne déborde")).case
    await ruled.act(case, "accept")
    await add(ruled, case, "À Rezé")
    assert (await ruled.case(case)).owner == case.owner != "voirie-m"
    assert not any(await said(ruled))
