"""Turns a mail of the journal into what the core works with: a message, or word of our own mail."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from channels.email.automatic import answers, machine_mark, machine_words
from channels.email.bounces import report_event
from channels.email.handing_on import hands_on, reply_to
from channels.email.headers import moment, words
from channels.email.identity import recipients_of, refs_of, sender_of
from channels.email.quotes import strip_quotes
from channels.email.reading import Mail, read
from channels.email.trust import trust_of
from channels.email.wishes import wish_in
from channels.email.wrapping import NAME
from router.errors import InvalidInput, UnreadablePayload
from router.events import InboundEvent, MessageReceived
from router.message import Address, Attachment, Envelope, HandsOn, Message, Thread
from router.tokens import Signer

_UNREAD = "le message a trop de parties : certaines n'ont pas été lues"
_TOKEN = re.compile(r"[a-z0-9]{1,2}\.[a-z0-9]{11}\.[a-z2-7]{8}\.[a-z0-9]{1,2}\.[a-z2-7]{16}")


@dataclass(frozen=True, slots=True)
class Receiver:
    """Reads the mails of one counter; ``trusted`` names our own servers (RFC 8601)."""

    account: str
    signer: Signer
    trusted: Collection[str]

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
        message = self._message(mail, envelope)
        tokens = tuple(self.signer.read(token) for token in message.thread.tokens)
        return (wish_in(message, tokens) or MessageReceived(message),)

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
        mark = mark or machine_words(cut.shown, answering=answers(headers, subject))
        carries = HandsOn.NOTHING
        if mark:
            carries = hands_on(headers, sender, subject, kind, cut.shown, self.account)
        form = reply_to(headers, sender) if carries is HandsOn.A_PERSON else ""
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
            trust=trust_of(headers, sender, self.trusted),
            automatic=mark,
            doubts=(_UNREAD,) if mail.unread else (),
            hands_on=carries,
            reachable=bool(sender),
            origin=mail.origin or cut.origin or form,
            ref=envelope.ref,
            thread=Thread(
                tokens=tuple(dict.fromkeys(filter(self._is_ours, tokens))), refs=refs_of(headers)
            ),
        )

    def _is_ours(self, token: str) -> bool:
        if not token:
            return False
        try:
            self.signer.read(token)
        except InvalidInput:
            return False
        return True


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
