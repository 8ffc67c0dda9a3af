"""The e-mail channel: one mailbox in and out, read and written as the core wants it."""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from email.utils import format_datetime

from channels.email.automatic import answers, machine_mark, machine_words
from channels.email.bounces import report_event
from channels.email.composing import mail_of
from channels.email.headers import message_ids, moment, words
from channels.email.inbox import Inbox
from channels.email.lmtp import serve
from channels.email.mime import opened
from channels.email.quotes import strip_quotes
from channels.email.reading import (
    TRUNCATED,
    Mail,
    bytes_of,
    fingerprint,
    read,
    recipients_of,
    refs_of,
    sender_of,
)
from channels.email.settings import EmailSettings
from channels.email.trust import trust_of
from channels.smtp.addresses import ascii_domain, envelope_sender
from channels.smtp.letter import letter_of, written
from channels.smtp.relay import Relay
from router.delivery import Delivery, OnUnknown, Permanent, Rate, SendOutcome
from router.errors import InvalidInput, UnreadablePayload
from router.message import (
    Address,
    Attachment,
    ConversationKey,
    Envelope,
    InboundEvent,
    Location,
    Message,
    MessageReceived,
    Thread,
)
from router.ports import Capabilities, Health, OutboundPart, Pulled
from router.tokens import Signer

NAME = "email"
_KEPT_OF_LARGE = 65_536
_TOKEN = re.compile(r"[a-z0-9]{1,2}\.[a-z0-9]{11}\.[a-z2-7]{8}\.[a-z0-9]{1,2}\.[a-z2-7]{16}")


def _now() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)


