"""Every channel with its provider on loopback, in one shape for the contract suite."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import urlencode

from pydantic import SecretStr

from channels.cell.channel import Cell, CellSettings
from channels.desk import Desk, DeskSettings
from channels.email import EmailChannel, EmailSettings
from channels.matrix import Matrix, MatrixSettings
from channels.memory import SIGNATURE, Memory
from channels.open311 import Open311, Open311Settings
from channels.partners.email import PartnerEmail, PartnerEmailSettings
from channels.partners.open311 import PartnerOpen311, PartnerOpen311Settings
from channels.partners.webhook import PartnerWebhook, PartnerWebhookSettings
from channels.sms import Sms, SmsSettings
from channels.sms_polled import PolledSms
from channels.telegram.channel import Telegram
from channels.telegram.settings import TelegramSettings
from channels.webform import Webform, WebformSettings
from channels.whatsapp import WhatsApp, WhatsAppSettings
from channels.x.channel import X
from channels.x.settings import XSettings
from demo.cell import CellSimulator
from demo.clock import WallClock
from demo.faults import Faults
from demo.mail import MailSimulator
from demo.matrix import MatrixSimulator
from demo.open311 import Open311Simulator
from demo.ovh import APPLICATION_KEY, APPLICATION_SECRET, CONSUMER_KEY, OvhSimulator
from demo.partner import PartnerSimulator
from demo.telegram import TelegramSimulator
from demo.twilio import TwilioSimulator
from demo.twilio_shapes import sign
from demo.x import XSimulator
from router.delivery import Delivery, DeliveryKind, Permanent, Retry, Unknown
from router.message import Address, Envelope, WebhookRequest
from router.ports import HandedOver
from router.stated import Stated
from router.tokens import Signer
from router.tracking import from_bits

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
BEFORE = datetime(2026, 11, 1, tzinfo=UTC)
URL = "https://guichet.example/webhooks/here"
SIGNER = Signer({"a": b"key"}, "a")
DEADLINE_S = 0.8  # silence lasts as long; what answers must make it on a loaded machine too

BUSY, BROKEN, REFUSED, BLOCKED, HANG, CUT = "busy", "broken", "refused", "blocked", "hang", "cut"


@dataclass
class Harness:
    """A channel at work: how to write to it, to break its provider and to see what left.

    ``message`` wraps (text, files, id) as the provider would. ``arrived`` lists what people
    received, one line a message that differs from the others, so that a harmless second copy of
    one e-mail is not counted.
    """

    channel: Any
    address: Address
    message: Callable[[str, Sequence[str], str], Envelope] | None = None
    unreadable: Callable[[bytes], Sequence[Envelope]] | None = None
    genuine: WebhookRequest | None = None
    faults: Mapping[str, Callable[[], object]] = field(default_factory=dict)
    arrived: Callable[[], Sequence[str]] = list
    secrets: Sequence[str] = ()
    refs: tuple[str, ...] = ()

    def delivery(self, text: str = "C'est bien note.") -> Delivery:
        return Delivery(
            id=7,
            idem="ab" * 20,
            lane="lane",
            kind=DeliveryKind.ACKNOWLEDGEMENT,
            address=self.address,
            text=text,
            created_at=BEFORE,
            refs=self.refs,
        )


@dataclass(frozen=True)
class Entry:
    """A line of the registry; the flags say which behaviours the channel has at all."""

    name: str
    kind: type
    open: Callable[[], AbstractAsyncContextManager[Harness]]
    talks: bool = True
    """People write to it."""
    signed: bool = False
    provider: bool = True
    splits: bool = True
    files: bool = True
    """They can send files with it."""


@asynccontextmanager
async def email() -> AsyncIterator[Harness]:
    async with MailSimulator() as server:
        account, secret = "guichet@nantes.example", "mot-de-passe-du-releve"
        shown = "secret-du-fournisseur"
        settings = EmailSettings(
            smtp_host="127.0.0.1",
            smtp_port=server.smtp_port,
            smtp_timeout_s=DEADLINE_S,
            password=SecretStr(secret),
            webhook_secret=SecretStr(shown),
        )
        channel = EmailChannel(settings, account, SIGNER)
        to = "lea@citoyens.example"
        yield Harness(
            channel,
            Address("email", account, to),
            lambda text, files, id: channel.envelope(_mail(text, files, id), NOW),
            lambda raw: [channel.envelope(raw, NOW)],
            WebhookRequest("POST", URL, {"authorization": f"Bearer {shown}"}, _mail("a", (), "1")),
            faults=_mail_faults(server),
            arrived=lambda: _mails(server, to),
            secrets=[secret, shown],
        )
        await channel.close()


@asynccontextmanager
async def partner_email() -> AsyncIterator[Harness]:
    async with MailSimulator() as server:
        account, secret = "guichet@nantes.example", "mot-de-passe-du-relais"
        settings = PartnerEmailSettings(
            smtp_host="127.0.0.1",
            smtp_port=server.smtp_port,
            smtp_timeout_s=DEADLINE_S,
            smtp_password=SecretStr(secret),
        )
        channel = PartnerEmail(settings, account, "https://guichet.example", SIGNER)
        to = Address("partner_email", account, "voirie@metropole.example")
        yield Harness(
            channel,
            to,
            unreadable=lambda raw: [Envelope(to.channel, account, "1", to.key, raw, NOW)],
            faults=_mail_faults(server),
            arrived=lambda: _mails(server, to.value),
            secrets=[secret],
        )
        await channel.close()


class OneCase:
    """What a partner's server has: one case, under this id."""

    def __init__(self, forward: str) -> None:
        self._forward = forward

    async def handed_over(self, channel: str, account: str) -> tuple[HandedOver, ...]:
        return (HandedOver(7, self._forward),)


