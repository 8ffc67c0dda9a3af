"""Small ports for the pages: a journal, cases, a channel, a rule book, a clock that stands."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from router.archive import CaseFilter
from router.case import Case, CaseFile, Event, Reporter, Status
from router.counting import CountQuestion
from router.decision import Decision, Facts, Place, ServiceId
from router.delivery import Delivery
from router.directory import Contact, Counter, Directory, Level, Service, Texts
from router.errors import InvalidInput, InvalidSignature, StoreUnavailable
from router.message import Address, Envelope, WebhookRequest, WebhookResponse
from router.rights import Rights
from router.rule_ports import Reading
from router.tokens import Signer
from router.tracking import TrackingNumber, from_bits
from router.work import Accepted, CursorWrite
from web.parts import WebParts, WebSettings

NOW = datetime(2026, 11, 22, 9, 5, tzinfo=UTC)
NUMBER = from_bits(123_456_789_012_345)
COMMUNES = {"44109": "Nantes", "44114": "Orvault"}


HER = Address("email", "guichet@nantes.example", "lea.durand@mail.example")


def a_case(**fields: object) -> Case:
    case = Case(
        id=1,
        number=NUMBER,
        version=3,
        status=Status.IN_PROGRESS,
        owner=ServiceId("voirie-metropole"),
        created_at=NOW,
        updated_at=NOW,
        received_at=NOW,
        category="chaussee-trottoir",
        place=Place("devant chez moi, 12 rue Crébillon", ("44109",), None, "12 bis rue Crébillon"),
        subject="Ma voisine Paulette",
        text="Je m'appelle Léa, un trou énorme",
        reporters=(Reporter(HER, "Léa Durand"),),
        due_at=NOW + timedelta(days=5),
    )
    return replace(case, **fields)  # type: ignore[arg-type]


class StillClock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.at = NOW
        self.ticks = 0.0

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.ticks

    def advance(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
        self.ticks += seconds


class Journal:
    """Keeps envelopes; the same provider id twice is one, and it can be down or hang."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str, str], Envelope] = {}
        self.down = False
        self.hang: Callable[[], Awaitable[None]] | None = None
        self.accepted: Callable[[Envelope], None] = lambda envelope: None

    async def accept(
        self, envelopes: Sequence[Envelope], cursor: CursorWrite | None = None
    ) -> Sequence[Accepted]:
        if self.hang:
            await self.hang()
        if self.down:
            raise StoreUnavailable("the database is down")
        result = []
        for envelope in envelopes:
            key = (envelope.channel, envelope.account, envelope.provider_id)
            result.append(Accepted(len(self.rows) + 1, key not in self.rows))
            if key not in self.rows:
                self.rows[key] = envelope
                self.accepted(envelope)
        return result

    @property
    def envelopes(self) -> list[Envelope]:
        return list(self.rows.values())

    @property
    def payloads(self) -> list[dict[str, Any]]:
        return [json.loads(envelope.payload) for envelope in self.envelopes]


class Cases:
    """Cases in a dictionary."""

    def __init__(self) -> None:
        self.kept: dict[int, Case] = {}
        self.history: dict[int, list[Event]] = {}
        self.sent: dict[int, list[Delivery]] = {}
        self.down = False
        self.looked = 0

    def keep(self, case: Case, *events: Event, sent: Sequence[Delivery] = ()) -> Case:
        self.kept[case.id] = case
        self.history[case.id] = list(events)
        self.sent[case.id] = list(sent)
        return case

    async def case(self, number: TrackingNumber) -> Case | None:
        if self.down:
            raise StoreUnavailable("the database is down")
        self.looked += 1
        return next((case for case in self.kept.values() if case.number == number), None)

    async def case_by_id(self, case_id: int) -> Case | None:
        return self.kept.get(case_id)

    async def children(self, case_id: int) -> Sequence[Case]:
        return [case for case in self.kept.values() if case.parent == case_id]

    async def cases(self, wanted: CaseFilter) -> Sequence[Case]:
        return list(self.kept.values())[: wanted.limit]

    async def events(self, case_id: int) -> Sequence[Event]:
        return self.history.get(case_id, [])

    async def deliveries(self, case_id: int) -> Sequence[Delivery]:
        return self.sent.get(case_id, [])


class Hook:
    """A channel with webhooks: the header ``x-key`` must say ``right``."""

    name = "hook"

    def __init__(self) -> None:
        self.seen: list[WebhookRequest] = []

    def verify(self, request: WebhookRequest) -> None:
        self.seen.append(request)
        if request.headers.get("x-key") != "right":
            raise InvalidSignature("no")

    def open(self, request: WebhookRequest, received_at: datetime) -> tuple[Envelope, ...]:
        key = Address("hook", "main", "someone").key
        return (Envelope("hook", "main", request.body.decode(), key, request.body, received_at),)

    def answer(self, accepted: bool) -> WebhookResponse:
        return WebhookResponse(200 if accepted else 503, b"<ok/>", "text/xml")

    def challenge(self, request: WebhookRequest) -> WebhookResponse | None:
        return WebhookResponse(200, b"proof") if "crc=" in request.url else None


class Form(Hook):
    """The channel of the report form, as the pages see it."""

    name = "web"

    def open(self, request: WebhookRequest, received_at: datetime) -> tuple[Envelope, ...]:
        sent = json.loads(request.body)
        key = Address("web", "web", sent["id"]).key
        return (Envelope("web", "web", sent["id"], key, request.body, received_at),)


