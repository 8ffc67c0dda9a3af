"""Count what became of the script, from what citizens and services really received."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from demo.actors import read_forward
from demo.script import Scene
from demo.story import Story, numbers_in, own_way
from demo.talks import Said, everything_received, fold
from router.archive import CaseFilter, CaseReader, OutboxAdmin
from router.case import Case
from router.delivery import Delivery, DeliveryState

if TYPE_CHECKING:
    from demo.city import City

CHANNELS = ("email", "sms", "whatsapp", "telegram", "matrix", "x", "web", "desk")
_PAGE = 500


class Records(CaseReader, OutboxAdmin, Protocol):
    """What the product's store is asked."""


async def tally(city: City, scenes: Sequence[Scene], records: Records) -> dict[str, Any]:
    """Write the report of a demo; empty lists at its end mean that all went well."""
    story = Story(city, scenes)
    dead = await records.list_deliveries((DeliveryState.DEAD, DeliveryState.BOUNCED), 1000)
    cases = [case for case in await _all_cases(records) if case.parent is None]
    ways = forwarded(city)
    inbound = Counter(scene.channel for scene in scenes if story.sent(scene))
    return {
        "messages": inbound.total(),
        "cases": len(cases),
        "by_channel": by_channel(inbound, cases, replies(story)),
        "forwarded": sum(ways.values()),
        "by_way": ways,
        "unanswered": story.unanswered(),
        "wrong_channel": wrong_channel(story, everything_received(city)),
        "dead": [_dead(delivery) for delivery in dead],
    }


async def _all_cases(records: CaseReader) -> list[Case]:
    found: list[Case] = []
    while True:
        before = found[-1].id if found else None
        batch = await records.cases(CaseFilter(limit=_PAGE, before=before))
        found.extend(batch)
        if len(batch) < _PAGE:
            return found


def by_channel(
    inbound: Mapping[str, int], cases: Iterable[Case], answers: Mapping[str, int]
) -> dict[str, dict[str, int]]:
    """Count messages, cases and replies by the channel on which people wrote."""
    opened = Counter(case.channel for case in cases)
    return {
        channel: {
            "in": inbound.get(channel, 0),
            "cases": opened[channel],
            "replies": answers.get(channel, 0),
        }
        for channel in CHANNELS
    }


def replies(story: Story) -> Counter[str]:
    """Count what citizens received on their own channel, each message once.

    A mail that was sent again after a kill has the same id, and mail programs show it once.
    """
    received = {
        (scene.channel, own_way(scene), said.id or said)
        for scene in story.scenes
        for said in story.heard(scene)
    }
    return Counter(channel for channel, _, _ in received)


def forwarded(city: City) -> dict[str, int]:
    """Count the cases handed to services by each way: each case once for each service."""
    found = set()
    for address in city.services:
        for mail in city.mail.mailbox(address):
            forward = read_forward(address, mail)
            if forward is not None:
                found.add((forward.number, address))
    messages = city.system.received()
    posted = {one.case.get("number_printed") for one in messages if one.type == "case.forward"}
    return {"email": len(found), "open311": len(numbers_of(city)), "webhook": len(posted)}


def numbers_of(city: City) -> set[str]:
    """List the tracking numbers that stand in the requests of the Open311 server."""
    requests = city.open311.received()
    return {number for one in requests for number in numbers_in(one.description)}


def wrong_channel(story: Story, received: Iterable[tuple[str, str, Said]]) -> list[dict[str, str]]:
    """List what reached somebody else, or everybody: a case's number or its answer's words."""
    known: dict[str, set[tuple[str, str]]] = {}
    words: dict[str, set[tuple[str, str]]] = {}
    for scene in story.scenes:
        number = story.number(scene)
        if number is not None:
            known.setdefault(number, set()).add(own_way(scene))
        if scene.answer:
            words.setdefault(fold(scene.answer), set()).add(own_way(scene))
    wrong = []
    for channel, address, said in received:
        about = [known[n] for n in numbers_in(f"{said.subject}\n{said.text}") if n in known]
        about += [ways for answer, ways in words.items() if answer in said.words]
        if any(said.public or (channel, address) not in ways for ways in about):
            wrong.append({"channel": channel, "to": address, "text": said.text[:120]})
    return wrong


def _dead(delivery: Delivery) -> str:
    address = delivery.address
    return f"{delivery.kind} {address.channel} {address.value}: {delivery.error}"