@asynccontextmanager
async def partner_open311() -> AsyncIterator[Harness]:
    async with Open311Simulator() as server:
        account = "https://open311.partenaire.example"
        settings = PartnerOpen311Settings(
            api_key=SecretStr(server.api_key),
            base_url=server.base_url,
            jurisdiction_id=server.jurisdiction,
            service_code="001",
            updates=True,
            poll_s=0.0,
            allow_private=True,
            deadline_s=DEADLINE_S,
        )
        channel = PartnerOpen311(settings, account, WallClock(), OneCase(f"{account}#1"))
        to = Address("partner_open311", account, account)

        def unknown_type() -> None:
            server.services = ()

        yield Harness(
            channel,
            to,
            unreadable=lambda raw: [Envelope(to.channel, account, "1", to.key, raw, NOW)],
            faults=_http_faults(server, unknown_type),
            arrived=lambda: [request.id for request in server.received()],
            secrets=[server.api_key],
        )
        await channel.close()


@asynccontextmanager
async def partner_webhook() -> AsyncIterator[Harness]:
    async with PartnerSimulator() as server:
        account = "https://metier.partenaire.example/cases"
        settings = PartnerWebhookSettings(
            keys={name: SecretStr(key) for name, key in server.keys.items()},
            base_url=server.url,
            allow_private=True,
            deadline_s=DEADLINE_S,
        )
        channel = PartnerWebhook(settings, account, "https://guichet.example", WallClock())
        body = json.dumps({"case": "p" * 30, "act": "accept"}).encode()

        yield Harness(
            channel,
            Address("partner_webhook", account, account),
            unreadable=lambda raw: channel.open_raw(raw, NOW),
            genuine=WebhookRequest("POST", URL, server.signed("m1", body), body),
            faults=_http_faults(server, server.give_up),
            arrived=lambda: [message.id for message in server.received()],
            secrets=list(server.keys.values()),
        )
        await channel.close()


@asynccontextmanager
async def cell() -> AsyncIterator[Harness]:
    async with CellSimulator() as server:
        settings = CellSettings(
            keys={name: SecretStr(key) for name, key in server.keys.items()},
            base_url=server.url,
            allow_private=True,
            deadline_s=DEADLINE_S,
        )
        channel = Cell(settings, server.name, server.other, WallClock())
        number = str(from_bits(7))
        body = server.body("accept", number, 1)

        def gone() -> None:
            server.door.gone = True

        def offered(text: str, files: Sequence[str], id: str) -> Envelope:
            told = [{"name": name, "path": f"/p/p.{id}/fichier/1"} for name in files]
            offer = server.body("offer", number, 1, case={"text": text, "files": told})
            [envelope] = channel.open_raw(offer, NOW, id)
            return envelope

        yield Harness(
            channel,
            Address("cell", server.name, number),
            offered,
            unreadable=lambda raw: channel.open_raw(raw, NOW),
            genuine=WebhookRequest("POST", URL, server.door.signed("m1", body), body),
            faults=_http_faults(server, gone),
            arrived=lambda: list(server.words),
            secrets=list(server.keys.values()),
        )
        await channel.close()


