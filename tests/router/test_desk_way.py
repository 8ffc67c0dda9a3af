"""The desk: what an agent enters becomes a case, and what he reads or posts becomes a delivery."""

from __future__ import annotations

import json

import pytest
from town import START, Town, TownSender

from channels.desk import Desk, DeskSettings
from router.archive import Action, CaseFilter
from router.case import EventKind, Status, Visibility
from router.delivery import DeliveryKind, DeliveryState
from router.handling.desk import is_task
from router.message import Address
from router.outbox import Courier
from router.tokens import PARTNER
from router.tracking import printed

PHONE = "+33240000000"
WAITING = (DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.DEFERRED)


class Counter:
    """A desk of the town, and its list of tasks."""

    def __init__(self, town) -> None:
        self.town = town
        settings = DeskSettings(email_account="ville@town.example", sms_account="+33756000044")
        self.channel = Desk(settings, "mairie")
        town.router.readers["desk", "mairie"] = self.channel

    async def says(self, **said):
        """Have something entered and routed; gives what became of it."""
        self.town.seen.clear()
        raw = json.dumps({"agent": "anne", **said}).encode()
        [envelope] = self.channel.open_raw(raw, self.town.clock.now())
        assert envelope.note == ""
        await self.town.store.accept([envelope])
        while await self.town.router.run_once():
            pass
        return self.town.seen[-1] if self.town.seen else None

    async def call(self, text="Le lampadaire est éteint", by="callback", to=PHONE, **said):
        reply = {"by": by, "to": to}
        return await self.says(**{"source": "call", "text": text, "reply": reply, **said})

    async def done(self, task, outcome, **said):
        return await self.says(kind="done", task=task.id, outcome=outcome, **said)

    async def tasks(self):
        return [one for one in await self.town.store.list_deliveries(WAITING, 100) if is_task(one)]

    async def send(self):
        role = "send:desk|mairie"
        courier = Courier(role, self.channel, self.town.store, self.town.clock, self.town.ids)
        return await courier.run_once()

    async def delivery(self, task):
        every = await self.town.store.list_deliveries(list(DeliveryState), 100)
        return next(one for one in every if one.id == task.id)


@pytest.fixture
def desk(town):
    return Counter(town)


async def answered(town, case, text="Une équipe passe demain."):
    token = town.signer.sign(PARTNER, case.number, case.owner)
    await town.hear("eclairage@services.example", text, tokens=[token])


async def notes(town, case):
    return [each for each in await town.store.events(case.id) if each.kind is EventKind.NOTE]


# --- entering ------------------------------------------------------------------------------------


async def test_a_call_is_a_case_of_the_service_in_charge(town, desk):
    worked = await desk.call(name="Mme Martin")
    assert worked.action is Action.CREATE
    assert (worked.case.channel, worked.case.owner) == ("desk", "eclairage")
    [person] = worked.case.reporters
    assert (person.name, person.address.value) == ("Mme Martin", PHONE)


async def test_the_case_says_who_entered_it_and_who_chose_the_reply(town, desk):
    case = (await desk.call(by="sms", to="0612345678")).case
    [note] = await notes(town, case)
    assert note.who == "agent anne"
    assert note.text == "Saisi au guichet : appel. Réponse par SMS, choisie à la saisie."
    assert note.visibility is Visibility.INTERNAL
    assert json.loads(note.data) == {"source": "call", "reply": "sms|+33756000044||+33612345678"}


async def test_no_line_and_no_word_that_a_citizen_reads_names_the_agent(town, desk):
    case = (await desk.call()).case
    await desk.done((await desk.tasks())[0], "read")
    await answered(town, case)
    for event in await town.store.events(case.id):
        if event.visibility is Visibility.CITIZEN:
            assert "anne" not in event.who + event.text + event.data
    for delivery in await town.store.deliveries(case.id):
        if delivery.service is None:
            assert "anne" not in delivery.text + delivery.data


async def test_the_service_is_told_the_source_the_agent_and_whom_it_concerns(town, desk):
    await desk.call(source="relay", behalf_of="Mme Durand, 2e étage")
    [sheet] = [json.loads(one.data) for one in await town.waiting() if one.service]
    assert sheet["entry"] == {
        "source": "relay",
        "agent": "anne",
        "behalf_of": "Mme Durand, 2e étage",
    }


async def test_who_reports_for_a_neighbour_gets_the_answers_himself(town, desk):
    case = (await desk.call(name="Paul", behalf_of="Mme Durand")).case
    assert [person.name for person in case.reporters] == ["Paul"]
    assert case.entry.behalf_of == "Mme Durand"
    await answered(town, case)
    assert {one.address.value for one in await desk.tasks()} == {PHONE}


async def test_the_same_entry_twice_is_one_case(town, desk):
    first = await desk.call(id="1")
    assert await desk.call(id="1") is None
    assert await desk.call(id="1", agent="paul") is not None
    assert len(await town.store.journal()) == 2
    assert first.case is not None


