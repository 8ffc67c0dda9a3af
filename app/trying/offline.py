"""Channels for `guichet try`: the real ones, which read and are never asked to send."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from app.trying.lines import Line, clean
from channels.desk import Desk, DeskSettings
from channels.email import EmailChannel, EmailSettings
from channels.matrix import Matrix, MatrixSettings
from channels.sms import Sms, SmsSettings
from channels.telegram.channel import Telegram
from channels.telegram.settings import TelegramSettings
from channels.webform import Webform, WebformSettings
from channels.whatsapp import WhatsApp, WhatsAppSettings
from channels.x.channel import X
from channels.x.settings import XSettings
from router.directory import Counter
from router.errors import InvalidInput
from router.events import InboundEvent, MessageReceived
from router.message import Address, Attachment, Envelope, Given
from router.ports import Clock, Reads
from router.stated import Stated
from router.tokens import Signer
from rules.problems import closest

Key = tuple[str, str]
_FIRST_NUMBER = 33_639_980_000
"""Numbers from here on are kept free for fiction (ARCEP, decision 2018-0881)."""
_KINDS = {"x": ("", "dm", "mention")}


class Wraps(Reads, Protocol):
    """What every channel that people write to can do without its provider."""

    name: str
    account: str

    def open_raw(self, raw: bytes, at: datetime) -> tuple[Envelope, ...]: ...

    def compose(self, stated: Stated) -> Envelope:
        """Write the provider's own form of a message."""
        ...

    def recipients(self, raw: bytes) -> tuple[str, ...]:
        """List the accounts that a raw form says it is for; empty where it says nothing."""
        ...


@dataclass(slots=True)
class Offline:
    """One account of one channel; adds to what it reads the facts that stand beside the message."""

    channel: Wraps
    line: Line | None = None

    @property
    def key(self) -> Key:
        return self.channel.name, self.channel.account

    def receive(self, envelope: Envelope) -> tuple[InboundEvent, ...]:
        return tuple(self._with(event) for event in self.channel.receive(envelope))

    def compose(self, line: Line, at: datetime, unique: str, count: int) -> Envelope:
        """Write the provider's own form of a message that was stated in fields.

        Raises:
            InvalidInput: this channel has no such kind of message.
        """
        name, account = self.key
        if line.kind not in _KINDS.get(name, (line.kind,)):
            raise InvalidInput(f"« kind » : sur {name}, dm ou mention, pas « {line.kind[:40]} »")
        sender = line.sender or _nobody(name, count)
        envelope = self.channel.compose(
            Stated(
                account=_written_to(line.to, account),
                sender=sender,
                text=line.text,
                kind=line.kind if name == "x" else "",
                subject=line.subject,
                at=at,
                location=line.location,
                attachments=line.attachments,
                message_id=unique,
            )
        )
        if name == "web":  # the same person's form is the same conversation, answered on its page
            return replace(envelope, conversation=Address(name, account, sender).key)
        return envelope

    def open_raw(self, raw: bytes, at: datetime, to: str) -> tuple[Envelope, ...]:
        """Wrap a provider's raw form; of a mail, ``to`` is the envelope's recipient."""
        if isinstance(self.channel, EmailChannel):
            return (self.channel.envelope(raw, at, to or None),)
        return self.channel.open_raw(raw, at)

    def _with(self, event: InboundEvent) -> InboundEvent:
        line = self.line
        if line is None or not isinstance(event, MessageReceived):
            return event
        message = event.message
        stated = tuple(
            Attachment(name, "application/octet-stream", None, f"essai:{name}")
            for name in line.attachments
        )
        given = Given(category=line.category or None, commune=line.commune or None)
        return MessageReceived(
            replace(
                message,
                sender_name=clean(message.sender_name),
                text=clean(message.text),
                text_shown=clean(message.text_shown),
                subject=clean(message.subject),
                given=given if given != Given() else message.given,
                location=line.location or message.location,
                attachments=message.attachments + stated if line.raw else stated,
            )
        )


def offline_channels(
    counters: Iterable[Counter], signer: Signer, clock: Clock
) -> dict[Key, Offline]:
    """Make a channel for every counter, and one where a channel has no counter."""
    keys = [(counter.channel, counter.address) for counter in counters]
    builders = _builders(keys, signer, clock)
    for name in builders:
        if all(name != channel for channel, _ in keys):
            keys.append((name, "guichet@guichet.example" if name == "email" else name))
    return {key: Offline(builders[key[0]](key[1])) for key in keys if key[0] in builders}


def _builders(
    keys: Iterable[Key], signer: Signer, clock: Clock
) -> Mapping[str, Callable[[str], Wraps]]:
    first: dict[str, str] = {}
    for name, account in keys:
        first.setdefault(name, account)
    ours = {"email_account": first.get("email", ""), "sms_account": first.get("sms", "")}
    # a trial shows what is written once the address is confirmed
    form = WebformSettings.model_validate(ours | {"confirm": False})
    desk = DeskSettings.model_validate(ours)
    return {
        "email": lambda account: EmailChannel(EmailSettings.model_validate({}), account, signer),
        "sms": lambda account: Sms(SmsSettings(), account),
        "whatsapp": lambda account: WhatsApp(WhatsAppSettings(), account),
        "telegram": lambda account: Telegram(TelegramSettings(), account),
        "matrix": lambda account: Matrix(MatrixSettings(base_url=""), account),
        "x": lambda account: X(XSettings(), account, clock),
        "web": lambda account: Webform(form, account),
        "desk": lambda account: Desk(desk, account),
    }


def _nobody(channel: str, count: int) -> str:
    """Make up a sender for a message that names none; no two messages share one."""
    match channel:
        case "email":
            return f"essai-{count}@essai.example"
        case "sms" | "whatsapp" | "desk":
            return f"+{_FIRST_NUMBER + count}"
        case "telegram" | "x":
            return str(9_000_000_000 + count)
        case _:
            return f"essai-{count}"


def _written_to(to: str, account: str) -> str:
    """Keep an address with a reply token in it; any other unknown one is the counter's own."""
    return to if same_account(account, to) else account


def same_account(address: str, wanted: str) -> bool:
    """Whether two ways of writing name one account, whatever follows a ``+`` in its local part."""

    def bare(text: str) -> str:
        local, at, domain = text.strip().lower().lstrip("@").partition("@")
        return local.split("+")[0] + at + domain if at else "".join(local.split())

    return bool(wanted) and bare(address) == bare(wanted)


def no_channel(wanted: str, known: Collection[str]) -> str:
    """Say which channel was probably meant, else which ones there are."""
    near = closest(wanted, known)
    there = f"le plus proche est « {near} »" if near else f"il y a {', '.join(sorted(known))}"
    return f"le canal « {wanted[:40]} » n'existe pas ; {there}"