@asynccontextmanager
async def sms() -> AsyncIterator[Harness]:
    async with TwilioSimulator() as twilio:
        account, citizen = "+33756000044", "+33612345678"
        settings = SmsSettings(
            account_sid=twilio.account_sid,
            auth_token=SecretStr(twilio.auth_token),
            base_url=twilio.base_url,
            public_url=URL,
            deadline_s=DEADLINE_S,
        )
        channel = Sms(settings, account)
        form = {"MessageSid": "SM1", "From": citizen, "To": account, "Body": "Un trou"}
        headers = {"x-twilio-signature": sign(twilio.auth_token, URL, form)}
        yield Harness(
            channel,
            Address("sms", account, citizen),
            _composed(channel, account, citizen),
            lambda raw: channel.open_raw(raw, NOW),
            WebhookRequest("POST", URL, headers, urlencode(form).encode()),
            _http_faults(twilio, lambda: twilio.faults.push("4xx", code=21610)),
            lambda: [message.sid for message in twilio.sent_to(citizen)],
            [twilio.auth_token],
        )
        await channel.close()


@asynccontextmanager
async def whatsapp() -> AsyncIterator[Harness]:
    async with TwilioSimulator() as twilio:
        account, citizen = "+33756000044", "+33612345678"
        settings = WhatsAppSettings(
            account_sid=twilio.account_sid,
            auth_token=SecretStr(twilio.auth_token),
            base_url=twilio.base_url,
            public_url=URL,
            deadline_s=DEADLINE_S,
        )
        channel = WhatsApp(settings, account)
        ends = f"whatsapp:{citizen}", f"whatsapp:{account}"
        twilio.connect(ends[1], "http://127.0.0.1:9/")
        form = {"MessageSid": "SM1", "From": ends[0], "To": ends[1], "Body": "Un trou"}
        headers = {"x-twilio-signature": sign(twilio.auth_token, URL, form)}
        yield Harness(
            channel,
            Address("whatsapp", account, citizen),
            _composed(channel, account, citizen),
            lambda raw: channel.open_raw(raw, NOW),
            WebhookRequest("POST", URL, headers, urlencode(form).encode()),
            _http_faults(twilio, lambda: twilio.faults.push("4xx", code=63024)),
            lambda: [message.sid for message in twilio.sent_to(ends[0])],
            [twilio.auth_token],
        )
        await channel.close()


@asynccontextmanager
async def sms_by_ovh() -> AsyncIterator[Harness]:
    clock = WallClock()
    async with OvhSimulator(lambda: clock.now().timestamp()) as ovh:
        citizen = "+33612345678"
        settings = SmsSettings(
            provider="ovh",
            account_sid=ovh.service,
            keys={
                "application_key": SecretStr(APPLICATION_KEY),
                "application_secret": SecretStr(APPLICATION_SECRET),
                "consumer_key": SecretStr(CONSUMER_KEY),
            },
            base_url=ovh.base_url,
            deadline_s=DEADLINE_S,
            poll_s=0.0,
        )
        channel = PolledSms(settings, ovh.number, clock)
        yield Harness(
            channel,
            Address("sms", ovh.number, citizen),
            _composed(channel, ovh.number, citizen),
            lambda raw: channel.open_raw(raw, NOW),
            None,
            _http_faults(ovh, lambda: ovh.blocked.add(citizen)),
            lambda: [str(id) for id in ovh.sent_to(citizen)],
            [APPLICATION_SECRET, CONSUMER_KEY],
        )
        await channel.close()


@asynccontextmanager
async def telegram(called: bool = True) -> AsyncIterator[Harness]:
    async with TelegramSimulator() as simulator:
        account, chat, secret = "GuichetNantesBot", 4242, "secret-du-webhook" if called else ""
        settings = TelegramSettings(
            token=SecretStr(simulator.token),
            webhook_secret=SecretStr(secret),
            base_url=simulator.base_url,
            base_file_url=simulator.base_file_url,
            deadline_s=DEADLINE_S,
            poll_s=0,
        )
        channel = Telegram(settings, account)
        await simulator.citizen_sends(chat, "Bonjour")
        envelope = _composed(channel, account, str(chat))("Un trou", (), "1")
        headers = {"x-telegram-bot-api-secret-token": secret}
        faults = _http_faults(simulator, lambda: simulator.faults.push("403"))

        def unknown_chat() -> None:
            simulator._ledger.data["chats"].clear()

        yield Harness(
            channel,
            Address("telegram", account, str(chat)),
            _composed(channel, account, str(chat)),
            lambda raw: channel.open_raw(raw, NOW),
            WebhookRequest("POST", URL, headers, envelope.payload) if secret else None,
            faults | {REFUSED: unknown_chat},
            lambda: [str(message.message_id) for message in simulator.received(chat)],
            [simulator.token, *filter(None, [secret])],
        )
        await channel.close()


