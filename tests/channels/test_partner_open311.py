"""Cases leave for a partner's Open311 server, and its news comes back as acts of the service."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from channels.partners.open311 import PartnerOpen311, PartnerOpen311Settings
from demo.open311 import Open311Simulator
from router.delivery import Delivery, DeliveryKind, Permanent, Retry, Sent, Unknown
from router.errors import UnreadablePayload
from router.events import PartnerActed
from router.message import Address
from router.ports import HandedOver, Pulled

ACCOUNT = "https://open311.partenaire.example"
NOW = datetime(2026, 11, 26, 10, tzinfo=UTC)
SHEET: dict[str, Any] = {
    "kind": "forward",
    "number_printed": "7K4M-Q2XD-9TC",
    "category": "abribus",
    "category_name": "Abribus abîmé",
    "subject": "Abri",
    "text": "L'abri est cassé. Appelez-moi au 06 12 34 56 78 ou lea@citoyens.example",
    "place": {
        "street": "12 rue Crébillon",
        "postcode": "44000",
        "communes": [{"insee": "44109", "name": "Nantes"}],
        "lat": 47.2135,
        "lon": -1.5624,
    },
}


@dataclass
class Clock:
    """A clock that a test moves."""

    time: datetime = NOW
    ticks: float = 1000.0

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.ticks

    def pass_(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)
        self.ticks += seconds


@dataclass
class Book:
    """What the store would say of the partner's cases."""

    handed: dict[int, str] = field(default_factory=dict)

    async def handed_over(self, channel: str, account: str) -> tuple[HandedOver, ...]:
        assert (channel, account) == ("partner_open311", ACCOUNT)
        return tuple(HandedOver(case, forward) for case, forward in self.handed.items())


@dataclass
class Partner:
    """The channel, the server that it calls, and what lies between."""

    server: Open311Simulator
    channel: PartnerOpen311
    clock: Clock
    book: Book
    cursor: str = ""

    async def send(self, case: int = 1, **sheet: Any) -> Any:
        delivery = Delivery(
            id=case,
            idem=f"{case:040x}",
            lane="lane",
            kind=DeliveryKind.FORWARD,
            address=Address("partner_open311", ACCOUNT, ACCOUNT),
            text="",
            created_at=self.clock.now(),
            case_id=case,
            data=json.dumps({**SHEET, **sheet}),
        )
        [part] = self.channel.render(delivery)
        outcome = await self.channel.send(part, delivery.idem)
        if isinstance(outcome, Sent) and not sheet.get("added"):
            self.book.handed[case] = outcome.provider_ids[0]
        return outcome

    async def pull(self) -> Pulled:
        pulled = await self.channel.pull(self.cursor, self.clock.now)
        self.cursor = pulled.cursor
        await self.channel.settle(pulled)
        self.clock.pass_(400)
        return pulled

    async def news(self) -> list[PartnerActed]:
        acts = []
        for envelope in (await self.pull()).envelopes:
            try:
                acts += self.channel.receive(envelope)
            except UnreadablePayload:
                continue
        return acts

    def delivery(self) -> Delivery:
        """Give the delivery of the first case, as the outbox has it."""
        to = Address("partner_open311", ACCOUNT, ACCOUNT)
        return Delivery(
            1, f"{1:040x}", "lane", DeliveryKind.FORWARD, to, "", self.clock.now(),
            data=json.dumps(SHEET),
        )  # fmt: skip


@asynccontextmanager
async def partner(
    *, server: dict[str, Any] | None = None, **settings: Any
) -> AsyncIterator[Partner]:
    clock, book = Clock(), Book()
    async with Open311Simulator(clock=clock, **server or {}) as simulator:
        given = {
            "api_key": SecretStr(simulator.api_key),
            "base_url": simulator.base_url,
            "jurisdiction_id": simulator.jurisdiction,
            "service_code": "001",
            "allow_private": True,
            "deadline_s": 0.5,
            **settings,
        }
        channel = PartnerOpen311(PartnerOpen311Settings(**given), ACCOUNT, clock, book)
        yield Partner(simulator, channel, clock, book)
        await channel.close()


