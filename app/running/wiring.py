"""Wires the product from its settings: store, rules, channels, router, web server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog
from starlette.types import ASGIApp

from app.live import LiveRulebooks
from app.running.builders import Key, Parts, connect, if_connected
from app.running.files import SentFiles
from app.running.handed_over import Handed
from app.running.incarnation import incarnation
from app.running.outages import Outages
from app.running.photos import PhotoFolder
from app.running.readiness import Readiness
from app.running.troubles import Troubles
from app.running.watch import role_of
from app.running.watched_intake import WatchedIntake
from app.running.ways import accounts, agreements, ways
from app.running.x_spending import StoredSpending
from app.running.x_tokens import StoredTokens
from app.running.x_told import StoredTold
from app.settings import Settings, secret_of
from app.settings_told import of_account
from app.system import SystemClock, SystemIds
from channels.setting_mistakes import WrongSettings, checked
from router.cells import Cells
from router.directory import Counter
from router.errors import ConfigurationError
from router.message import Envelope
from router.policy import Policy
from router.ports import Clock, Ids, Listens, Polls, Reads, Sends, TakesWebhooks
from router.route import Router
from router.store import Store
from router.timers import Clockwork
from router.tokens import Signer
from router.tracking import TrackingNumber
from router.worked import Observer
from understanding.reader import Reader
from web.app import create_app
from web.parts import Offered, WebParts, WebSettings

log = structlog.get_logger("guichet")


@dataclass(frozen=True, slots=True)
class Product:
    """Everything that a process of Guichet runs."""

    settings: Settings
    store: Store
    rulebooks: LiveRulebooks
    clock: Clock
    ids: Ids
    signer: Signer
    policy: Policy
    router: Router
    clockwork: Clockwork
    channels: Mapping[Key, object]
    troubles: Troubles
    outages: Outages
    web: ASGIApp
    unconnected: tuple[str, ...] = field(default=())
    """Counters whose channel has no settings here."""

    @property
    def senders(self) -> dict[str, Sends]:
        """The channels that send, by the outbox role of their account."""
        return {
            role_of(name, account): channel
            for (name, account), channel in self.channels.items()
            if isinstance(channel, Sends)
        }

    def sends(self, channel: str, account: str) -> bool:
        """Whether this process can send by an account."""
        return isinstance(self.channels.get((channel, account)), Sends)

    @property
    def pollers(self) -> list[Polls]:
        return [channel for channel in self.channels.values() if isinstance(channel, Polls)]

    @property
    def listeners(self) -> list[Listens]:
        return [channel for channel in self.channels.values() if isinstance(channel, Listens)]

    async def accept(self, envelope: Envelope) -> None:
        """Make one envelope durable.

        Raises:
            StoreUnavailable: the sender must keep it.
        """
        await self.store.accept([envelope])


async def build(
    settings: Settings,
    store: Store,
    *,
    with_inactive: bool = False,
    observe: Observer | None = None,
    publish: bool = True,
) -> Product:
    """Wire a product on an open store; a first start publishes the configuration.

    Raises:
        ConfigurationError: settings or YAML are wrong; nothing was started.
    """
    clock, ids = SystemClock(), SystemIds()
    secret = secret_of(settings)
    signer = Signer({"a": secret}, "a")
    rulebooks = LiveRulebooks(store, clock)
    rulebook = await rulebooks.start(settings.config, publish=publish)
    counters = [c for c in rulebook.directory.counters() if c.active or with_inactive]
    channels: dict[Key, object] = {}
    photos = PhotoFolder(settings.data / "photos")
    parts = Parts(
        signer,
        clock,
        settings.base_url,
        _first(counters, "email"),
        _first(counters, "sms"),
        photos,
        SentFiles(store, channels),
        lambda account, given: StoredTokens(store, clock, account, given),
        lambda account: StoredSpending(store, clock, account),
        lambda account: StoredTold(store, clock, account),
        Handed(store, rulebooks),
        settings.cell,
    )
    wanted = [(counter.channel, counter.address) for counter in counters]
    cells = [("cell", name) for name in settings.accounts_of("cell")]
    wanted += dict.fromkeys((*accounts(rulebook.directory), *cells))
    unconnected = connect(channels, settings, wanted, parts)
    policy = Policy(
        ways={"email": ("partner_email", parts.mailbox)},
        partners=ways(rulebook.directory, channels),
        base_url=settings.base_url,
        desk=_first(counters, "desk"),
        automatic_per_day=settings.automatic_per_day,
        dangers_per_day=settings.dangers_per_day,
        confirmations_per_day=settings.confirmations_per_day,
        cells=Cells(
            settings.cell,
            await incarnation(store, clock) if settings.cell else 0,
            agreements(channels),
            {name: at for name, at in (("email", parts.mailbox), ("sms", parts.sms_number)) if at},
        ),
    )
    router = Router(
        store=store,
        readers={key: value for key, value in channels.items() if isinstance(value, Reads)},
        rulebooks=rulebooks,
        understands=Reader(rulebook.geography, default_language="fr"),
        clock=clock,
        ids=ids,
        signer=signer,
        policy=policy,
        report=lambda where, error: log.error("failed", where=where, error=repr(error)),
        observe=observe,
    )
    troubles, outages = Troubles(store, clock), Outages(clock)
    clockwork = Clockwork(store, store, rulebooks, clock, ids, signer, policy)
    web = create_app(
        WebParts(
            intake=WatchedIntake(store, outages, clock),
            cases=store,
            channels={k: v for k, v in channels.items() if isinstance(v, TakesWebhooks)},
            rulebooks=rulebooks,
            signer=signer,
            clock=clock,
            wake=lambda: None,  # the store itself wakes the router after each commit
            settings=WebSettings(
                base_url=settings.base_url,
                title="Guichet",
                form_secret=secret + b"form",
                replies=tuple(
                    channel
                    for channel in ("email", "sms")
                    if if_connected(settings, channel, _first(counters, channel))
                ),
                **_form_checks(settings),
                jurisdiction=str(settings.channels.get("open311", {}).get("jurisdiction_id", "")),
            ),
            submission_number=lambda submission: _number_of(store, "web", "web", submission),
            partner_account=parts.mailbox,
            save_photo=photos.save,
            open_file=parts.files.open_file,
            communes=rulebook.geography.communes,
            commune=lambda name: rulebooks.current().geography.commune(name),
            offered=lambda: _offered(rulebooks),
            kept=lambda *named: _kept(store, *named),
            posted_number=lambda account, id: _number_of(store, "open311", account, id),
            records=store,
            troubles=troubles.told,
            ready=Readiness(store, clock),
        )
    )
    return Product(
        settings, store, rulebooks, clock, ids, signer, policy, router, clockwork, channels,
        troubles, outages, web, tuple(unconnected),
    )  # fmt: skip


def _form_checks(settings: Settings) -> dict[str, Any]:
    """Give the settings of the form that its page wants, rather than its channel."""
    from channels.webform import WebformSettings

    try:
        form = checked(WebformSettings, settings.of_account("web", "web") or {})
    except WrongSettings as error:
        raise ConfigurationError(of_account(error, settings.channels, "web", "web")) from None
    wanted = {"quick_s", "reports_at_once", "reports_most", "letters_at_once", "proof_of_work"}
    return form.model_dump(include=wanted)


def _first(counters: list[Counter], channel: str) -> str:
    return next((counter.address for counter in counters if counter.channel == channel), "")


def _offered(rulebooks: LiveRulebooks) -> list[Offered]:
    """List the categories of the live rules."""
    known = rulebooks.current().services
    return [Offered(one, known.category_family(one) or "") for one in known.categories()]


async def _kept(store: Store, channel: str, account: str, id: str) -> Envelope | None:
    line = await store.outcome(channel, account, id)
    return await store.envelope(line.inbound_id) if line else None


async def _number_of(store: Store, channel: str, account: str, id: str) -> TrackingNumber | None:
    """Find the case that a form became, by the form's own id."""
    line = await store.outcome(channel, account, id)
    if line is None or line.case_id is None:
        return None
    case = await store.case_by_id(line.case_id)
    return (case.public_number or case.number) if case else None