@asynccontextmanager
async def matrix() -> AsyncIterator[Harness]:
    async with MatrixSimulator() as simulator:
        account, (anne, _) = simulator.counter, simulator.account("anne")
        settings = MatrixSettings(
            base_url=simulator.base_url,
            access_token=SecretStr(simulator.token),
            deadline_s=DEADLINE_S,
        )
        channel = Matrix(settings, account)
        room = simulator.room_with("anne")
        simulator.book.put(room, account, account, "join")
        yield Harness(
            channel,
            Address("matrix", account, room),
            _composed(channel, account, anne),
            lambda raw: channel.open_raw(raw, NOW),
            faults=_http_faults(
                simulator, lambda: simulator.book.put(room, anne, account, "leave")
            ),
            arrived=lambda: [message.event_id for message in simulator.received("anne")],
            secrets=[simulator.token],
        )
        await channel.close()


@asynccontextmanager
async def x() -> AsyncIterator[Harness]:
    async with XSimulator() as simulator:
        account, secret = "GuichetNantes", "secret-de-l-application"
        settings = XSettings(
            access_token=SecretStr(simulator.bearer),
            refresh_token=SecretStr(simulator.refresh_token),
            consumer_secret=SecretStr(secret),
            base_url=simulator.base_url,
            poll_s=0,
            deadline_s=DEADLINE_S,
        )
        channel = X(settings, account, WallClock())
        anne = simulator.person("anne")
        body = _composed(channel, account, anne)("Un trou", (), "1").payload
        digest = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest())
        headers = {"x-twitter-webhooks-signature": f"sha256={digest.decode()}"}
        yield Harness(
            channel,
            Address("x", account, anne, "dm"),
            _composed(channel, account, anne),
            lambda raw: channel.open_raw(raw, NOW),
            WebhookRequest("POST", URL, headers, body),
            _http_faults(simulator, lambda: simulator.refuse_dms("anne")),
            lambda: [message.id for message in simulator.received("anne")],
            [simulator.bearer, simulator.refresh_token, secret],
        )
        await channel.close()


@asynccontextmanager
async def web() -> AsyncIterator[Harness]:
    channel = Webform(WebformSettings())
    headers = {"content-type": "application/json"}
    yield Harness(
        channel,
        Address("web", "web", "f1"),
        _composed(channel, "web", ""),
        lambda raw: channel.open_raw(raw, NOW),
        WebhookRequest("POST", URL, headers, b'{"id": "f1", "text": "Un trou"}'),
    )


@asynccontextmanager
async def open311() -> AsyncIterator[Harness]:
    account, key = "application-mobile", "cle-de-l-application"
    settings = Open311Settings(api_key=SecretStr(key), media_hosts=("photos.example",))
    channel = Open311(settings, account)
    headers = {"content-type": "application/x-www-form-urlencoded"}
    form = {"api_key": key, "service_code": "voirie", "description": "Un trou"}
    yield Harness(
        channel,
        Address("open311", account, "f1"),
        _composed(channel, account, ""),
        lambda raw: channel.open_raw(raw, NOW),
        WebhookRequest("POST", URL, headers, urlencode(form).encode()),
        secrets=[key],
    )


@asynccontextmanager
async def desk() -> AsyncIterator[Harness]:
    key = "cle-de-l-agent-anne"
    channel = Desk(DeskSettings(keys={"anne": SecretStr(key)}), "mairie")
    body = b'{"id": "1", "source": "visit", "text": "Un trou"}'
    yield Harness(
        channel,
        Address("desk", "mairie", "+33240000000", "callback"),
        _composed(channel, "mairie", "+33240000000"),
        lambda raw: channel.open_raw(raw, NOW),
        WebhookRequest("POST", URL, {"authorization": f"Bearer {key}"}, body),
        secrets=[key],
    )


@asynccontextmanager
async def memory() -> AsyncIterator[Harness]:
    channel = Memory()
    body = b'{"id": "1", "from": "anne", "text": "Un trou"}'

    def comes_to(outcome: object) -> Callable[[], None]:
        return lambda: channel.outcomes.append(outcome)  # type: ignore[arg-type]

    yield Harness(
        channel,
        Address("memory", "memory", "anne"),
        _composed(channel, "memory", "anne"),
        lambda raw: channel.open_raw(raw, NOW),
        WebhookRequest("POST", URL, {SIGNATURE: channel.sign(body)}, body),
        {
            BUSY: comes_to(Retry("429", 2.0, throttled=True)),
            BROKEN: comes_to(Retry("503")),
            REFUSED: comes_to(Permanent("400", "refused")),
            BLOCKED: comes_to(Permanent("blocked", "blocked")),
            HANG: comes_to(Retry("no answer")),
            CUT: comes_to(Unknown("cut")),
        },
        lambda: [text.idem for text in channel.sent],
        [channel.secret.hex()],
    )


