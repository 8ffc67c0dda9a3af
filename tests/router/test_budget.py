"""How much is written automatically: enough for people, never enough for two machines to go on."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from town import Town

MOST, MORE = 3, 2
GAS = "Ça sent le gaz"
WHOM_TO_CALL = "Appelez le 18 ou le 112 tout de suite."


@pytest.fixture
async def town(town: Town) -> Town:
    tight(town)
    return town


def tight(town: Town) -> None:
    policy = replace(town.policy, automatic_per_day=MOST, dangers_per_day=MORE)
    town.router = replace(town.router, policy=policy)


async def spend(town: Town, person: str) -> None:
    for number in range(MOST + 1):
        await town.hear(person, f"La poubelle déborde au numéro {number}")
    assert len(await town.to(person)) == MOST


async def test_whom_to_call_is_told_beyond_the_budget_of_an_address(town: Town) -> None:
    await spend(town, "ana")
    heard = await town.hear("ana", GAS)
    assert heard.reply is not None
    assert heard.reply.text == WHOM_TO_CALL
    assert (await town.to("ana"))[-1] == heard.reply
    assert [delivery.danger for delivery in await town.to("ana")] == [False] * MOST + [True]


async def test_whom_to_call_is_told_in_public_beyond_the_budget(town: Town) -> None:
    await spend(town, "ana")
    heard = await town.hear("ana", GAS, public=True)
    assert heard.reply is not None
    assert heard.reply.text == WHOM_TO_CALL


async def test_whom_to_call_is_told_to_another_person_on_a_case_whose_budget_is_spent(
    town: Town,
) -> None:
    first = await town.hear("ana", GAS, id="first")
    for number in range(MOST):
        await town.hear(f"bob{number}", "Et alors ?", refs=["first"])
    told = await town.hear("zoe", GAS, refs=["first"])
    assert first.case is not None
    assert told.case is not None
    assert told.case.id == first.case.id
    assert told.reply is not None
    assert told.reply.text == WHOM_TO_CALL


async def test_the_same_danger_on_the_same_case_is_told_once_beyond_the_budget(town: Town) -> None:
    await spend(town, "ana")
    first = await town.hear("ana", GAS, id="first")
    again = await town.hear("ana", f"{GAS} encore", refs=["first"])
    assert first.case is not None
    assert again.case is not None
    assert again.case.id == first.case.id
    assert first.reply is not None
    assert again.reply is None


async def test_a_machine_that_cries_danger_is_answered_so_often_a_day_and_an_agent_is_told(
    town: Town,
) -> None:
    for day in (1, 2):
        for number in range(MOST + MORE + 10):
            heard = await town.hear("mirror", f"{GAS} au numéro {number}")
        assert len(await town.to("mirror")) == day * (MOST + MORE)
        assert heard.case is not None
        notes = [event.text for event in await town.store.events(heard.case.id)]
        assert any("qui appeler" in note for note in notes)
        town.clock.pass_(days=1)


said = st.tuples(
    st.sampled_from(("mirror", "other")),
    st.sampled_from((GAS, "La poubelle déborde", "Le lampadaire est éteint, gaz", "c'est flou")),
    st.sampled_from((None, "last")),
)


async def _bounded(script: list[tuple[str, str, str | None]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        town = Town(folder)
        tight(town)
        await town.store.open()
        try:
            last = ""
            for number, (person, text, about) in enumerate(script):
                refs = [last] if about and last else []
                await town.hear(person, f"{text} {number}", id=f"n{number}", refs=refs)
                last = f"n{number}"
            for person in ("mirror", "other"):
                written = await town.to(person)
                assert len(written) <= MOST + MORE
                beyond = written[MOST:]
                assert all(d.text == WHOM_TO_CALL for d in beyond)
                assert len({d.case_id for d in beyond}) == len(beyond)
        finally:
            await town.store.close()


@given(st.lists(said, max_size=25))
@settings(max_examples=20, deadline=None)
def test_whatever_machines_say_they_are_answered_so_often_a_day_and_no_more(script) -> None:
    asyncio.run(_bounded(script))
