"""A whole city on this machine: five providers, two partners, the people's browser and an agent."""

from __future__ import annotations

import asyncio
import json
import os
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from demo.browser import Browser
from demo.clock import WallClock
from demo.desk import AGENT, KEY, DeskAgent
from demo.mail import PASSWORD, MailSimulator
from demo.matrix import MatrixSimulator
from demo.open311 import OPEN311_AT, Open311Simulator
from demo.partner import SYSTEM_AT, PartnerSimulator
from demo.server import is_free
from demo.telegram import TelegramSimulator
from demo.twilio import TwilioSimulator
from demo.twilio_book import WHATSAPP
from demo.x import XSimulator
from router.ports import Clock


@dataclass(frozen=True, slots=True)
class Providers:
    """Where the city's providers are reached, and the keys to them."""

    mail_host: str
    smtp_port: int
    imap_port: int
    mail_password: str
    twilio_url: str
    twilio_sid: str
    twilio_token: str
    telegram_url: str
    telegram_file_url: str
    telegram_token: str
    matrix_url: str
    matrix_token: str
    x_url: str
    x_username: str
    x_client_id: str
    x_bearer: str
    x_refresh: str
    x_consumer_key: str
    x_consumer_secret: str
    x_user_token: str
    x_user_secret: str


class _Runs(Protocol):
    async def start(self) -> None: ...
    async def stop(self) -> None: ...


@dataclass(frozen=True, slots=True)
class _Ports:
    smtp: int = 0
    imap: int = 0
    twilio: int = 0
    telegram: int = 0
    matrix: int = 0
    x: int = 0
    open311: int = 0
    system: int = 0


