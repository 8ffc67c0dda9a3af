"""Laws of the way of a message: whatever people, services and the clock do, in whatever order."""

from __future__ import annotations

import asyncio
import tempfile

from hypothesis import given, settings
from hypothesis import strategies as st
from town import Town

from router.archive import Action, CaseFilter
from router.case import Reporter
from router.delivery import DeliveryKind
from router.tokens import PARTNER
from router.tracking import printed

PEOPLE = ("ana", "bob")
TEXTS = (
    "Le lampadaire est éteint",
    "La poubelle déborde",
    "ça sent le gaz",
    "voiture sur le trottoir à Rezé",
    "où est mon colis",
    "c'est flou",
    "rue Scribe",
    "toujours rien",
    "merci",
    "aidez moi",
)
said = st.tuples(st.just("say"), st.sampled_from(PEOPLE), st.sampled_from(TEXTS))
named = st.tuples(st.just("name"), st.sampled_from(PEOPLE), st.integers(0, 3))
other = st.tuples(st.sampled_from(("stop", "help", "blocked")), st.sampled_from(PEOPLE))
edited = st.tuples(st.just("edit"), st.sampled_from(PEOPLE), st.sampled_from(TEXTS))
acted = st.tuples(
    st.just("act"),
    st.integers(0, 3),
    st.sampled_from(("accept", "progress", "refuse", "close", "reply", "rude")),
    st.sampled_from(("", "Nous passons demain.")),
)
passed = st.tuples(st.just("pass"), st.sampled_from((0.1, 2.0, 6.0)))
steps = st.lists(st.one_of(said, said, named, other, edited, acted, passed), max_size=12)


async def _play(town: Town, step: tuple) -> None:
    cases = list(await town.store.cases(CaseFilter()))
    match step:
        case ("say", person, text):
            await town.hear(person, text)
        case ("name", person, which) if cases:
            number = printed(cases[which % len(cases)].number)
            await town.hear(person, f"où en est la demande {number} ?")
        case ("edit", person, text):
            await town.hear(person, text, kind="edit", edited="m1")
        case ("act", which, act, text) if cases:
            chosen = cases[which % len(cases)]
            token = town.signer.sign(PARTNER, chosen.number, chosen.owner)
            if act == "reply":
                await town.hear("service", text or "Fait.", tokens=[token])
            else:
                await town.hear("web", kind="act", token=token, act=act, text=text, reason=text)
        case ("pass", days):
            town.clock.pass_(days=days)
            await town.clockwork.run_once()
        case (kind, person) if kind in {"stop", "help", "blocked"}:
            await town.hear(person, kind=kind)


async def _law(script: list[tuple]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        town = Town(folder)
        await town.store.open()
        try:
            for step in script:
                await _play(town, step)
            assert town.errors == []
            lines = await town.store.journal()
            assert all(line.action is not None for line in lines)
            assert not [line for line in lines if line.action is Action.QUARANTINE]
            await _each_case(town)
        finally:
            await town.store.close()


async def _each_case(town: Town) -> None:
    for case in await town.store.cases(CaseFilter()):
        assert town.rules.service(case.owner) is not None
        people = {reporter.address for reporter in case.reporters}
        for delivery in await town.store.deliveries(case.id):
            if delivery.service is None:
                assert delivery.address in people or delivery.automatic
            if delivery.kind is DeliveryKind.ANSWER:
                assert delivery.address in _answered(case.reporters)


def _answered(reporters: tuple[Reporter, ...]) -> set:
    return {r.address for r in reporters if r.role == "reporter"}


@given(steps)
@settings(max_examples=40, deadline=None)
def test_nothing_is_lost_and_every_answer_goes_to_a_reporter_on_his_own_channel(script):
    asyncio.run(_law(script))
