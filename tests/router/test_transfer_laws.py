"""Laws between installations: whatever services do and the wire does, a case rests with one of them."""

from __future__ import annotations

import asyncio
import random
import tempfile
from pathlib import Path

from cell_towns import CellTown, said, settle
from hypothesis import given, settings
from hypothesis import strategies as st

from router.archive import Action
from router.cells import MOST_HOPS
from router.work import Timer, TimerKind, Unit

PLANS = {
    "nantes": (("chez-metropole", "chez-region", "eclairage"), ("metropole", "region")),
    "metropole": (("proprete", "chez-region", "chez-nantes"), ("nantes", "region")),
    "region": (("eclairage", "chez-nantes", "chez-metropole"), ("nantes", "metropole")),
}
towns = st.sampled_from(sorted(PLANS))
acted = st.tuples(
    st.just("act"),
    towns,
    st.sampled_from(("accept", "progress", "refuse", "refuse", "close")),
    st.sampled_from(("", "Nous passons demain.")),
)
moved = st.tuples(st.just("move"), towns, st.integers(0, 2))
added = st.tuples(st.just("add"), st.sampled_from(("toujours rien", "ça sent le gaz", "merci")))
ended = st.tuples(st.just("end"), towns, st.integers(0, 1))
wires = st.tuples(st.just("wire"), towns, st.sampled_from(("hold", "double", "shuffle", "calm")))
talk = st.tuples(st.just("talk"), towns)
steps = st.lists(
    st.one_of(acted, acted, moved, moved, added, ended, wires, talk, talk), max_size=14
)


async def _open(folder: str) -> dict[str, CellTown]:
    found = {}
    for name, (owners, others) in PLANS.items():
        (Path(folder) / name).mkdir()
        found[name] = CellTown(Path(folder) / name, name, {"voie": owners[0]}, others)
        await found[name].store.open()
    for name, (_, others) in PLANS.items():
        for other in others:
            found[name].tie(found[other])
    return found


async def _play(world: dict[str, CellTown], number, step: tuple) -> None:
    town = world[step[1]] if step[0] != "add" else world["nantes"]
    case = await town.case(number)
    match step:
        case ("act", _, act, text) if case is not None:
            token = town.signer.sign("p", number, case.owner)
            await town.hear("web", kind="act", token=token, act=act, text=text, reason=text)
        case ("move", name, which) if case is not None:
            town.rules.words = {"voie": PLANS[name][0][which]}
            at = town.clock.now()
            again = Timer(town.ids.next(), case.id, TimerKind.REDECIDE, at, case.generation)
            await town.store.commit([Unit(claims=(), timers=(again,))], at)
            town.clock.pass_(seconds=1)
            await town.clockwork.run_once()
        case ("add", text):
            await town.hear("ana", f"{number} {text}")
        case ("end", name, which) if case is not None:
            await _end(town, PLANS[name][1][which], number)
        case ("wire", _, how):
            for wire in town.wires.values():
                await _wire(wire, how)
        case ("talk", _):
            await town.post()
            for other in world.values():
                await other.route()


async def _end(town: CellTown, other: str, number) -> None:
    await town.store.accept([said(town, other, {"word": "end", "number": number, "epoch": 0})])
    await town.route()


async def _wire(wire, how: str) -> None:
    wire.holding = how == "hold"
    wire.copies = 2 if how == "double" else 1
    if how == "shuffle":
        random.Random(len(wire.held)).shuffle(wire.held)
    if how in {"shuffle", "calm"}:
        await wire.other.store.accept(wire.held)
        wire.held = []


async def _law(script: list[tuple]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = await _open(folder)
        try:
            number = (await world["nantes"].hear("ana", "Un trou dans la voie")).case.number
            for step in script:
                await _play(world, number, step)
            for town in world.values():
                for wire in town.wires.values():
                    await _wire(wire, "calm")
            await settle(*world.values())
            await _rests_with_one(world, number)
            await _nothing_is_lost(world)
        finally:
            for town in world.values():
                await town.store.close()


async def _rests_with_one(world: dict[str, CellTown], number) -> None:
    """Follow the case from the first: who has it knows, and whoever has let it go knows that too."""
    cases = {name: await town.case(number) for name, town in world.items()}
    seen, at = ["nantes"], "nantes"
    while (gone := cases[at].gone) is not None:
        there = cases[gone.cell]
        assert gone.cell not in seen
        assert not gone.recalled, f"{at} still waits for {gone.cell}"
        assert there is not None, f"{gone.cell} never heard of what {at} says it has"
        assert gone.accepted, f"{gone.cell} never answered {at}"
        assert (there.came.cell, there.came.ended) == (at, False)
        assert there.came.epoch == cases[at].epoch
        seen.append(gone.cell)
        at = gone.cell
    assert len(seen) <= MOST_HOPS + 1
    for name, found in cases.items():
        if name in seen or found is None:
            continue
        assert found.came is None or found.came.ended, f"{name} takes the case for its own"


async def _nothing_is_lost(world: dict[str, CellTown]) -> None:
    for town in world.values():
        assert town.errors == []
        lines = await town.store.journal()
        assert all(line.action is not None for line in lines)
        assert not [line.reason for line in lines if line.action is Action.QUARANTINE]


@given(steps)
@settings(max_examples=60, deadline=None)
def test_a_case_rests_with_one_installation_whatever_happens(script):
    asyncio.run(_law(script))
