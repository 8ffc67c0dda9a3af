"""Small nouns for tests of the store, and the ways to open each kind of it."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from router.archive import Action
from router.case import Case, Event, EventKind, Reporter, Status
from router.decision import ServiceId
from router.delivery import Delivery, DeliveryKind
from router.message import Address, ConversationKey, Envelope
from router.tracking import from_bits
from router.work import CaseWrite, Claim, Done, RouteClaim, Unit, Verdict

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
LEASE_S = 60.0


class Numbered:
    """Ids that count up, numbers and tokens that never repeat; shared by the stores of a test."""

    def __init__(self) -> None:
        self._count = itertools.count(1_000)
        self._random = random.Random(7)

    def next(self) -> int:
        return next(self._count)

    def number(self):
        return from_bits(self._random.getrandbits(50))

    def token(self) -> str:
        return f"{self._random.getrandbits(64):016x}"


def envelope(person: str = "anna", text: str = "Bonjour", *, id: str, at: datetime = NOW, **more):
    address = Address("sms", more.pop("account", "main"), person)
    return Envelope(
        channel=address.channel,
        account=address.account,
        provider_id=id,
        conversation=more.pop("conversation", address.key),
        payload=more.pop("payload", text.encode()),
        received_at=at,
        **more,
    )


def key(person: str) -> ConversationKey:
    return Address("sms", "main", person).key


class Parts:
    """Builds nouns with the ids of a test."""

    def __init__(self, ids: Numbered) -> None:
        self.ids = ids

    def case(self, person: str = "anna", **more) -> Case:
        given = {
            "id": self.ids.next(),
            "number": self.ids.number(),
            "version": 1,
            "status": Status.ASSIGNED,
            "owner": ServiceId("voirie"),
            "created_at": NOW,
            "updated_at": NOW,
            "received_at": NOW,
            "channel": "sms",
            "reporters": (Reporter(Address("sms", "main", person)),),
        }
        return Case(**{**given, **more})

    def event(self, case: Case, text: str = "", **more) -> Event:
        given = {
            "id": self.ids.next(),
            "case_id": case.id,
            "kind": EventKind.NOTE,
            "at": NOW,
            "who": "test",
            "text": text,
        }
        return Event(**{**given, **more})

    def delivery(self, person: str = "anna", text: str = "Merci", **more) -> Delivery:
        address = more.pop("address", Address("sms", "main", person))
        number = self.ids.next()
        given = {
            "id": number,
            "idem": f"idem-{number}",
            "lane": address.key,
            "kind": DeliveryKind.ANSWER,
            "address": address,
            "text": text,
            "created_at": NOW,
        }
        return Delivery(**{**given, **more})

    def unit(self, found: RouteClaim, case: Case | None = None, **more) -> Unit:
        """Say that all messages of a claim became a new case, or nothing."""
        action = Action.CREATE if case else Action.IGNORE
        case_id = case.id if case else None
        given = {
            "claims": (found.claim,),
            "done": tuple(Done(each.id, action, case_id, "why") for each in found.inbound),
            "cases": (CaseWrite(case, None),) if case else (),
        }
        return Unit(**{**given, **more})


async def take(store, limit: int = 10, at: datetime = NOW) -> Sequence[RouteClaim]:
    return await store.claim_routes(limit, LEASE_S, at)


async def write(store, *units: Unit, at: datetime = NOW) -> list[Verdict]:
    return list(await store.commit(units, at))


async def put(store, parts: Parts, *deliveries: Delivery, at: datetime = NOW) -> None:
    """Queue deliveries as any unit would."""
    assert await write(store, Unit(claims=(), deliveries=deliveries), at=at) == [Verdict.COMMITTED]


def texts(found) -> list[list[str]]:
    return [[each.text for each in claim.deliveries] for claim in found]


def claims_of(found) -> list[Claim]:
    return [each.claim for each in found]