async def test_a_number_that_the_person_gives_leads_to_his_case(town, desk):
    case = (await desk.call()).case
    more = await desk.call(text="C'est le numéro 12.", case=printed(case.number))
    assert (more.action, more.case.id) == (Action.APPEND, case.id)
    assert "C'est le numéro 12." in more.case.text


async def test_who_is_answered_by_his_number_leaves_no_task(town, desk):
    case = (await desk.call(by="page", to="")).case
    await answered(town, case)
    assert await desk.tasks() == []
    await desk.send()
    states = {one.state for one in await town.store.deliveries(case.id) if not one.service}
    assert states == {DeliveryState.SENT}


# --- missed calls --------------------------------------------------------------------------------


async def test_a_missed_call_is_rung_back_and_no_words_are_made_up(town, desk):
    at = "2026-11-24T08:05:00+01:00"
    reply = {"by": "callback", "to": PHONE}
    worked = await desk.says(source="missed_call", reply=reply, received_at=at)
    assert (worked.action, worked.case) == (Action.ASK, None)
    [task] = await desk.tasks()
    assert (task.address.value, task.kind) == (PHONE, DeliveryKind.QUESTION)
    assert json.loads(task.data) == {"missed_at": "2026-11-24T08:05:00+01:00"}


async def test_the_task_of_a_missed_call_ends_as_any_other(town, desk):
    await desk.says(source="missed_call", reply={"by": "callback", "to": PHONE})
    [task] = await desk.tasks()
    await desk.done(task, "read")
    assert await desk.tasks() == []
    assert (await desk.delivery(task)).state is DeliveryState.DELIVERED


async def test_missed_calls_spend_no_budget_of_automatic_answers(town, desk):
    for number in range(30):
        await desk.says(id=str(number), source="missed_call", reply={"by": "callback", "to": PHONE})
    assert len(await desk.tasks()) == 30


# --- tasks ---------------------------------------------------------------------------------------


async def test_an_answer_waits_for_an_agent_however_long_that_takes(town, desk):
    case = (await desk.call()).case
    await answered(town, case)
    for _ in range(60):
        await desk.send()
        town.clock.pass_(hours=1, minutes=5)
    waiting = await desk.tasks()
    assert {one.state for one in waiting} == {DeliveryState.DEFERRED}
    assert [one.kind for one in waiting] == [DeliveryKind.ACKNOWLEDGEMENT, DeliveryKind.ANSWER]


@pytest.mark.parametrize(
    ("outcome", "by", "state", "told"),
    [
        ("read", "callback", DeliveryState.DELIVERED, "accusé (rappel) : lu au citoyen"),
        ("posted", "letter", DeliveryState.SENT, "accusé (courrier) : posté"),
    ],
)
async def test_what_the_agent_has_done_ends_the_task_and_stands_on_the_case(
    town, desk, outcome, by, state, told
):
    to = PHONE if by == "callback" else "12, rue de la Paix, 44000 Nantes"
    case = (await desk.call(by=by, to=to)).case
    [task] = await desk.tasks()
    await desk.send()
    await desk.done(task, outcome)
    assert await desk.tasks() == []
    assert (await desk.delivery(task)).state is state
    last = (await notes(town, case))[-1]
    assert last.who == "agent anne"
    assert last.text == told
    town.clock.pass_(hours=2)
    assert await desk.send() == 0


async def test_a_call_to_make_does_not_end_by_being_posted(town, desk):
    case = (await desk.call()).case
    [task] = await desk.tasks()
    worked = await desk.done(task, "posted")
    assert worked.reason == "rappel : cette tâche ne se termine pas ainsi"
    assert [one.id for one in await desk.tasks()] == [task.id]
    assert "posté" not in (await notes(town, case))[-1].text


async def test_a_call_in_vain_leaves_the_task_in_the_list(town, desk):
    case = (await desk.call()).case
    [task] = await desk.tasks()
    await desk.send()
    for number in range(3):
        await desk.done(task, "unreachable", id=str(number))
        town.clock.pass_(hours=2)
        await desk.send()
    [still] = await desk.tasks()
    assert (still.id, still.error) == (task.id, "injoignable")
    assert len(await notes(town, case)) == 4


async def test_what_cannot_be_told_by_telephone_leaves_by_another_way(town, desk):
    case = (await desk.call()).case
    await answered(town, case)
    receipt, answer = await desk.tasks()
    await desk.done(answer, "instead", reply={"by": "sms", "to": "0612345678"})
    assert [one.id for one in await desk.tasks()] == [receipt.id]
    [sent] = await town.to("+33612345678")
    assert (sent.text, sent.kind, sent.case_id) == (answer.text, answer.kind, case.id)
    now = await town.store.case_by_id(case.id)
    assert [person.address.channel for person in now.reporters] == ["sms"]
    await answered(town, case, "C'est réparé.")
    assert "C'est réparé." in (await town.to("+33612345678"))[-1].text


