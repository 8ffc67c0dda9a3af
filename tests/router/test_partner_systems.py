"""A service with a system of its own: cases go there, its words come back by the number it gave."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from town import SERVICES, Town, TownRules, TownSender

from channels.breaker import Breaker
from router.archive import Action
from router.case import EventKind, Status, Visibility
from router.decision import ServiceId
from router.delivery import DeliveryKind, Retry
from router.outbox import Courier
from router.policy import Way

URL = "https://open311.lumiere.example"
ROLE = f"send:partner_open311|{URL}"


class LightRules(TownRules):
    """Lighting has a server of its own, and is told of bins."""

    def decide(self, facts, reading=None):
        decision = super().decide(facts)
        if decision.category == "proprete":
            return replace(decision, notify=(ServiceId("eclairage"),))
        return decision

    bins = ""
    """Where cleanliness has a system of its own, if it has."""

    mail = ""
    """Where lighting reads its mail, if it does."""

    def services(self):
        contact = replace(SERVICES[0].contact, email=self.mail)
        light = replace(SERVICES[0], transmit_by="open311", transmit_to=URL, contact=contact)
        bins = SERVICES[1]
        if self.bins:
            bins = replace(bins, transmit_by="webhook", transmit_to=self.bins)
        return (light, bins, *SERVICES[2:])

    def service(self, service):
        return next((known for known in self.services() if known.id == service), None)


class Hanging(TownSender):
    """A partner that takes the call and never answers."""

    def __init__(self) -> None:
        super().__init__()
        self.called = asyncio.Event()

    async def send(self, part, idem):
        self.called.set()
        await asyncio.Event().wait()


def _connected(town: Town, **way) -> Town:
    town.rules = LightRules()
    partners = {("open311", URL): Way("partner_open311", URL, **way)}
    town.policy = replace(town.policy, partners=partners)
    town.router = replace(town.router, policy=town.policy)
    return town


async def _handed(town: Town):
    case = (await town.hear("ana", "Le lampadaire est éteint")).case
    sender = TownSender()
    courier = Courier(ROLE, sender, town.store, town.clock, town.ids)
    await courier.run_once()
    [(delivery, _)] = sender.sent
    return case, delivery


async def _news(town: Town, **said):
    return await town.hear("their system", kind="act", token="", forward="provider-1", **said)


async def test_the_case_goes_to_its_own_account_and_no_mail_is_written(town):
    _, delivery = await _handed(_connected(town))
    assert (delivery.address.channel, delivery.address.value) == ("partner_open311", URL)
    assert await town.to("eclairage@services.example") == []


async def test_a_way_that_is_not_connected_is_a_mail(town):
    town.rules = LightRules()
    await town.hear("ana", "Le lampadaire est éteint")
    [delivery] = await town.to(URL)
    assert delivery.address.channel == "partner"


@pytest.mark.parametrize("only_forwards", [True, False])
async def test_what_a_way_cannot_carry_is_a_mail(town, only_forwards):
    _connected(town, only_forwards=only_forwards)
    await town.hear("ana", "La poubelle déborde")
    [notice] = [one for one in await town.waiting() if one.kind is DeliveryKind.NOTICE]
    assert notice.address.channel == ("partner" if only_forwards else "partner_open311")


ADDED = "Il fait des étincelles maintenant"


@pytest.mark.parametrize("additions", [True, False])
@pytest.mark.parametrize("mail", ["eclairage@lumiere.example", ""])
async def test_what_a_person_adds_reaches_the_service_by_a_way_that_carries_it(
    town, additions, mail
):
    _connected(town, only_forwards=True, additions=additions)
    town.rules.mail = mail
    case, _ = await _handed(town)
    heard = await town.hear("ana", ADDED)
    assert heard.case.id == case.id
    told = [one for one in await town.waiting() if one.service == "eclairage"]
    ways = {(one.address.channel, one.address.value) for one in told if ADDED in one.text}
    if additions:
        assert ways == {("partner_open311", URL)}
    else:
        assert ways == ({("partner", mail)} if mail else set())
    # nothing is written to an address by which nobody is reached
    assert {one.address.value for one in told} <= {URL, mail}


async def test_what_no_way_carries_the_desk_hands_on(town):
    _connected(town, only_forwards=True, additions=False)
    await _handed(town)
    heard = await town.hear("ana", ADDED)
    [asked] = [one for one in await town.waiting() if one.kind is DeliveryKind.NOTICE]
    assert asked.service == town.rules.desk.id
    assert "transmettez-lui vous-même" in asked.text
    assert town.rules.desk.id in heard.case.watchers
    events = await town.store.events(heard.case.id)
    assert [e.visibility for e in events if "transmettez-lui" in e.text] == [Visibility.SERVICE]
    again = await town.hear("ana", "Et il penche")
    assert again.case.watchers == heard.case.watchers
    assert len([d for d in await town.waiting() if d.kind is DeliveryKind.NOTICE]) == 2


@pytest.mark.parametrize(
    ("act", "status"),
    [("accept", Status.ACCEPTED), ("progress", Status.IN_PROGRESS), ("close", Status.RESOLVED)],
)
async def test_its_words_find_the_case_by_the_number_it_gave(town, act, status):
    await _handed(_connected(town))
    heard = await _news(town, act=act, text="C'est réparé.", reference="638344")
    assert (heard.action, heard.case.status) == (Action.PARTNER, status)
    assert heard.case.partner_ref == "638344"
    said = [one.text for one in await town.to("ana")]
    assert any("C'est réparé." in text for text in said) or act == "accept"


async def test_its_refusal_gives_the_case_to_the_next_in_charge(town):
    await _handed(_connected(town))
    heard = await _news(town, act="refuse", reason="Ce mât est privé.", reference="638344")
    assert (heard.case.owner, heard.case.status) == ("guichet-metropole", Status.ASSIGNED)
    assert heard.case.partner_ref == ""
    events = await town.store.events(heard.case.id)
    assert [e.text for e in events if e.kind is EventKind.REFUSED] == ["Ce mât est privé."]


async def test_a_number_alone_tells_the_person_nothing_and_is_kept_once(town):
    case, _ = await _handed(_connected(town))
    told = len(await town.to("ana"))
    for _ in range(2):
        heard = await _news(town, act="reference", reference="638344")
    assert (heard.case.partner_ref, heard.case.status) == ("638344", case.status)
    assert len(await town.to("ana")) == told
    events = await town.store.events(case.id)
    assert len([e for e in events if "638344" in e.text]) == 1


async def test_a_note_is_for_those_who_work_on_the_case(town):
    case, _ = await _handed(_connected(town))
    told = len(await town.to("ana"))
    await _news(town, act="note", text="Le code du portail est 12B.")
    events = await town.store.events(case.id)
    assert [e.kind for e in events if "12B" in e.text] == [EventKind.NOTE]
    assert len(await town.to("ana")) == told


async def test_a_partner_that_hangs_holds_up_no_other(town):
    _connected(town)
    own = ("partner_webhook", "https://metier.example")
    partners = {**town.policy.partners, ("webhook", own[1]): Way(*own)}
    town.policy = replace(town.policy, partners=partners)
    town.router = replace(town.router, policy=town.policy)
    town.rules.bins = own[1]
    await town.hear("ana", "Le lampadaire est éteint")
    await town.hear("bob", "La poubelle déborde")
    hanging, quick = Hanging(), TownSender()
    slow = Courier(ROLE, hanging, town.store, town.clock, town.ids)
    fast = Courier(f"send:{own[0]}|{own[1]}", quick, town.store, town.clock, town.ids)
    async with asyncio.TaskGroup() as tasks:
        stuck = tasks.create_task(slow.run_once())
        await hanging.called.wait()
        await fast.run_once()
        assert [delivery.address.account for delivery, _ in quick.sent] == [own[1]]
        assert not stuck.done()
        stuck.cancel()


class Resting(TownSender):
    """A partner that is left alone after two failures, as one process sees it."""

    def __init__(self, clock) -> None:
        super().__init__()
        self.breaker, self.calls, self.down = Breaker(clock, 2, 60.0), 0, True

    async def send(self, part, idem):
        resting = self.breaker.refused()
        return resting or await self.breaker.through(self._call(part, idem))

    async def _call(self, part, idem):
        self.calls += 1
        return Retry("down") if self.down else await super().send(part, idem)


async def test_a_partner_that_one_process_leaves_alone_is_left_alone_by_all(town):
    _connected(town)
    for person in ("ana", "bob", "zoe", "eve"):
        await town.hear(person, "Le lampadaire est éteint")
    one, other = Resting(town.clock), Resting(town.clock)
    first = Courier(ROLE, one, town.store, town.clock, town.ids, lanes=2)
    second = Courier(ROLE, other, town.store, town.clock, town.ids)
    await first.run_once()
    assert (one.calls, one.breaker.open) == (2, True)
    await second.run_once()
    assert other.calls == 0
    one.down = other.down = False
    town.clock.pass_(minutes=10)
    await second.run_once()
    await second.run_once()
    assert len(other.sent) == 4


async def test_news_of_a_case_that_nobody_knows_harms_nothing(town):
    _connected(town)
    heard = await _news(town, act="close", text="Réparé.")
    assert heard.action is Action.IGNORE
    assert town.errors == []
