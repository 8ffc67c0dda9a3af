"""Stand in for everybody's mail: an SMTP server for all addresses and IMAP for the counters."""

from __future__ import annotations

import asyncio
import email
import email.policy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote, unquote
from weakref import WeakSet

import aiosmtplib
from aiosmtpd.smtp import SMTP, Envelope, Session
from pymap.parsing.message import AppendMessage

from demo.clock import WallClock
from demo.faults import FaultKind, Faults
from demo.imap import ImapServer
from demo.ledger import Ledger
from demo.mailboxes import KeptMailboxes
from demo.server import LOOPBACK, listen
from router.ports import Clock

PASSWORD = "mot-de-passe-de-demonstration"
COUNTERS = {"guichet@nantes.example": PASSWORD, "guichet@orvault.example": PASSWORD}
LARGEST_MAIL = 35 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail as it lies in a mailbox."""

    raw: bytes

    @property
    def message(self) -> EmailMessage:
        return _parsed(self.raw)

    @property
    def sender(self) -> str:
        """The envelope's sender; empty for automatic mail."""
        return str(self.message["Return-Path"]).strip("<>")

    @property
    def recipient(self) -> str:
        """The envelope's recipient, with its ``+token``."""
        return str(self.message["Delivered-To"])

    @property
    def subject(self) -> str:
        return str(self.message["Subject"] or "")

    @property
    def text(self) -> str:
        """The plain text, or nothing."""
        body = self.message.get_body(("plain",))
        return str(body.get_content()).replace("\r\n", "\n") if body else ""


@lru_cache(maxsize=4096)
def _parsed(raw: bytes) -> EmailMessage:
    return email.message_from_bytes(raw, policy=email.policy.default)


def mailbox_of(address: str) -> str:
    """Give the mailbox of an address: lower case, without ``+token``."""
    local, _, domain = address.lower().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