async def test_who_is_answered_elsewhere_is_so_by_every_part_of_his_case(town, desk):
    await desk.call("Le lampadaire et la poubelle")
    [whole] = [one for one in await town.store.cases(CaseFilter()) if one.parts_open]
    lighting, cleaning = await town.store.children(whole.id)
    await answered(town, lighting)
    answer = (await desk.tasks())[-1]
    await desk.done(answer, "instead", reply={"by": "sms", "to": "0612345678"})
    for part in (lighting, cleaning):
        await answered(town, part, f"C'est fait : {part.owner}.")
        assert part.owner in (await town.to("+33612345678"))[-1].text
    before = len(await town.to("+33612345678"))
    await _stop(town, "+33756000044", "+33612345678")
    await answered(town, cleaning, "C'est vidé.")
    assert len(await town.to("+33612345678")) == before


async def _stop(town, number, person):
    town.router.readers["sms", number] = town.router.readers["memory", "town"]
    said, key = town.envelope("x", kind="stop", confirmed=True), Address("sms", number, person).key
    stop = said.__class__("sms", number, "S1", key, said.payload, said.received_at)
    await town.store.accept([stop])
    await town.router.run_once()


async def test_nothing_leaves_to_an_address_where_the_person_wants_nothing(town, desk):
    await desk.call(by="sms", to="0612345678", text="bonjour")
    await desk.call()
    [task] = await desk.tasks()
    await _stop(town, "+33756000044", "+33612345678")
    before = len(await town.to("+33612345678"))
    await desk.done(task, "instead", reply={"by": "sms", "to": "0612345678"})
    assert len(await town.to("+33612345678")) == before
    assert [one.id for one in await desk.tasks()] == [task.id]


async def test_a_task_that_has_ended_is_not_done_again(town, desk):
    case = (await desk.call()).case
    [task] = await desk.tasks()
    await desk.done(task, "read", id="1")
    count = len(await notes(town, case))
    worked = await desk.done(task, "instead", id="2", reply={"by": "sms", "to": "0612345678"})
    assert worked.reason == "tâche déjà faite"
    assert len(await notes(town, case)) == count
    assert await town.to("+33612345678") == []


async def test_only_deliveries_of_the_desk_are_tasks(town, desk):
    await desk.call()
    [forward] = [one for one in await town.waiting() if one.service]
    assert (await desk.done(forward, "read")).action is Action.IGNORE
    assert (await desk.delivery(forward)).state is DeliveryState.QUEUED


async def test_the_tasks_of_a_desk_are_done_there(town, desk):
    await desk.call()
    [task] = await desk.tasks()
    other = Counter(town)
    other.channel = town.router.readers["desk", "annexe"] = Desk(DeskSettings(), "annexe")
    assert (await other.done(task, "read")).action is Action.IGNORE
    assert [one.id for one in await desk.tasks()] == [task.id]


async def test_an_sms_chosen_by_the_agent_leaves_by_the_number_and_is_answered_there(town, desk):
    case = (await desk.call(by="sms", to="06 12 34 56 78")).case
    sender = TownSender()
    role = "send:sms|+33756000044"
    await Courier(role, sender, town.store, town.clock, town.ids).run_once()
    [(sent, _)] = sender.sent
    assert (sent.address.value, sent.case_id) == ("+33612345678", case.id)
    assert await desk.tasks() == []
    assert (await town.store.case_by_id(case.id)).status is Status.ASSIGNED


async def test_what_is_read_aloud_does_not_ask_to_reply_to_a_message(town, desk):
    case = (await desk.call()).case
    await answered(town, case)
    receipt, answer = await desk.tasks()
    assert printed(case.number) in receipt.text
    for task in (receipt, answer):
        assert "répondez" not in task.text
        assert "http" not in task.text


@pytest.mark.postgresql
async def test_a_letter_is_entered_and_posted_on_postgresql_too(postgres_url):
    town = Town(postgres_url)
    await town.store.open()
    try:
        await town.store.publish({}, town.rules.hash, "test", "test", START)
        desk = Counter(town)
        address = "M. Petit\n14 rue Haute\n44000 Nantes"
        text = "Le lampadaire\x00 est éteint \udcff"
        case = (await desk.call(source="letter", by="letter", to=address, text=text)).case
        await desk.send()
        [task] = await desk.tasks()
        assert (task.state, task.address.value) == (DeliveryState.DEFERRED, address)
        await desk.done(task, "unreachable")
        assert [one.error for one in await desk.tasks()] == ["injoignable"]
        await desk.done(task, "posted")
        assert (await desk.delivery(task)).state is DeliveryState.SENT
        stored = await town.store.case_by_id(case.id)
        assert stored.entry == case.entry
    finally:
        await town.store.close()