# --- out -----------------------------------------------------------------------------------------


async def test_a_request_says_where_and_what_in_the_words_of_the_standard() -> None:
    async with partner(service_codes={"abribus": "002"}) as p:
        assert await p.send() == Sent((f"{ACCOUNT}#638344",))
        [request] = p.server.received()
    assert request.form["service_code"] == "002"
    assert (request.form["lat"], request.form["long"]) == ("47.213500", "-1.562400")
    assert request.form["address_string"] == "12 rue Crébillon, 44000 Nantes"
    assert request.description.startswith("Abri\n\nL'abri est cassé.")
    assert "7K4M-Q2XD-9TC/00000000" in request.description


async def test_a_partner_is_told_who_wrote_where_its_sheet_says_so() -> None:
    async with partner() as p:
        await p.send()
        await p.send(2, reporters=[{"name": "Léa Martin", "channel": "email"}])
        hidden, seen = p.server.received()
    assert "last_name" not in hidden.form
    assert seen.form["last_name"] == "Léa Martin"


async def test_no_place_is_said_and_not_made_up() -> None:
    async with partner() as p:
        await p.send(place={})
        [request] = p.server.received()
    assert request.form["address_string"] == "Lieu non précisé"
    assert "lat" not in request.form


async def test_what_the_person_was_asked_and_answered_is_told() -> None:
    answers = [{"fact": "numero", "text": "C 42"}, {"fact": "date", "text": "hier soir"}]
    async with partner(attributes={"numero": "POLE"}) as p:
        await p.send(answers=answers)
        [request] = p.server.received()
    assert request.form["attribute[POLE]"] == "C 42"
    assert "Quand c'est arrivé : hier soir" in request.description
    assert "C 42" not in request.description


async def test_a_danger_is_said_before_all_else() -> None:
    async with partner() as p:
        await p.send(urgency="immediate")
        [request] = p.server.received()
    assert request.description.startswith("URGENT : une personne ou des biens")
    assert request.description.endswith("7K4M-Q2XD-9TC/00000000")


async def test_a_long_text_leaves_room_for_the_number() -> None:
    async with partner() as p:
        await p.send(text="très " * 3000)
        [request] = p.server.received()
    assert len(request.description) <= 4000
    assert request.description.endswith("7K4M-Q2XD-9TC/00000000")


async def test_a_category_without_their_code_is_told_and_never_sent() -> None:
    async with partner(service_code="", service_codes={"voirie": "001"}) as p:
        outcome = await p.send()
        assert p.server.received() == []
    assert outcome.code == "service_code"
    assert "abribus" in outcome.reason


async def test_a_refused_key_is_tried_again_and_a_refused_request_is_not() -> None:
    async with partner() as p:
        p.server.faults.push("403")
        refused = await p.send()
        assert (type(refused), refused.after_s) == (Retry, 300.0)
        p.server.services = ("9",)
        unknown = await p.send()
    assert isinstance(unknown, Permanent)
    assert "service_code 001 was not found" in unknown.reason


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.0.0.7", "[::1]", "169.254.169.254", "0.0.0.1"]
)
async def test_a_private_address_is_not_called_unless_the_settings_allow_it(address: str) -> None:
    async with partner(allow_private=False, base_url=f"https://{address}:1") as p:
        outcome = await p.send()
    assert isinstance(outcome, Permanent)
    assert outcome.code == "address"


async def test_without_leave_a_partner_is_called_by_tls_only() -> None:
    async with partner(allow_private=False, base_url="http://partenaire.example") as p:
        assert isinstance(await p.send(), Permanent)


