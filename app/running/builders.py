"""Builds the channels that counters and partners need: one builder for each, and one line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from app.running.photos import PhotoFolder
from app.settings import WITHOUT_PROVIDER, Settings
from app.settings_told import of_account, placed
from channels.setting_mistakes import WrongSettings, checked
from channels.x.api import KeepsTokens, Tokens
from channels.x.budget import KeepsSpending
from router.errors import ConfigurationError
from router.events import InboundEvent
from router.message import Attachment, Envelope
from router.ports import Clock, Health, KnowsHandedOver, OpensFiles
from router.tokens import Signer

if TYPE_CHECKING:
    from channels.email.lmtp import Doors
    from channels.partners.email import PartnerEmail
    from channels.x.sending import KeepsTold

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
    told: Callable[[str], KeepsTold]
    handed: KnowsHandedOver
    cell: str = ""
    """Our name among installations."""
    doors: Doors = field(default_factory=dict)
    """Where mail is taken by LMTP: one door for all mailboxes of a port."""


@dataclass(frozen=True, slots=True)
class ActionPage:
    """Reads what services do on our pages where no settings let mail leave."""

    mail: PartnerEmail

    def receive(self, envelope: Envelope) -> tuple[InboundEvent, ...]:
        return self.mail.receive(envelope)

    async def fetch_media(self, envelope: Envelope, attachment: Attachment, limit: int) -> bytes:
        return await self.mail.fetch_media(envelope, attachment, limit)

    async def health(self) -> Health:
        return Health(True, "les pages d'action des services sont lues ; aucun courriel ne part.")


# Each builder imports its channel itself: the libraries of providers that are not connected here
# are not worth the second that it takes.


def _email(raw: Mapping[str, Any], account: str, parts: Parts) -> object:
    from channels.email import EmailChannel, EmailSettings

    settings = checked(EmailSettings, raw)
    return EmailChannel(settings, account, parts.signer, files=parts.files, doors=parts.doors)


def _partner_email(raw: Mapping[str, Any], account: str, parts: Parts) -> PartnerEmail:
    from channels.partners.email import PartnerEmail, PartnerEmailSettings

    return PartnerEmail(
        checked(PartnerEmailSettings, raw),
        account,
        parts.base_url,
        parts.signer,
        parts.files,
        parts.photos.read,
    )


def _partner_open311(raw: Mapping[str, Any], account: str, parts: Parts) -> object:
    from channels.partners.open311 import PartnerOpen311, PartnerOpen311Settings

    settings = checked(PartnerOpen311Settings, raw)
    return PartnerOpen311(settings, account, parts.clock, parts.handed)


def _partner_webhook(raw: Mapping[str, Any], account: str, parts: Parts) -> object:
    from channels.partners.webhook import PartnerWebhook, PartnerWebhookSettings

    settings = checked(PartnerWebhookSettings, raw)
    return PartnerWebhook(settings, account, parts.base_url, parts.clock, parts.photos.read)


def _cell(raw: Mapping[str, Any], account: str, parts: Parts) -> object:
    from channels.cell.channel import Cell, CellSettings
    from channels.cell.names import cell_name

    settings = checked(CellSettings, raw)
    if not parts.cell:
        raise ConfigurationError(
            "le réglage cell manque : il donne le nom de cette installation, par lequel une autre la"
            " connaît."
        )
    if cell_name(account) == parts.cell:
        raise ConfigurationError("c'est le nom de cette installation elle-même (réglage cell).")
    return Cell(settings, account, parts.cell, parts.clock)


def _open311(raw: Mapping[str, Any], account: str, parts: Parts) -> object:
    from channels.open311 import Open311, Open311Settings

    return Open311(checked(Open311Settings, raw), account)


def _sms(raw: Mapping[str, Any], account: str, parts: Parts) -> object:
    from channels.phone.carriers import is_polled
    from channels.sms import Sms, SmsSettings
    from channels.sms_polled import PolledSms

    settings = checked(SmsSettings, raw)
    return (PolledSms if is_polled(settings) else Sms)(settings, account, parts.clock)


def _whatsapp(raw: Mapping[str, Any], account: str, parts: Parts) -> object:
    from channels.whatsapp import WhatsApp, WhatsAppSettings

    return WhatsApp(checked(WhatsAppSettings, raw), account, parts.clock)


def _telegram(raw: Mapping[str, Any], account: str, parts: Parts) -> object:
    from channels.telegram.channel import Telegram
    from channels.telegram.settings import TelegramSettings

    webhook_url = f"{parts.base_url.rstrip('/')}/webhooks/telegram/{account}"
    return Telegram(checked(TelegramSettings, raw), account, webhook_url)


def _matrix(raw: Mapping[str, Any], account: str, parts: Parts) -> object:
    from channels.matrix import Matrix, MatrixSettings

    return Matrix(checked(MatrixSettings, raw), account)


def _web(raw: Mapping[str, Any], account: str, parts: Parts) -> object:
    from channels.webform import Webform, WebformSettings

    return Webform(checked(WebformSettings, raw), account, parts.photos.read)


def _desk(raw: Mapping[str, Any], account: str, parts: Parts) -> object:
    from channels.desk import Desk, DeskSettings

    return Desk(checked(DeskSettings, raw), account, parts.photos.read)


def _x(raw: Mapping[str, Any], account: str, parts: Parts) -> object:
    from channels.x.api import login_of
    from channels.x.channel import X
    from channels.x.settings import XSettings

    settings = checked(XSettings, raw)
    tokens = parts.tokens(account, login_of(settings).tokens)
    spending, told = parts.spending(account), parts.told(account)
    return X(settings, account, parts.clock, tokens, spending, told)


BUILDERS: dict[str, Callable[[Mapping[str, Any], str, Parts], object]] = {
    "email": _email,
    "partner_email": _partner_email,
    "partner_open311": _partner_open311,
    "partner_webhook": _partner_webhook,
    "cell": _cell,
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


def connect(
    channels: dict[Key, object], settings: Settings, wanted: list[Key], parts: Parts
) -> list[str]:
    """Build the channels of counters and partners; gives those that have no settings here."""
    if parts.mailbox:
        wanted.append(("partner_email", parts.mailbox))
    unconnected = []
    for name, account in wanted:
        raw = settings.connects(name, account)
        if raw is None or name not in BUILDERS:
            unconnected.append(f"{name} {account}")
            if name == "partner_email":
                channels[(name, account)] = ActionPage(_partner_email({}, account, parts))
            continue
        if name in WITHOUT_PROVIDER:
            raw = {
                "email_account": if_connected(settings, "email", parts.mailbox),
                "sms_account": if_connected(settings, "sms", parts.sms_number),
                **raw,
            }
        try:
            channels[(name, account)] = BUILDERS[name](raw, account, parts)
        except WrongSettings as error:
            told = of_account(error, settings.channels, name, account)
            raise ConfigurationError(told) from None
        except ConfigurationError as error:
            raise ConfigurationError(placed(("channels", name, account), str(error))) from None
    return unconnected


def if_connected(settings: Settings, channel: str, account: str) -> str:
    """Give an account that writes here; empty where nothing of it would ever leave."""
    return account if settings.connects(channel, account) is not None else ""