class EmailChannel:
    """A mailbox: IMAP and LMTP in, SMTP out.

    ``account`` is the counter's address; ``signer`` checks the tokens of recipient addresses.
    """

    name = NAME
    capabilities = Capabilities(threads=True, media_in=True, receipts=True)
    on_unknown = OnUnknown.RESEND
    deadline_s = 60.0

    def __init__(
        self,
        settings: EmailSettings,
        account: str,
        signer: Signer,
        now: Callable[[], datetime] = _now,
    ) -> None:
        self.settings = settings
        self.now = now
        self.account = account
        self.rate = Rate(settings.smtp_per_s, burst=max(1, round(settings.smtp_per_s)))
        self._signer = signer
        self.lmtp_port = settings.lmtp_port or 0
        """The port that LMTP is served on, once it is."""
        self._relay = Relay(settings, account)
        self._inbox = Inbox(settings, account, self)

    # --- in --------------------------------------------------------------------------------------

    def envelope(
        self,
        raw: bytes,
        received_at: datetime,
        recipient: str | None = None,
        *,
        size: int | None = None,
    ) -> Envelope:
        """Wrap a mail for the journal.

        ``recipient`` is the envelope's, when it is known; ``size`` that of the whole mail, when
        ``raw`` is only its beginning. Never raises: what is no mail gets a ``note`` and a
        conversation of its own.
        """
        whole = max(len(raw), size or 0)
        cut = whole > self.settings.largest_mail or len(raw) + 1024 < whole
        if cut:
            raw = _beginning(raw)
        try:
            headers, body = opened(raw)
            digest = fingerprint(headers, body)
            ref = next(iter(message_ids(headers.get("message-id"))), "")
            sender = sender_of(headers)[1].lower()
            note = ""
        except UnreadablePayload as error:
            digest, ref, sender, note = _hash(raw), "", "", str(error)
        if cut:
            raw = f"{TRUNCATED}: {whole}\r\n".encode() + raw
        if recipient:
            where = re.sub(r"[\s<>\x00-\x1f]", "", recipient)
            raw = f"Delivered-To: <{where}>\r\n".encode("utf-8", "replace") + raw
        return Envelope(
            channel=NAME,
            account=self.account,
            provider_id=digest,
            conversation=self._conversation(sender, digest),
            payload=raw,
            received_at=received_at,
            ref=ref,
            note=note,
        )

    def unfetched(self, place: str, received_at: datetime) -> Envelope:
        """Stand in for a mail at a ``place`` from where its server cannot give it."""
        digest = _hash(f"{self.account} {place}".encode())
        note = f"the mail server does not give this mail ({place})"
        key = self._conversation("", digest)
        return Envelope(NAME, self.account, digest, key, b"", received_at, note=note)

    def _conversation(self, sender: str, digest: str) -> ConversationKey:
        """One person's mails keep their order; a mail of nobody is a conversation of its own."""
        return Address(NAME, self.account, sender or f"unreadable:{digest}").key

    def receive(self, envelope: Envelope) -> tuple[InboundEvent, ...]:
        """Read a mail; bounces, complaints and read receipts tell of our own mail.

        Raises:
            UnreadablePayload: it is no mail.
        """
        mail = _read(envelope)
        sender = sender_of(mail.headers)[1]
        own = Address(NAME, self.account, self.account.lower())
        recipients = recipients_of(mail.headers)
        report = report_event(mail.headers, list(mail.parts), recipients, sender, own)
        if report is not None:
            return (report,)
        return (MessageReceived(self._message(mail, envelope)),)

    def open_raw(self, raw: bytes, at: datetime) -> tuple[Envelope, ...]:
        """Wrap the bytes of one mail."""
        return (self.envelope(raw, at),)

    def recipients(self, raw: bytes) -> tuple[str, ...]:
        """List the addresses that a mail is for."""
        try:
            return tuple(recipients_of(opened(raw)[0]))
        except UnreadablePayload:
            return ()

    def compose(
        self,
        account: str,
        sender: str,
        text: str,
        *,
        kind: str = "",
        subject: str = "",
        at: datetime,
        location: Location | None = None,
        name: str = "",
        attachments: Iterable[str] = (),
        message_id: str = "",
    ) -> Envelope:
        """Make the mail that somebody would write."""
        seed = f"{sender}\n{subject}\n{text}\n{at.isoformat()}".encode("utf-8", "replace")
        raw = mail_of(
            f'"{name}" <{sender}>' if name and "<" not in sender else sender,
            account or self.account,
            text,
            subject=subject,
            at=at,
            message_id=f"{message_id or _hash(seed)}@compose.invalid",
            attachments=attachments,
        )
        return self.envelope(raw, at)

    def message(self, envelope: Envelope) -> Message:
        """Read a mail as a message, even a bounce.

        Raises:
            UnreadablePayload: it is no mail.
        """
        return self._message(_read(envelope), envelope)

    def _message(self, mail: Mail, envelope: Envelope) -> Message:
        headers = mail.headers
        name, sender = sender_of(headers)
        subject = words(headers.get("subject"))
        cut = strip_quotes(mail.text, subject)
        kind = headers.get("content-type").partition(";")[0].strip().lower()
        mark = machine_mark(headers, sender, subject, kind, self.account)
        tokens = (_token(address) for address in recipients_of(headers))
        return Message(
            address=Address.from_key(envelope.conversation),
            provider_id=envelope.provider_id,
            received_at=envelope.received_at,
            sender=sender,
            sender_name=name,
            text=mail.text,
            text_shown=cut.shown,
            quoted=cut.quoted,
            subject=subject,
            attachments=tuple(
                Attachment(file.name, file.media_type, file.size, file.ref) for file in mail.files
            ),
            sent_at=moment(headers.get("date")),
            trust=trust_of(headers, sender, self.settings.trusted_authserv_ids),
            automatic=mark or machine_words(cut.shown, answering=answers(headers, subject)),
            reachable=bool(sender),
            origin=mail.origin or cut.origin,
            ref=envelope.ref,
            thread=Thread(
                tokens=tuple(dict.fromkeys(filter(self._is_ours, tokens))), refs=refs_of(headers)
            ),
        )

    def _is_ours(self, token: str) -> bool:
        if not token:
            return False
        try:
            self._signer.read(token)
        except InvalidInput:
            return False
        return True

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
            await serve(self, accept)

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
            return Permanent("address", "this person left no address")
        letter = letter_of(part.delivery, part.text, idem, self.account, self.settings.display_name)
        sender = envelope_sender(self.settings.envelope_sender, self.account, idem)
        content = written(letter, format_datetime(_moment_of(part.delivery)))
        return await self._relay.deliver(
            sender, ascii_domain(recipient), content, letter.message_id
        )

    async def health(self) -> Health:
        """Greet the relay, and tell how the last poll went."""
        async with asyncio.timeout(self.deadline_s):
            trouble = await self._relay.check()
        if trouble:
            return Health(False, f"{self.account} : le relais SMTP ne répond pas ({trouble})")
        if self._inbox.trouble:
            return Health(False, f"{self.account} : {self._inbox.trouble}")
        return Health(True, f"{self.account} : la boîte se lit et le relais répond")


def _moment_of(delivery: Delivery) -> datetime:
    return delivery.created_at.astimezone(UTC)


def _read(envelope: Envelope) -> Mail:
    if envelope.note:
        raise UnreadablePayload(envelope.note)
    try:
        return read(envelope.payload)
    except (ValueError, LookupError, TypeError, ArithmeticError, RecursionError) as error:
        # a defect of ours must stop neither this mailbox nor those behind it: an agent looks
        raise UnreadablePayload(f"this mail could not be read ({type(error).__name__})") from error


def _token(address: str) -> str:
    found = _TOKEN.fullmatch(address.rpartition("@")[0].lower().partition("+")[2])
    return found[0] if found else ""


def _hash(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()[:40]


def _beginning(raw: bytes) -> bytes:
    """Keep the header and the first 64 KiB of a mail that is too large."""
    blank = re.search(rb"\r?\n\r?\n", raw[: 2 * 256 * 1024])
    return raw[: (blank.end() if blank else 0) + _KEPT_OF_LARGE]
