"""What no machine can judge lies before the agents of the desk until one has looked."""

from __future__ import annotations

from dataclasses import replace

import pytest
from test_desk_way import Counter

from router.archive import CaseFilter
from router.delivery import DeliveryState
from router.entry import Outcome, Way
from router.tracking import printed

VOICE = {"spoken": ["voix.ogg"]}


@pytest.fixture
def desk(town):
    town.router = replace(town.router, policy=replace(town.policy, desk="mairie"))
    return Counter(town)


async def labelled(town, label):
    return [case.id for case in await town.store.cases(CaseFilter(label=label))]


@pytest.mark.parametrize(
    ("said", "label", "why"),
    [
        (VOICE, "a-ecouter", "À écouter : voix.ogg"),
        ({"doubts": ["trop vite"]}, "a-verifier", "À vérifier : trop vite"),
        ({"trust": "failed"}, "a-verifier", "À vérifier : l'expéditeur n'est pas confirmé."),
    ],
)
async def test_it_is_a_task_until_an_agent_has_looked(town, desk, said, label, why):
    case = (await town.hear("ana", "Le lampadaire est éteint", **said)).case
    (task,) = await desk.tasks()
    assert (task.address.kind, task.address.value) == (Way.LOOK, printed(case.number))
    assert task.text == why
    assert await labelled(town, label) == [case.id]
    await desk.send()
    assert [one.id for one in await desk.tasks()] == [task.id]
    await desk.done(task, "seen")
    assert await desk.tasks() == []
    assert (await desk.delivery(task)).state is DeliveryState.DELIVERED
    assert await labelled(town, label) == []
    told = [event.text for event in await town.store.events(case.id) if event.who == "agent anne"]
    assert any("vu par un agent" in text for text in told)


@pytest.mark.parametrize("outcome", [one for one in Outcome if one is not Outcome.SEEN])
async def test_a_task_to_look_at_ends_by_looking_alone(town, desk, outcome):
    await town.hear("ana", "Le lampadaire est éteint", **VOICE)
    (task,) = await desk.tasks()
    said = {"reply": {"by": "sms", "to": "+33612345678"}} if outcome is Outcome.INSTEAD else {}
    await desk.done(task, str(outcome), **said)
    assert [one.id for one in await desk.tasks()] == [task.id]


async def test_a_call_to_make_is_not_ended_by_looking(desk):
    await desk.call()
    (task,) = await desk.tasks()
    await desk.done(task, "seen")
    assert [one.id for one in await desk.tasks()] == [task.id]


async def test_each_spoken_message_is_a_task(town, desk):
    case = (await town.hear("ana", "Le lampadaire est éteint", id="one", **VOICE)).case
    await town.hear("ana", f"encore {printed(case.number)}", id="two", **VOICE)
    assert len(await desk.tasks()) == 2


async def test_without_a_desk_the_label_tells(town):
    case = (await town.hear("ana", "Le lampadaire est éteint", **VOICE)).case
    assert case.labels == ("a-ecouter",)
    assert await labelled(town, "a-ecouter") == [case.id]
    assert await labelled(town, "a-") == []


async def test_the_person_reads_nothing_of_it(town, desk):
    case = (await town.hear("ana", "Le lampadaire est éteint", **VOICE)).case
    written = await town.to("ana")
    assert [one.kind for one in written] == ["acknowledgement"]
    assert all("écouter" not in one.text for one in written)
    assert case.labels == ("a-ecouter",)