async def test_what_a_person_adds_becomes_an_update_of_the_same_request() -> None:
    async with partner(updates=True) as p:
        await p.send()
        first = await p.send(added="C'est encore pire.")
        again = await p.send(added="C'est encore pire.")
        assert isinstance(first, Sent)
        assert isinstance(again, Sent)
        assert p.server.additions("638344") == ["C'est encore pire."]
    async with partner() as p:
        await p.send()
        assert (await p.send(added="Encore")).code == "updates"
        assert len(p.server.received()) == 1


async def test_what_another_person_adds_is_said_to_be_that() -> None:
    async with partner(updates=True) as p:
        await p.send()
        await p.send(added="Il grésille", added_by="other")
        others = "Message d'une autre personne (auteur non vérifié) :\n\nIl grésille"
        assert p.server.additions("638344") == [others]


async def test_a_cut_is_looked_up_by_the_mark_and_not_posted_twice() -> None:
    async with partner() as p:
        p.server.faults.push("cut-after-accept")
        assert isinstance(await p.send(), Unknown)
        delivery = p.delivery()
        assert await p.channel.find(delivery, delivery.idem) == Sent((f"{ACCOUNT}#638344",))
        other = replace(delivery, idem=f"{2:040x}")
        assert await p.channel.find(other, "f" * 40) is None
        p.server.faults.push("5xx", on="poll")
        assert isinstance(await p.channel.find(delivery, delivery.idem), Retry)


async def test_a_partner_that_hangs_is_left_alone_and_asked_again_first() -> None:
    async with partner(failures=2, rest_s=60) as p:
        p.server.faults.push("hang", times=2)
        for _ in range(2):
            assert isinstance(await p.send(), Unknown)
        held = await p.send()
        assert isinstance(held, Retry)
        assert (held.throttled, held.after_s) == (True, 60)
        delivery = p.delivery()
        polled = len(p.server.polled)
        assert isinstance(await p.channel.find(delivery, delivery.idem), Retry)
        assert len(p.server.polled) == polled
        p.clock.pass_(61)
        assert await p.channel.find(delivery, delivery.idem) is None
        assert isinstance(await p.send(), Sent)


# --- in ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("updates", [True, False])
async def test_status_and_comments_come_back_as_acts_with_the_partners_number(
    updates: bool,
) -> None:
    async with partner(updates=updates) as p:
        await p.send()
        await p.news()
        p.server.say("638344", "open", "Une équipe passe demain.")
        [told] = await p.news()
        p.server.say("638344", "closed", "L'abri est réparé.")
        [closed] = await p.news()
        assert await p.news() == []
    assert (told.act, told.text) == ("progress", "Une équipe passe demain.")
    assert (closed.act, closed.text, closed.reference) == ("close", "L'abri est réparé.", "638344")
    assert closed.forward == f"{ACCOUNT}#638344"


@pytest.mark.parametrize("updates", [True, False])
async def test_the_first_look_gives_the_case_the_partners_number(updates: bool) -> None:
    async with partner(updates=updates) as p:
        await p.send()
        [act] = await p.news()
    assert (act.act, act.reference) == ("reference", "638344")


async def test_a_refusal_comes_back_with_its_reason() -> None:
    async with partner(updates=True, statuses={"pas_chez_nous": "refuse"}) as p:
        await p.send()
        await p.news()
        p.server.say("638344", "Pas chez nous", "Cette route est à l'État.")
        [act] = await p.news()
    assert (act.act, act.reason, act.text) == ("refuse", "Cette route est à l'État.", "")