REGISTRY = (
    Entry("email", EmailChannel, email, signed=True, splits=False),
    Entry("partner_email", PartnerEmail, partner_email, talks=False, splits=False),
    Entry("partner_open311", PartnerOpen311, partner_open311, talks=False, splits=False),
    Entry(
        "partner_webhook", PartnerWebhook, partner_webhook, talks=False, signed=True, splits=False
    ),
    Entry("cell", Cell, cell, talks=False, signed=True, splits=False),
    Entry("sms", Sms, sms, signed=True),
    Entry("whatsapp", WhatsApp, whatsapp, signed=True),
    Entry("sms-ovh", PolledSms, sms_by_ovh, files=False),
    Entry("telegram", Telegram, telegram, signed=True),
    Entry("telegram-polled", Telegram, partial(telegram, called=False)),
    Entry("matrix", Matrix, matrix),
    Entry("x", X, x, signed=True),
    Entry("web", Webform, web, signed=True, provider=False, splits=False),
    Entry("open311", Open311, open311, signed=True, provider=False, splits=False),
    Entry("desk", Desk, desk, signed=True, provider=False, splits=False),
    Entry("memory", Memory, memory, signed=True),
)
"""One line a channel; a test compares it with what the package holds."""


# --- pieces --------------------------------------------------------------------------------------


def _composed(
    channel: Any, account: str, sender: str
) -> Callable[[str, Sequence[str], str], Envelope]:
    def message(text: str, files: Sequence[str], id: str) -> Envelope:
        made: Envelope = channel.compose(
            Stated(
                account=account,
                sender=sender,
                text=text,
                at=NOW,
                attachments=tuple(files),
                message_id=id,
            )
        )
        return made

    return message


def _hang(faults: Faults) -> Faults:
    """Have the next send hang; what is given is empty once it does."""
    faults.push("hang")
    return faults


_CODED = (TwilioSimulator, Open311Simulator, PartnerSimulator, CellSimulator, OvhSimulator)
"""Those that say 403 of a key, and something else of what is refused."""


def _http_faults(simulator: Any, block: Callable[[], object]) -> dict[str, Callable[[], object]]:
    push = simulator.faults.push
    return {
        BUSY: lambda: push("429", retry_after=2),
        BROKEN: lambda: push("5xx"),
        REFUSED: lambda: push("4xx" if isinstance(simulator, _CODED) else "403"),
        BLOCKED: block,
        HANG: lambda: _hang(simulator.faults),
        CUT: lambda: push("cut-after-accept"),
    }


def _mail_faults(server: MailSimulator) -> dict[str, Callable[[], object]]:
    push = server.faults.push
    return {
        BUSY: lambda: push("429", on="rcpt"),
        BROKEN: lambda: push("4xx"),  # what HTTP calls 5xx, SMTP calls 4yz
        REFUSED: lambda: push("403"),
        BLOCKED: lambda: push("403", on="rcpt"),
        HANG: lambda: _hang(server.faults),
        CUT: lambda: push("cut-after-accept"),
    }


def _mails(server: MailSimulator, to: str) -> list[str]:
    return sorted({str(mail.message["Message-ID"]) for mail in server.mailbox(to)})


def _mail(text: str, files: Sequence[str], id: str) -> bytes:
    lines = ["From: lea@citoyens.example", "To: guichet@nantes.example", "Subject: Rue"]
    lines += [f"Message-ID: <{id}@citoyens.example>", "MIME-Version: 1.0"]
    lines += ['Content-Type: multipart/mixed; boundary="b"', "", "--b"]
    lines += ["Content-Type: text/plain; charset=utf-8", "", text]
    for name in files:
        lines += ["--b", f'Content-Type: image/jpeg; name="{name}"']
        lines += [f'Content-Disposition: attachment; filename="{name}"']
        lines += ["Content-Transfer-Encoding: base64", "", "/9j/4AAQ"]
    return "\r\n".join([*lines, "--b--", ""]).encode()


def garbage() -> tuple[bytes, ...]:
    """List what no provider would send."""
    return (b"", b"\x00\xff\xfe", b"{", b"[]", json.dumps([["x"] * 3]).encode(), b"[" * 50_000)
