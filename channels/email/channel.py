"""The e-mail channel: one mailbox in and out, read and written as the core wants it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime

from channels.email import webhook
from channels.email.composing import mail_of
from channels.email.events import Receiver
from channels.email.identity import recipients_of
from channels.email.inbox import Inbox
from channels.email.lmtp import Doors, serve, trouble_at
from channels.email.mime import opened
from channels.email.reading import bytes_of
from channels.email.settings import EmailSettings
from channels.email.wrapping import NAME, Wrapper, hashed
from channels.enclosures import enclose, files_of
from channels.smtp.addresses import ascii_domain, envelope_sender
from channels.smtp.letter import Letter, fits, letter_of, written
from channels.smtp.relay import Relay, is_too_large
from router.delivery import Delivery, OnUnknown, Permanent, Rate, SendOutcome
from router.errors import InvalidInput, UnreadablePayload
from router.events import InboundEvent
from router.message import Attachment, Envelope, Message, WebhookRequest, WebhookResponse
from router.ports import Capabilities, Health, OpensFiles, OutboundPart, Pulled
from router.stated import Stated
from router.tokens import Signer

_LARGEST_FILES = 5_000_000
"""Bytes of the photos in one mail together; what is larger stays behind the link of the answer."""


_LONGEST_TOKEN = "r.7k4mq2xd9tc.abcdefgh.a.abcdefghabcdefgh"  # noqa: S105 -- as long as they are
_TOO_LONG = (
    "l'adresse a plus de 22 caractères avant « @ » : avec le numéro d'une demande elle serait trop"
    " longue, et des serveurs refuseraient les réponses des services"
)


def _now() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)


_SILENT = 3
"""Polls in vain, one after the other, after which a mailbox counts as silent."""


class EmailChannel:
    """A mailbox: IMAP and LMTP in, SMTP out.

    ``account`` is the counter's address; ``signer`` checks the tokens of recipient addresses;
    ``doors`` are those for LMTP that this process has.
    """

    name = NAME
    capabilities = Capabilities(threads=True, media_in=True, media_out=True, receipts=True)
    on_unknown = OnUnknown.RESEND
    deadline_s = 60.0

    def __init__(
        self,
        settings: EmailSettings,
        account: str,
        signer: Signer,
        now: Callable[[], datetime] = _now,
        files: OpensFiles | None = None,
        doors: Doors | None = None,
    ) -> None:
        self.settings = settings
        self.now = now
        self.account = account
        self._files = files
        self._doors: Doors = {} if doors is None else doors
        self.rate = Rate(settings.smtp_per_s, burst=max(1, round(settings.smtp_per_s)))
        self._wrapper = Wrapper(account, settings.largest_mail)
        self._receiver = Receiver(account, signer, settings.trusted_authserv_ids)
        self.lmtp_port = settings.lmtp_port or 0
        """The port that LMTP is served on, once it is."""
        self._relay = Relay(settings, account)
        self._inbox = Inbox(settings, account, self._wrapper)

    # --- in --------------------------------------------------------------------------------------

    def envelope(
        self,
        raw: bytes,
        received_at: datetime,
        recipient: str | None = None,
        *,
        size: int | None = None,
    ) -> Envelope:
        """Wrap a mail for the journal; never raises."""
        return self._wrapper.envelope(raw, received_at, recipient, size=size)

    def receive(self, envelope: Envelope) -> tuple[InboundEvent, ...]:
        """Read a mail; bounces, complaints and read receipts tell of our own mail.

        Raises:
            UnreadablePayload: it is no mail.
        """
        return self._receiver.receive(envelope)

    def message(self, envelope: Envelope) -> Message:
        """Read a mail as a message, even a bounce.

        Raises:
            UnreadablePayload: it is no mail.
        """
        return self._receiver.message(envelope)

    def open_raw(self, raw: bytes, at: datetime) -> tuple[Envelope, ...]:
        """Wrap the bytes of one mail."""
        return (self.envelope(raw, at),)

    def recipients(self, raw: bytes) -> tuple[str, ...]:
        """List the addresses that a mail is for."""
        try:
            return tuple(recipients_of(opened(raw)[0]))
        except UnreadablePayload:
            return ()

    def compose(self, stated: Stated) -> Envelope:
        """Make the mail that somebody would write."""
        who = stated.sender
        if stated.name and "<" not in who:
            who = f'"{stated.name}" <{who}>'
        seed = f"{stated.sender}\n{stated.subject}\n{stated.text}\n{stated.at.isoformat()}".encode(
            "utf-8", "replace"
        )
        raw = mail_of(
            who,
            stated.account or self.account,
            stated.text,
            subject=stated.subject,
            at=stated.at,
            message_id=f"{stated.message_id or hashed(seed)}@compose.invalid",
            attachments=stated.attachments,
        )
        return self.envelope(raw, stated.at)

    async def fetch_media(self, envelope: Envelope, attachment: Attachment, limit: int) -> bytes:
        """Give the bytes of an attachment, from the payload itself.

        Raises:
            InvalidInput: larger than the limit, or gone.
        """
        data = bytes_of(envelope.payload, attachment.ref)
        if data is None:
            raise InvalidInput(f"« {attachment.name} » is not in this mail")
        if len(data) > limit:
            raise InvalidInput(f"« {attachment.name} » is larger than {limit} bytes")
        return data

    # --- over HTTP -------------------------------------------------------------------------------

    def verify(self, request: WebhookRequest) -> None:
        webhook.verify(request, self.settings.webhook_secret.get_secret_value())

    def open(self, request: WebhookRequest, received_at: datetime) -> tuple[Envelope, ...]:
        """Wrap the raw mail that is the body of the request."""
        recipient = webhook.recipient_of(request)
        return (self.envelope(request.body, received_at, recipient),)

    def answer(self, accepted: bool) -> WebhookResponse:
        return WebhookResponse(200 if accepted else 503)

    def challenge(self, request: WebhookRequest) -> WebhookResponse | None:
        return None

    # --- polled and listening --------------------------------------------------------------------

    @property
    def poller(self) -> str:
        return f"{NAME}|{self.account}"

    async def pull(self, cursor: str, received_at: Callable[[], datetime]) -> Pulled:
        """Fetch what is new by IMAP, waiting for it a while.

        Raises:
            OSError, TimeoutError: the mailbox cannot be read now.
        """
        return await self._inbox.pull(cursor, received_at)

    async def settle(self, pulled: Pulled) -> None:
        """Move what is committed to the done folder, what is no mail to the failed one."""
        await self._inbox.settle(pulled)

    async def listen(self, accept: Callable[[Envelope], Awaitable[None]]) -> None:
        """Serve LMTP until cancelled; returns at once when it is not configured."""
        if self.settings.lmtp_port is not None:
            await serve(self, accept, self._doors)

    async def close(self) -> None:
        await self._inbox.close()
        self._relay.close()

    # --- out -------------------------------------------------------------------------------------

    def render(self, delivery: Delivery) -> tuple[OutboundPart, ...]:
        """A mail is never too long."""
        return (OutboundPart(delivery, delivery.text),)

    async def send(self, part: OutboundPart, idem: str) -> SendOutcome:
        """Hand a mail to the relay."""
        recipient = part.delivery.address.value
        if recipient.startswith("unreadable:") or "@" not in recipient:
            return Permanent("address", "cette personne n'a pas laissé d'adresse")
        letter = letter_of(part.delivery, part.text, idem, self.account, self.settings.display_name)
        files = await self._enclosed(part.delivery)
        outcome = await self._deliver(replace(letter, files=files), part.delivery)
        if files and is_too_large(outcome):
            # the answer itself must arrive; the photo stands on the tracking page that it names
            outcome = await self._deliver(letter, part.delivery)
        return outcome

    async def _deliver(self, letter: Letter, delivery: Delivery) -> SendOutcome:
        sender = envelope_sender(self.settings.envelope_sender, self.account, letter.idem)
        content = written(letter, format_datetime(_moment_of(delivery)))
        recipient = ascii_domain(letter.recipient)
        return await self._relay.deliver(sender, recipient, content, letter.message_id)

    async def _enclosed(self, delivery: Delivery) -> tuple[tuple[str, str, bytes], ...]:
        """Fetch the photos that go along; one that cannot be had never holds up the answer."""
        named = files_of(json.loads(delivery.data)) if delivery.data else ()
        if self._files is None or not named:
            return ()
        return (await enclose(named, self._files, _LARGEST_FILES)).files

    @property
    def trouble(self) -> str:
        """Say why the mailbox could not be read several times in a row."""
        return f"{self._inbox.trouble}." if self._inbox.failed >= _SILENT else ""

    async def health(self) -> Health:
        """Greet the relay, log in to the mailbox, and tell how the last poll went."""
        async with asyncio.timeout(self.deadline_s):
            relay, box = await asyncio.gather(self._relay.check(), self._inbox.check())
        found = [f"le relais SMTP {relay}"] if relay else []
        found += [f"le serveur IMAP {box}"] if box else []
        found += [] if fits(self.account, _LONGEST_TOKEN) else [_TOO_LONG]
        found += [self._inbox.trouble] if self._inbox.trouble and not box else []
        if self.settings.lmtp_port:
            door = await trouble_at(self.settings.lmtp_host, self.settings.lmtp_port)
            found += [door.removesuffix(".")] if door else []
        if found:
            return Health(False, f"{' ; '.join(found)}.")
        reads = "la boîte se lit" if self.settings.imap_host else "le courrier y est remis"
        return Health(True, f"{reads} et le relais répond.")


def _moment_of(delivery: Delivery) -> datetime:
    return delivery.created_at.astimezone(UTC)
