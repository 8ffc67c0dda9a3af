"""Builds the product from its settings: the one place where every part is named."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

import structlog
from pydantic import ValidationError
from starlette.types import ASGIApp

from app.files import SentFiles
from app.handed_over import Handed
from app.live import LiveRulebooks
from app.photos import PhotoFolder
from app.settings import Settings, secret_of
from app.system import SystemClock, SystemIds
from app.troubles import Troubles
from app.ways import accounts, ways
from app.x_spending import StoredSpending
from app.x_tokens import StoredTokens
from channels.x_api import KeepsTokens, Tokens
from channels.x_budget import KeepsSpending
from router.directory import Counter
from router.errors import ConfigurationError
from router.message import Envelope
from router.policy import Policy
from router.ports import (
    Clock,
    Ids,
    KnowsHandedOver,
    Listens,
    OpensFiles,
    Polls,
    Reads,
    Sends,
    TakesWebhooks,
)
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
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Parts:
    """What a channel may need beside its own settings."""

    signer: Signer
    clock: Clock
    base_url: str
    mailbox: str
    sms_number: str
    photos: PhotoFolder
    files: OpensFiles
    tokens: Callable[[str, Tokens], KeepsTokens]
    spending: Callable[[str], KeepsSpending]
    handed: KnowsHandedOver


# Each builder imports its channel itself: the libraries of providers that are not connected here
# are not worth the second that it takes.


def _email(raw: Mapping[str, Any], account: str, parts: Parts) -> object:
    from channels.email import EmailChannel, EmailSettings

    return EmailChannel(EmailSettings.model_validate(raw), account, parts.signer, files=parts.files)


def _partner_email(raw: Mapping[str, Any], account: str, parts: Parts) -> object:
    from channels.partner_email import PartnerEmail, PartnerEmailSettings

    return PartnerEmail(
        PartnerEmailSettings.model_validate(raw),
        account,
        parts.base_url,
        parts.signer,
        parts.files,
        parts.photos.read,
    )


def _partner_open311(raw: Mapping[str, Any], account: str, parts: Parts) -> object:
    from channels.partner_open311 import PartnerOpen311, PartnerOpen311Settings

    settings = PartnerOpen311Settings.model_validate(raw)
    return PartnerOpen311(settings, account, parts.clock, parts.handed)


def _partner_webhook(raw: Mapping[str, Any], account: str, parts: Parts) -> object:
    from channels.partner_webhook import PartnerWebhook, PartnerWebhookSettings

    settings = PartnerWebhookSettings.model_validate(raw)
    return PartnerWebhook(settings, account, parts.base_url, parts.clock, parts.photos.read)


def _open311(raw: Mapping[str, Any], account: str, parts: Parts) -> object:
    from channels.open311 import Open311, Open311Settings

    return Open311(Open311Settings.model_validate(raw), account)


def _sms(raw: Mapping[str, Any], account: str, parts: Parts) -> object:
    from channels.phone.carriers import is_polled
    from channels.sms import Sms, SmsSettings
    from channels.sms_polled import PolledSms

    settings = SmsSettings.model_validate(raw)
    return (PolledSms if is_polled(settings) else Sms)(settings, account, parts.clock)


def _whatsapp(raw: Mapping[str, Any], account: str, parts: Parts) -> object:
    from channels.whatsapp import WhatsApp, WhatsAppSettings

    return WhatsApp(WhatsAppSettings.model_validate(raw), account, parts.clock)


def _telegram(raw: Mapping[str, Any], account: str, parts: Parts) -> object:
    from channels.telegram import Telegram
    from channels.telegram_settings import TelegramSettings

    webhook_url = f"{parts.base_url.rstrip('/')}/webhooks/telegram/{account}"
    return Telegram(TelegramSettings.model_validate(raw), account, webhook_url)


def _matrix(raw: Mapping[str, Any], account: str, parts: Parts) -> object:
    from channels.matrix import Matrix, MatrixSettings

    return Matrix(MatrixSettings.model_validate(raw), account)


def _web(raw: Mapping[str, Any], account: str, parts: Parts) -> object:
    from channels.webform import Webform, WebformSettings

    return Webform(WebformSettings.model_validate(raw), account, parts.photos.read)


def _desk(raw: Mapping[str, Any], account: str, parts: Parts) -> object:
    from channels.desk import Desk, DeskSettings

    return Desk(DeskSettings.model_validate(raw), account, parts.photos.read)


def _x(raw: Mapping[str, Any], account: str, parts: Parts) -> object:
    from channels.x import X
    from channels.x_api import login_of
    from channels.x_settings import XSettings

    settings = XSettings.model_validate(raw)
    tokens = parts.tokens(account, login_of(settings).tokens)
    return X(settings, account, parts.clock, tokens, parts.spending(account))


BUILDERS: dict[str, Callable[[Mapping[str, Any], str, Parts], object]] = {
    "email": _email,
    "partner_email": _partner_email,
    "partner_open311": _partner_open311,
    "partner_webhook": _partner_webhook,
    "open311": _open311,
    "sms": _sms,
    "whatsapp": _whatsapp,
    "telegram": _telegram,
    "matrix": _matrix,
    "x": _x,
    "web": _web,
    "desk": _desk,
}
"""One line a channel: its name and what builds it."""
_OWN = {"web", "desk"}
"""Channels without a provider: they need no settings, and answer by the e-mail and SMS of others."""


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
    web: ASGIApp
    unconnected: tuple[str, ...] = field(default=())
    """Counters whose channel has no settings here."""

    @property
    def senders(self) -> dict[str, Sends]:
        """The channels that send, by the outbox role of their account."""
        return {
            f"send:{name}|{account}": channel
            for (name, account), channel in self.channels.items()
            if isinstance(channel, Sends)
        }

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
    check_names(settings)
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
        Handed(store, rulebooks),
    )
    wanted = [(counter.channel, counter.address) for counter in counters]
    wanted += accounts(rulebook.directory)
    unconnected = _connect(channels, settings, wanted, parts)
    policy = Policy(
        ways={"email": ("partner_email", parts.mailbox)},
        partners=ways(rulebook.directory, channels),
        base_url=settings.base_url,
        automatic_per_day=settings.automatic_per_day,
        dangers_per_day=settings.dangers_per_day,
        confirmations_per_day=settings.confirmations_per_day,
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
    troubles = Troubles(store, clock)
    clockwork = Clockwork(store, store, rulebooks, clock, ids, signer, policy)
    web = create_app(
        WebParts(
            intake=store,
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
            was_taken=lambda *named: _was_taken(store, *named),
            posted_number=lambda account, id: _number_of(store, "open311", account, id),
            records=store,
            troubles=troubles.told,
        )
    )
    return Product(
        settings, store, rulebooks, clock, ids, signer, policy, router, clockwork, channels,
        troubles, web, tuple(unconnected),
    )  # fmt: skip


def check_names(settings: Settings) -> None:
    """Refuse settings of a channel that there is not: they would be obeyed by nobody.

    Raises:
        ConfigurationError: names it, and the one that may be meant.
    """
    for name in settings.channels:
        if name not in BUILDERS:
            near = get_close_matches(name, BUILDERS, 1)
            meant = f" Voulez-vous dire « {near[0]} » ?" if near else ""
            raise ConfigurationError(f"channels.{name} : ce canal n'existe pas.{meant}")


def _connect(
    channels: dict[Key, object], settings: Settings, wanted: list[Key], parts: Parts
) -> list[str]:
    """Build the channels of counters and partners; gives those that have no settings here."""
    if parts.mailbox:
        wanted.append(("partner_email", parts.mailbox))
    unconnected = []
    for name, account in wanted:
        raw = settings.of_account(name, account)
        if name in _OWN:
            raw = {"email_account": parts.mailbox, "sms_account": parts.sms_number, **(raw or {})}
        if name == "partner_email" and raw is None:
            raw = settings.of_account("email", account)
        if raw is None or name not in BUILDERS:
            unconnected.append(f"{name} {account}")
            continue
        try:
            channels[(name, account)] = BUILDERS[name](raw, account, parts)
        except ValidationError as error:
            problem = error.errors()[0]
            where = ".".join(("channels", name, account, *map(str, problem["loc"])))
            raise ConfigurationError(f"{where} : {problem['msg']}") from None
    return unconnected


def _form_checks(settings: Settings) -> dict[str, Any]:
    """Give the settings of the form that its page wants, rather than its channel."""
    from channels.webform import WebformSettings

    form = WebformSettings.model_validate(settings.of_account("web", "web") or {})
    wanted = {"quick_s", "reports_at_once", "reports_most", "letters_at_once", "proof_of_work"}
    return form.model_dump(include=wanted)


def _first(counters: list[Counter], channel: str) -> str:
    return next((counter.address for counter in counters if counter.channel == channel), "")


def _offered(rulebooks: LiveRulebooks) -> list[Offered]:
    """List the categories of the live rules."""
    known = rulebooks.current().services
    return [Offered(one, known.category_family(one) or "") for one in known.categories()]


async def _was_taken(store: Store, channel: str, account: str, id: str) -> bool:
    return await store.outcome(channel, account, id) is not None


async def _number_of(store: Store, channel: str, account: str, id: str) -> TrackingNumber | None:
    """Find the case that a form became, by the form's own id."""
    line = await store.outcome(channel, account, id)
    if line is None or line.case_id is None:
        return None
    case = await store.case_by_id(line.case_id)
    return (case.public_number or case.number) if case else None
