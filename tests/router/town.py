"""A small town for the tests of the way of a message: four services and rules of one line each."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from router.decision import Decision, Facts, Nature, Part, Place, ServiceId, Urgency
from router.delivery import Delivery, DeliveryState, OnUnknown, Rate, Sent
from router.directory import Contact, Counter, Level, Service
from router.errors import UnreadablePayload
from router.events import (
    Blocked,
    Encrypted,
    HelpAsked,
    MessageEdited,
    MessageReceived,
    MessageTakenBack,
    OptedOutOf,
    PartnerActed,
    ReceiptReceived,
)
from router.message import Address, Attachment, Envelope, Given, Location, Message, Thread, Trust
from router.policy import Policy
from router.ports import OutboundPart
from router.route import Router
from router.rule_ports import Understanding
from router.timers import Clockwork
from router.tokens import Signer
from router.tracking import from_bits
from router.worked import Worked
from storage.engine import open_store

START = datetime(2026, 11, 24, 10, 15, tzinfo=UTC)


class SetClock:
    def __init__(self) -> None:
        self.time = START

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.time.timestamp()

    def pass_(self, **lapse: float) -> None:
        self.time += timedelta(**lapse)


class CountedIds:
    def __init__(self) -> None:
        self.last = 0

    def next(self) -> int:
        self.last += 1
        return self.last

    def number(self):
        return from_bits(self.next() * 7_654_321_987)

    def token(self) -> str:
        return f"token-{self.next()}"


def _service(name: str, level: Level, family: str = "voirie", insee: str | None = None) -> Service:
    return Service(
        ServiceId(name),
        family,
        level,
        {"fr": f"Service {name}", "en": f"{name} service"},
        "email",
        f"{name}@services.example",
        Contact(phone="02 40 00 00 00"),
        insee,
        sees=("texte", "lieu", "photos", "contact"),
    )


SERVICES = (
    _service("eclairage", Level.METROPOLE, "eclairage"),
    _service("proprete", Level.METROPOLE, "proprete"),
    _service("astreinte", Level.METROPOLE, "accueil"),
    _service("guichet-metropole", Level.METROPOLE, "accueil"),
    _service("mairie-reze", Level.PARTNER, "accueil", "44143"),
)
WORDS = {"lampadaire": "eclairage", "poubelle": "proprete"}


@dataclass(frozen=True)
class Read:
    """What one line a rule reads: never two subjects."""

    category: str | None
    candidates: tuple[str, ...]
    outside: bool
    beside: frozenset[str] = frozenset()


class TownRules:
    """« lampadaire » to lighting, « poubelle » to cleanliness, a part to each where both are said.

    « gaz » is a danger. Of « tapage » it is asked when.
    """

    hash = "rules-1"

    def __init__(self):
        self.silences = {}
        self.known = {
            "gaz": "Appelez le 18 ou le 112 tout de suite.",
            "ailleurs": "Voyez la Poste.",
        }

    @property
    def directory(self):
        return self

    @property
    def texts(self):
        return self

    def service(self, service):
        return next((known for known in SERVICES if known.id == service), None)

    def services(self):
        return SERVICES

    @property
    def desk(self):
        return self.service("guichet-metropole")

    def counter(self, channel, account):
        return Counter("c", channel, account, "44109", "fr")

    def counters(self):
        return (Counter("c", "memory", "town", "44109", "fr"),)

    def text(self, text, language, *, short=False):
        return ("fr", self.known[text]) if text in self.known else None

    def wordings(self):
        return self.known.values()

    def category_name(self, category, language):
        return category.title()

    def commune_name(self, insee):
        return {"44109": "Nantes", "44143": "Rezé"}.get(insee, insee)

    def questions_of(self, category):
        return ()

    def rights(self, category, received_at):
        return self.silences.get(category)

    def due_at(self, received_at, decision):
        return received_at + timedelta(days=5) if decision.delay else None

    def counts_asked(self, facts, reading):
        return ()

    def read(self, facts):
        decided = self.decide(facts)
        return Read(decided.category, decided.candidates, decided.outside)

    def escalates_at(self, received_at, decision):
        return received_at + timedelta(days=8) if decision.escalation else None

    def decide(self, facts: Facts, reading=None) -> Decision:
        text = facts.text.lower()
        said = [found for word, found in WORDS.items() if word in text]
        category = said[0] if said else None
        plain = Decision(
            ServiceId(category or "guichet-metropole"),
            f"competence:{category}" if category else "a_defaut:metropole",
            self.hash,
            "une phrase",
            category=category,
            delay="5 jours" if category else None,
            no_rule=category is None,
            trace={"words": [category]},
            parts=tuple(Part(each, ServiceId(each), each) for each in said[1:] and said),
        )
        if "gaz" in text:
            return replace(
                plain,
                owner=ServiceId("astreinte"),
                rule="gaz",
                danger=True,
                replies=("gaz",),
                danger_replies=1,
                urgency=Urgency.IMMEDIATE,
                no_rule=False,
            )
        if "colis" in text:
            return replace(plain, labels=("redirection",), replies=("ailleurs",), no_rule=False)
        if "44143" in facts.place.communes and category is None and "trottoir" in text:
            town_hall = ServiceId("mairie-reze")
            plain = replace(
                plain, owner=town_hall, category="trottoir", rule="mairies", no_rule=False
            )
        if "flou" in text and not facts.place.street:
            return replace(plain, questions=("lieu",), no_rule=False)
        if "tapage" in text and "date" not in facts.asked:
            return replace(plain, questions=("date",), no_rule=False)
        for refused in facts.refused_by:
            if plain.owner == refused:
                return replace(plain, owner=ServiceId("guichet-metropole"), rule="a_defaut")
        return plain


class TownReader:
    """Understands « à Rezé », « rue X », and a short « merci »."""

    def understand(self, message: Message, counter) -> Understanding:
        text = message.text_shown.lower()
        place = Place(communes=("44109",), source="counter")
        if "rezé" in text:
            place = Place("Rezé", ("44143",), source="message")
        if "rue " in text:
            street = "rue " + text.split("rue ")[1].split()[0]
            place = replace(place, street=street, text=street, source="message")
        thanks = "merci" in text
        return Understanding(
            "en" if "hello" in text else "fr",
            place,
            Nature.THANKS if thanks else None,
            follow_up=thanks or "toujours" in text,
        )

    def place(self, message: Message, counter) -> Place:
        return self.understand(message, counter).place


class TownChannel:
    """A channel whose payload is JSON: what a test wants read."""

    name = "memory"

    def receive(self, envelope: Envelope):
        said = json.loads(envelope.payload)
        address = Address.from_key(envelope.conversation)
        kind = said.pop("kind", "message")
        if kind == "bad":
            raise UnreadablePayload("illisible")
        if kind == "crash":
            raise RuntimeError("a defect")
        if kind == "stop":
            return (OptedOutOf(address, "STOP", confirmed=said.get("confirmed", False)),)
        if kind == "start":
            return (OptedOutOf(address, "START", back_in=True, person=said.get("who", "")),)
        if kind == "help":
            return (HelpAsked(address, "AIDE", person=said.get("who", "")),)
        if kind == "taken_back":
            return (MessageTakenBack(said["ref"]),)
        if kind == "encrypted":
            return (Encrypted(address),)
        if kind == "blocked":
            return (Blocked(address),)
        if kind == "act":
            photos = tuple(Attachment(**file) for file in said.pop("attachments", ()))
            return (PartnerActed(**said, attachments=photos),)
        if kind == "receipt":
            return (ReceiptReceived(**said),)
        text = said.get("text", "")
        message = Message(
            address,
            envelope.provider_id,
            envelope.received_at,
            sender=address.value,
            text=text,
            text_shown=text,
            subject=said.get("subject", ""),
            automatic=said.get("automatic", ""),
            ref=envelope.ref,
            album=said.get("album", ""),
            public=said.get("public", False),
            person=said.get("who", ""),
            reachable=said.get("reachable", True),
            trust=Trust(said.get("trust", Trust.UNVERIFIED)),
            doubts=tuple(said.get("doubts", ())),
            given=Given(**said.get("given", {})),
            location=Location(*said["location"]) if "location" in said else None,
            attachments=tuple(
                Attachment(f"{n}.jpg", "image/jpeg", said.get("size", 1000), f"file-{n}")
                for n in range(said.get("photos", 0))
            )
            + tuple(Attachment(name, "audio/ogg", 900, name) for name in said.get("spoken", ())),
            thread=Thread(tuple(said.get("tokens", ())), tuple(said.get("refs", ()))),
        )
        if kind == "edit":
            return (MessageEdited(message, said["edited"]),)
        return (MessageReceived(message),)


@dataclass
class TownSender:
    """Takes everything that is sent, or answers as it is told."""

    outcomes: list = field(default_factory=list)
    sent: list[tuple[Delivery, str]] = field(default_factory=list)
    on_unknown: OnUnknown = OnUnknown.RESEND
    rate: Rate = Rate(1000, 1000)
    deadline_s: float = 5.0
    pieces: int = 1
    found: list = field(default_factory=list)
    """What the provider says of a send whose outcome is unknown; nothing: it never had it."""

    async def find(self, delivery, idem):
        known = self.found.pop(0) if self.found else None
        if isinstance(known, Exception):
            raise known
        return known

    def render(self, delivery):
        return tuple(
            OutboundPart(delivery, f"{delivery.text}{index}", index, self.pieces)
            for index in range(self.pieces)
        )

    async def send(self, part, idem):
        if self.outcomes:
            outcome = self.outcomes.pop(0)
            if isinstance(outcome, Exception):
                raise outcome
            if not isinstance(outcome, Sent):
                return outcome
        self.sent.append((part.delivery, idem))
        return Sent((f"provider-{len(self.sent)}",))


class Town:
    """The way of a message on a store on disk."""

    def __init__(self, folder) -> None:
        self.clock, self.ids = SetClock(), CountedIds()
        self.store = open_store(folder, ids=self.ids)
        self.signer = Signer({"k": b"town"}, "k")
        self.rules = TownRules()
        self.policy = Policy(ways={"email": ("partner", "town")})
        self.seen: list[Worked] = []
        self.errors: list[Exception] = []
        channel = TownChannel()
        self.router = Router(
            store=self.store,
            readers={("memory", "town"): channel, ("memory", "other"): channel},
            rulebooks=self,
            understands=TownReader(),
            clock=self.clock,
            ids=self.ids,
            signer=self.signer,
            policy=self.policy,
            report=lambda where, error: self.errors.append(error),
            observe=lambda inbound, worked: self.seen.append(worked),
        )
        self.clockwork = Clockwork(
            self.store, self.store, self, self.clock, self.ids, self.signer, self.policy
        )

    def current(self) -> TownRules:
        return self.rules

    def envelope(self, person: str, text: str = "", *, id: str = "", account="town", **said):
        name = id or f"m{self.ids.next()}"
        return Envelope(
            "memory",
            account,
            name,
            Address("memory", account, person).key,
            json.dumps({"text": text, **said} if text else said).encode(),
            self.clock.now(),
            ref=name,
        )

    async def hear(self, person: str, text: str = "", **said) -> Worked:
        """Have one message received and routed; returns what became of it."""
        self.seen.clear()
        await self.store.accept([self.envelope(person, text, **said)])
        while await self.router.run_once():
            pass
        return self.seen[-1]

    async def waiting(self) -> list[Delivery]:
        return list(await self.store.list_deliveries([DeliveryState.QUEUED], 1000))

    async def to(self, person: str) -> list[Delivery]:
        return [d for d in await self.waiting() if d.address.value == person]