class City:
    """The providers of the demo; with a folder they keep their state and their ports in it."""

    def __init__(self, state_dir: Path | None, clock: Clock | None = None) -> None:
        self.folder = state_dir
        if state_dir:
            state_dir.mkdir(parents=True, exist_ok=True)
        ports, clock = self._remembered(), clock or WallClock()
        self.mail = MailSimulator(
            state_dir=state_dir, smtp_port=ports.smtp, imap_port=ports.imap, clock=clock
        )
        self.twilio = TwilioSimulator(state_dir=state_dir, port=ports.twilio, clock=clock)
        self.invitations = self.twilio.templates.add_invitations()
        self.telegram = TelegramSimulator(state_dir=state_dir, port=ports.telegram, clock=clock)
        self.matrix = MatrixSimulator(state_dir=state_dir, port=ports.matrix, clock=clock)
        self.x = XSimulator(state_dir=state_dir, port=ports.x, clock=clock)
        self.open311 = Open311Simulator(state_dir=state_dir, port=ports.open311, clock=clock)
        self.system = PartnerSimulator(state_dir=state_dir, port=ports.system, clock=clock)
        self.browser = Browser(state_dir)
        self.desk = DeskAgent(state_dir)
        self.clock = clock
        self.services: tuple[str, ...] = ()
        """Mailboxes that belong to services and not to citizens."""

    # --- life ------------------------------------------------------------------------------------

    async def start(self) -> None:
        async with AsyncExitStack() as started:
            for part in self._parts():
                await part.start()
                started.push_async_callback(part.stop)
            self._keep_ports()
            started.pop_all()

    async def stop(self) -> None:
        """Stop all at once: each may have to let go of calls that hang."""
        async with asyncio.TaskGroup() as tasks:
            for part in self._parts():
                tasks.create_task(part.stop())

    async def __aenter__(self) -> City:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def _parts(self) -> tuple[_Runs, ...]:
        providers = (self.mail, self.twilio, self.telegram, self.matrix, self.x)
        return (*providers, self.open311, self.system, self.browser, self.desk)

    async def connect(self, base_url: str) -> None:
        """Tell the providers where the product is, as an operator does in their consoles."""
        self.browser.base_url = self.system.base_url = base_url.rstrip("/")
        self.desk.base_url = self.browser.base_url
        for number in self.twilio.numbers:
            self.twilio.connect(number, f"{self.browser.base_url}/webhooks/sms/{number}")
        on_whatsapp = self.twilio.numbers[0]
        url = f"{self.browser.base_url}/webhooks/whatsapp/{on_whatsapp}"
        self.twilio.connect(WHATSAPP + on_whatsapp, url)

    # --- for the product -------------------------------------------------------------------------

    @property
    def providers(self) -> Providers:
        """Tell what the product's settings need; good after `start`."""
        keys = self.x.keys
        return Providers(
            mail_host=self.mail.host,
            smtp_port=self.mail.smtp_port,
            imap_port=self.mail.imap_port,
            mail_password=PASSWORD,
            twilio_url=self.twilio.base_url,
            twilio_sid=self.twilio.account_sid,
            twilio_token=self.twilio.auth_token,
            telegram_url=self.telegram.base_url,
            telegram_file_url=self.telegram.base_file_url,
            telegram_token=self.telegram.token,
            matrix_url=self.matrix.base_url,
            matrix_token=self.matrix.token,
            x_url=self.x.base_url,
            x_username=self.x.username,
            x_client_id=keys.client_id,
            x_bearer=self.x.bearer,
            x_refresh=self.x.refresh_token,
            x_consumer_key=keys.consumer_key,
            x_consumer_secret=keys.consumer_secret,
            x_user_token=keys.user_token,
            x_user_secret=keys.user_secret,
        )

    def settings(self, base_url: str = "") -> dict[str, dict[str, Any]]:
        """Write what the product's settings say of its channels; good after `start`.

        With the product's address its text messages ask for receipts.
        """
        known, base_url = self.providers, base_url.rstrip("/")
        sms: dict[str, Any] = {
            "account_sid": known.twilio_sid,
            "auth_token": known.twilio_token,
            "base_url": known.twilio_url,
            "per_second": 100.0,
        }
        if base_url:
            sms |= {
                number: {"public_url": f"{base_url}/webhooks/sms/{number}"}
                for number in self.twilio.numbers
            }
        whatsapp = {name: value for name, value in sms.items() if not isinstance(value, dict)}
        if base_url:
            number = self.twilio.numbers[0]
            whatsapp[number] = {"public_url": f"{base_url}/webhooks/whatsapp/{number}"}
        whatsapp["templates"] = dict(self.invitations)
        return {
            "email": {
                "smtp_host": known.mail_host,
                "smtp_port": known.smtp_port,
                "imap_host": known.mail_host,
                "imap_port": known.imap_port,
                "imap_tls": False,
                "password": known.mail_password,
            },
            "sms": sms,
            "whatsapp": whatsapp,
            "telegram": {
                "token": known.telegram_token,
                "base_url": known.telegram_url,
                "base_file_url": known.telegram_file_url,
            },
            "matrix": {
                "base_url": known.matrix_url,
                "access_token": known.matrix_token,
                "per_second": 50.0,
            },
            "x": {
                "base_url": known.x_url,
                "client_id": known.x_client_id,
                "access_token": known.x_bearer,
                "refresh_token": known.x_refresh,
                "per_second": 50.0,
                "poll_s": 0.4,
                "daily_cap": 0,
            },
            "web": {
                "confirm": False,
                "quick_s": 0,
                "reports_at_once": 10_000,
                "reports_most": 100_000,
            },
            "desk": {"keys": {AGENT: KEY}},
            "partner_open311": {OPEN311_AT: self._open311()},
            "partner_webhook": {SYSTEM_AT: self._system()},
        }

    def _open311(self) -> dict[str, Any]:
        return {
            "base_url": self.open311.base_url,
            "api_key": self.open311.api_key,
            "jurisdiction_id": self.open311.jurisdiction,
            "service_code": self.open311.services[0],
            "updates": True,
            "poll_s": 0.4,
            "allow_private": True,
        }

    def _system(self) -> dict[str, Any]:
        return {"base_url": self.system.url, "keys": self.system.keys, "allow_private": True}

    # --- ports -----------------------------------------------------------------------------------

    def _remembered(self) -> _Ports:
        file = self.folder / "ports.json" if self.folder else None
        if file is None or not file.exists():
            return _Ports()
        kept = json.loads(file.read_text(encoding="utf-8"))
        return _Ports(**{name: port if is_free(port) else 0 for name, port in kept.items()})

    def _keep_ports(self) -> None:
        if self.folder is None:
            return
        used = _Ports(
            self.mail.smtp_port,
            self.mail.imap_port,
            self.twilio.port,
            self.telegram.port,
            self.matrix.port,
            self.x.port,
            self.open311.port,
            self.system.port,
        )
        draft = self.folder / "ports.new"
        draft.write_text(json.dumps(asdict(used)), encoding="utf-8")
        os.replace(draft, self.folder / "ports.json")