SERVICES = (
    Service(
        ServiceId("guichet-metropole"),
        "accueil",
        Level.METROPOLE,
        {"fr": "Guichet de la métropole", "en": "Metropole front desk"},
        "email",
        "accueil@metropole.example",
        Contact("2 cours du Champ-de-Mars", "accueil@metropole.example", "+33261910101"),
    ),
    Service(
        ServiceId("voirie-metropole"),
        "voirie",
        Level.METROPOLE,
        {"fr": "Service de la voirie", "en": "Roads and pavements"},
        "email",
        "voirie@metropole.example",
        Contact(
            "",
            "voirie@metropole.example",
            "+33261910103",
            deaf_relay="https://metropole.example/relais",
        ),
    ),
    Service(
        ServiceId("tranquillite-nantes"),
        "tranquillite",
        Level.CITY,
        {"fr": "Tranquillité publique – Ville de Nantes", "en": "Public peace – Nantes"},
        "email",
        "tranquillite@nantes.example",
        Contact("", "", "+33261910109"),
        insee="44109",
        sees=("lieu",),
    ),
)


class Book:
    """A rule book of three services that is never asked to decide."""

    hash = "0" * 12

    def __init__(self) -> None:
        self.silences: dict[str, Rights] = {}

    @property
    def directory(self) -> Directory:
        return self

    @property
    def texts(self) -> Texts:
        return self

    def service(self, service: ServiceId) -> Service | None:
        return next((one for one in SERVICES if one.id == service), None)

    def services(self) -> tuple[Service, ...]:
        return SERVICES

    @property
    def desk(self) -> Service:
        return SERVICES[0]

    def counter(self, channel: str, account: str) -> Counter | None:
        return None

    def counters(self) -> tuple[Counter, ...]:
        return ()

    def text(self, text: str, language: str, *, short: bool = False) -> tuple[str, str] | None:
        return None

    def wordings(self) -> tuple[str, ...]:
        return ()

    def read(self, facts: Facts) -> Reading:
        raise AssertionError("the pages never decide")

    def decide(self, facts: Facts, reading: Reading | None = None) -> Decision:
        raise AssertionError("the pages never decide")

    def counts_asked(self, facts: Facts, reading: Reading) -> tuple[CountQuestion, ...]:
        return ()

    def due_at(self, received_at: datetime, decision: Decision) -> datetime | None:
        return None

    def escalates_at(self, received_at: datetime, decision: Decision) -> datetime | None:
        return None

    def category_name(self, category: str, language: str) -> str:
        return {"fr": "Chaussée abîmée", "en": "Damaged road"}.get(language, category)

    def commune_name(self, insee: str) -> str:
        return COMMUNES.get(insee, insee)

    def questions_of(self, category: str) -> tuple[str, ...]:
        return ()

    def rights(self, category: str, received_at: datetime) -> Rights | None:
        return self.silences.get(category)

    def current(self) -> Book:
        return self


@dataclass
class House:
    """All ports of one test, and the settings."""

    clock: StillClock = field(default_factory=StillClock)
    journal: Journal = field(default_factory=Journal)
    cases: Cases = field(default_factory=Cases)
    hook: Hook = field(default_factory=Hook)
    book: Book = field(default_factory=Book)
    numbers: dict[str, TrackingNumber] = field(default_factory=dict)
    photos: dict[str, bytes] = field(default_factory=dict)
    woken: int = 0
    signer: Signer = field(default_factory=lambda: Signer({"a": b"key"}, "a"))
    channels: Mapping[tuple[str, str], object] | None = None
    with_photos: bool = True
    deadline_s: float = 10.0
    base_url: str = "http://city.example"
    proof_of_work: int = 0

    def parts(self) -> WebParts:
        async def number(submission: str) -> TrackingNumber | None:
            return self.numbers.get(submission)

        async def save(name: str, data: bytes) -> str:
            ref = f"blob-{len(self.photos) + 1}"
            self.photos[ref] = data
            return ref

        async def give(file: CaseFile, limit: int) -> bytes:
            if file.ref not in self.photos:
                raise InvalidInput("gone")
            return self.photos[file.ref]

        def wake() -> None:
            self.woken += 1

        async def kept(channel: str, account: str, id: str) -> Envelope | None:
            return self.journal.rows.get((channel, account, id))

        return WebParts(
            kept=kept,
            intake=self.journal,
            cases=self.cases,
            channels=self.channels or {("hook", "main"): self.hook, ("web", "web"): Form()},
            rulebooks=self.book,
            signer=self.signer,
            clock=self.clock,
            wake=wake,
            settings=WebSettings(
                base_url=self.base_url,
                title="Guichet de Nantes",
                form_secret=b"secret of the forms",
                patience=(0.0,),
                accept_deadline_s=self.deadline_s,
                guesses=3,
                proof_of_work=self.proof_of_work,
            ),
            submission_number=number,
            save_photo=save if self.with_photos else None,
            open_file=give,
            communes=lambda: tuple(COMMUNES),
            commune=lambda name: {"nantes": "44109", "44109": "44109"}.get(name.casefold()),
        )


_FORM_ID = re.compile(r'name="id" value="([^"]+)"')


class Browser(httpx.AsyncClient):
    """A client that can read the id out of a page's form."""

    async def form_id(self, path: str = "/") -> str:
        found = _FORM_ID.search((await self.get(path)).text)
        assert found, f"no form on {path}"
        return found[1]