class MailSimulator:
    """A mail server for the whole demo: any address receives, the counters' are read by IMAP.

    Faults: ``rcpt`` (403: 550, 4xx or 429: 451), ``send`` (the same after DATA, 5xx: 554, hang,
    cut-after-accept), ``deliver`` (redeliver: the mail lies there twice).
    """

    def __init__(
        self,
        counters: Mapping[str, str] = COUNTERS,
        *,
        state_dir: Path | None = None,
        smtp_port: int = 0,
        imap_port: int = 0,
        clock: Clock | None = None,
    ) -> None:
        """Take the password of each counter's mailbox; the login is its address."""
        self.host = LOOPBACK
        self.counters = dict(counters)
        self.faults = Faults()
        self.refused: dict[str, str] = {}
        """Addresses refused at RCPT, with the reply (``550 5.1.1 unknown``)."""
        self.smtp_port = self.imap_port = 0
        self._wanted = (smtp_port, imap_port)
        self._folder = state_dir / "mail" if state_dir else None
        self._clock = clock or WallClock()
        self._changes = Ledger("mail", None, {})
        self._boxes: dict[str, KeptMailboxes] = {}

    # --- life ------------------------------------------------------------------------------------

    async def start(self) -> None:
        self._boxes.clear()
        self._stopping = asyncio.Event()
        self._connections: WeakSet[SMTP] = WeakSet()
        accounts = {name: (password, self._box(name)) for name, password in self.counters.items()}
        self._imap = ImapServer(accounts, self._wanted[1])
        await self._imap.start()
        self.imap_port = self._imap.port
        listener = listen(self._wanted[0])
        self.smtp_port = listener.getsockname()[1]
        loop = asyncio.get_running_loop()
        self._smtp = await loop.create_server(self._connection, sock=listener)

    def _connection(self) -> SMTP:
        connection = SMTP(
            self,
            hostname="mail.example",
            ident="demo",
            enable_SMTPUTF8=True,
            data_size_limit=LARGEST_MAIL,
            loop=asyncio.get_running_loop(),
        )
        self._connections.add(connection)
        return connection

    async def stop(self) -> None:
        self._stopping.set()
        self._smtp.close()
        for connection in self._connections:
            _abort(connection)
        await self._imap.stop()
        await asyncio.sleep(0)  # lets the aborted connections end

    async def __aenter__(self) -> MailSimulator:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    # --- people ----------------------------------------------------------------------------------

    async def citizen_sends(self, raw: bytes, to: str, *, sender: str | None = None) -> None:
        """Send a mail as a citizen, a service or a robot would, by SMTP.

        The envelope's sender is that of the From line unless given; an empty one marks a bounce.
        """
        if sender is None:
            sender = aiosmtplib.email.extract_sender(email.message_from_bytes(raw)) or ""
        async with aiosmtplib.SMTP(hostname=self.host, port=self.smtp_port) as smtp:
            await smtp.sendmail(sender, [to], raw)

    def mailbox(self, address: str) -> list[Mail]:
        """List what lies in the mailbox of an address, in order of arrival."""
        return [Mail(raw) for raw in self._box(mailbox_of(address)).messages()]

    async def until_received(
        self, address: str, count: int = 1, seconds: float = 10.0
    ) -> list[Mail]:
        """Wait until so many mails lie in a mailbox."""
        box = self._box(mailbox_of(address))
        await self._changes.until(lambda: len(box.messages()) >= count, seconds)
        return self.mailbox(address)

    def addresses(self) -> list[str]:
        """List the addresses that ever received something here."""
        known = set(self._boxes)
        if self._folder and self._folder.is_dir():
            known |= {unquote(folder.name) for folder in self._folder.iterdir()}
        return sorted(address for address in known if self._box(address).messages())

    async def until(self, condition: Callable[[], object], seconds: float = 10.0) -> None:
        """Wait until a condition holds, looking again after each mail; raises TimeoutError."""
        await self._changes.until(condition, seconds)

    async def drop_imap(self) -> None:
        """Cut every open IMAP connection."""
        await self._imap.drop()

    def _box(self, address: str) -> KeptMailboxes:
        if address not in self._boxes:
            folder = self._folder / quote(address, safe="@") if self._folder else None
            self._boxes[address] = KeptMailboxes(folder)
        return self._boxes[address]

    # --- SMTP, as aiosmtpd calls it --------------------------------------------------------------

    async def handle_RCPT(  # noqa: N802 -- aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.lower() in self.refused:
            return self.refused[address.lower()]
        if fault := self.faults.take("rcpt"):
            return _reply(fault.kind)
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802 -- aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        fault = self.faults.take("send")
        if fault and fault.kind is FaultKind.HANG:
            await self._stopping.wait()
        if fault and fault.kind is not FaultKind.CUT_AFTER_ACCEPT:
            return _reply(fault.kind)
        for recipient in envelope.rcpt_tos:
            await self._deliver(
                envelope.mail_from or "", recipient, envelope.original_content or b""
            )
        self._changes.wake()
        if fault:
            _abort(server)
        return "250 2.0.0 OK"  # only now, when the mail is kept

    async def _deliver(self, sender: str, recipient: str, raw: bytes) -> None:
        now = self._clock.now()
        received = f"from {self.host} by mail.example with ESMTP; {format_datetime(now)}"
        lines = (f"Return-Path: <{sender}>", f"Delivered-To: {recipient}", f"Received: {received}")
        content = "".join(f"{line}\r\n" for line in lines).encode() + raw
        fault = self.faults.take("deliver")
        inbox = self._box(mailbox_of(recipient)).inbox
        for _ in range(2 if fault and fault.kind is FaultKind.REDELIVER else 1):
            await inbox.append(AppendMessage(content, now), recent=True)


def _abort(connection: SMTP) -> None:
    if isinstance(connection.transport, asyncio.WriteTransport):
        connection.transport.abort()


def _reply(kind: FaultKind) -> str:
    if kind is FaultKind.FORBIDDEN:
        return "550 5.7.1 Refused by policy"
    if kind is FaultKind.BROKEN:
        return "554 5.3.0 Transaction failed"
    return "451 4.7.1 Try again later"