@pytest.mark.parametrize(
    "odd",
    [
        None,
        7,
        [],
        {},
        {"update_id": "9"},
        {"service_request_id": "x"},
        {"update_id": "9", "service_request_id": 638344, "status": "??"},
    ],
)
async def test_one_bad_update_never_stops_the_others(odd: object) -> None:
    async with partner(updates=True) as p:
        await p.send()
        await p.news()
        p.server.odd_updates = [odd]
        p.server.say("638344", "closed", "Réparé.")
        pulled = await p.pull()
        worked, kept = [], 0
        for envelope in pulled.envelopes:
            try:
                worked += p.channel.receive(envelope)
            except UnreadablePayload:
                kept += 1
        assert (await p.pull()).envelopes == ()
    assert [act.act for act in worked] == ["close"]
    assert kept == (0 if odd == {"service_request_id": "x"} else 1)


async def test_updates_of_others_requests_are_left_alone() -> None:
    async with partner(updates=True) as p:
        await p.send(1)
        await p.send(2)
        del p.book.handed[2]
        await p.news()
        p.server.say("638345", "closed", "Autre chose.")
        assert await p.news() == []


async def test_what_was_pulled_but_not_committed_is_pulled_again() -> None:
    async with partner(updates=True) as p:
        await p.send()
        p.server.say("638344", "closed", "Réparé.")
        lost = await p.channel.pull("", p.clock.now)
        p.clock.pass_(400)
        again = await p.pull()
    assert [one.provider_id for one in again.envelopes] == [
        one.provider_id for one in lost.envelopes
    ]


async def test_a_request_known_by_a_token_is_followed_once_it_has_its_number() -> None:
    async with partner(server={"tokens": True}) as p:
        assert await p.send() == Sent((f"{ACCOUNT}#token=t-638344",))
        assert await p.news() == []
        p.server.number()
        p.server.say("638344", "closed", "Réparé.")
        [act] = await p.news()
    assert (act.act, act.reference, act.forward) == ("close", "638344", f"{ACCOUNT}#token=t-638344")


async def test_news_older_than_the_number_is_not_lost() -> None:
    async with partner(server={"tokens": True}, updates=True) as p:
        await p.send()
        await p.news()
        p.server.say("638344", "closed", "Réparé.")
        p.clock.pass_(7200)
        await p.news()
        p.clock.pass_(7200)
        p.server.number()
        acts = await p.news()
    assert [act.act for act in acts] == ["reference", "close"]


async def test_many_requests_are_asked_for_in_several_pulls_without_a_pause() -> None:
    async with partner() as p:
        for case in range(1, 4):
            await p.send(case)
        for number in range(1000, 1250):
            p.book.handed[number] = f"{ACCOUNT}#{number}"
        first = await p.channel.pull("", p.clock.now)
        asked = len(p.server.polled)
        await p.channel.pull("", p.clock.now)
        assert (asked, len(p.server.polled)) == (4, 6)
        assert len(first.envelopes) == 3


async def test_many_tokens_are_asked_for_in_turn() -> None:
    async with partner(server={"tokens": True}) as p:
        await p.send()
        own = p.book.handed.pop(1)
        for number in range(1000, 1025):
            p.book.handed[number] = f"{ACCOUNT}#token=odd-{number}"
        p.book.handed[2000] = own
        p.server.number()
        acts = [act for _ in range(3) for act in await p.news()]
    assert [act.reference for act in acts] == ["638344"]


async def test_a_partner_is_asked_no_more_often_than_the_settings_say() -> None:
    async with partner() as p:
        await p.pull()
        asked = len(p.server.polled)
        p.clock.pass_(-400)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await p.channel.pull(p.cursor, p.clock.now)
        assert len(p.server.polled) == asked


async def test_a_partner_that_is_down_is_told_to_the_poller() -> None:
    async with partner() as p:
        await p.send()
        p.server.faults.push("5xx", on="poll")
        with pytest.raises(ConnectionError):
            await p.pull()


# --- servers of other habits -------------------------------------------------------------------


@pytest.mark.parametrize("updates", [True, False])
async def test_a_server_that_speaks_xml_alone_is_served_as_any_other(updates: bool) -> None:
    server = {"format": "xml", "tokens": True}
    async with partner(server=server, format="xml", updates=updates) as p:
        assert (await p.channel.health()).ok
        p.server.faults.push("4xx")
        refused = await p.send()
        assert isinstance(refused, Permanent)
        assert "the description is not accepted" in refused.reason
        p.server.faults.push("cut-after-accept")
        assert isinstance(await p.send(), Unknown)
        assert await p.channel.find(p.delivery(), f"{1:040x}") == Sent((f"{ACCOUNT}#638344",))
        assert await p.send(2) == Sent((f"{ACCOUNT}#token=t-638345",))
        p.server.number()
        await p.news()
        p.server.say("638345", "closed", "L'abri est « réparé » & propre.")
        [act] = await p.news()
    assert (act.act, act.text) == ("close", "L'abri est « réparé » & propre.")
    assert act.reference == "638345"


async def test_updates_that_come_in_pages_are_all_read() -> None:
    async with partner(server={"page": 10}, updates=True) as p:
        await p.send()
        await p.news()
        for day in range(25):
            p.server.say("638344", "open", f"Jour {day}.")
        acts = await p.news()
        assert await p.news() == []
    assert [act.text for act in acts] == [f"Jour {day}." for day in range(25)]


async def test_a_server_that_knows_no_pages_tells_all_once() -> None:
    async with partner(updates=True) as p:
        await p.send()
        await p.news()
        for day in range(25):
            p.server.say("638344", "open", f"Jour {day}.")
        assert len(await p.news()) == 25


async def test_a_request_of_unknown_outcome_is_found_on_a_later_page() -> None:
    async with partner(server={"page": 10}) as p:
        for case in range(2, 27):
            await p.send(case, number_printed="8Y2P-Q2XD-9TC")
        p.server.faults.push("cut-after-accept")
        assert isinstance(await p.send(), Unknown)
        assert await p.channel.find(p.delivery(), f"{1:040x}") == Sent((f"{ACCOUNT}#638369",))


async def test_lists_that_are_told_to_who_shows_the_key_alone_are_read() -> None:
    async with partner(server={"closed": True}, updates=True) as p:
        p.server.faults.push("cut-after-accept")
        assert isinstance(await p.send(), Unknown)
        found = await p.channel.find(p.delivery(), f"{1:040x}")
        assert found == Sent((f"{ACCOUNT}#638344",))
        p.book.handed[1] = f"{ACCOUNT}#638344"
        await p.news()
        p.server.say("638344", "closed", "Réparé.")
        assert [act.act for act in await p.news()] == ["close"]


# --- its health ----------------------------------------------------------------------------------


async def test_the_self_test_names_a_type_of_request_that_the_partner_does_not_have() -> None:
    async with partner(service_codes={"abribus": "777"}) as p:
        health = await p.channel.health()
    assert (health.ok, "777" in health.sentence) == (False, True)
    async with partner() as p:
        assert (await p.channel.health()).ok


@pytest.mark.parametrize("format", ["json", "xml"])
async def test_the_self_test_names_what_a_type_of_request_demands_and_nobody_gives(
    format: str,
) -> None:
    pole = {"variable": True, "code": "POLE", "required": True, "description": "Numéro du mât ?"}
    free = {"variable": True, "code": "NOTE", "required": False, "description": "Autre chose ?"}
    read = {"variable": False, "code": "INFO", "required": True, "description": "Merci."}
    async with partner(server={"format": format}, format=format) as p:
        p.server.definitions = {"001": [free, read, pole]}
        health = await p.channel.health()
    assert not health.ok
    assert "001 demande POLE (Numéro du mât ?)" in health.sentence
    assert "NOTE" not in health.sentence
    assert "INFO" not in health.sentence
    given = {"numero": "POLE"}
    async with partner(server={"format": format}, format=format, attributes=given) as p:
        p.server.definitions = {"001": [free, read, pole]}
        assert (await p.channel.health()).ok
