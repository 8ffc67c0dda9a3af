"""Show what was said between a citizen and the counter, in one shape for every channel."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import parseaddr, parsedate_to_datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from demo.mail import Mail
from demo.twilio_book import WHATSAPP

if TYPE_CHECKING:
    from demo.city import City

CHANNELS = ("email", "sms", "whatsapp", "telegram", "matrix", "x")
"""Those on which anybody can be played."""


@dataclass(frozen=True, slots=True)
class Said:
    """One message of a talk. ``answers`` are the ids of the messages that it hangs under."""

    by_citizen: bool
    text: str
    subject: str = ""
    id: str = ""
    answers: frozenset[str] = field(default_factory=frozenset)
    public: bool = False
    photo: bool = False
    location: tuple[float, float] | None = None
    at: str = ""

    @property
    def words(self) -> str:
        """Everything written, folded so that wrapping and lost accents make no difference."""
        return fold(f"{self.subject} {self.text}")


@lru_cache(maxsize=8192)
def fold(text: str) -> str:
    """Write a text without accents, capitals, typography and line breaks."""
    plain = unicodedata.normalize("NFKD", text.replace("’", "'").replace("œ", "oe"))
    kept = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return " ".join(kept.casefold().split())


def talk(city: City, channel: str, address: str) -> list[Said]:
    """List what was said between an address and the counter, oldest first where that is known."""
    match channel:
        case "email":
            return _mails(city, address)
        case "sms":
            return _texts(city, address)
        case "whatsapp":
            return _texts(city, WHATSAPP + address)
        case "telegram":
            return _chat(city, int(address))
        case "matrix":
            return _room(city, address)
        case "x":
            return _posts(city, address)
        case "desk":
            told = [one for one in city.desk.told() if one.to == address]
            return [Said(False, one.text, id=one.task) for one in told]
    raise ValueError(channel)


def addresses(city: City, channel: str) -> list[str]:
    """List the citizens' addresses that ever wrote or were written to on a channel."""
    match channel:
        case "email":
            ours = {*city.mail.counters, *city.services}
            wrote = {
                _sender(mail) for counter in city.mail.counters for mail in _box(city, counter)
            }
            return sorted(({*city.mail.addresses(), *wrote} - ours) - {""})
        case "sms":
            return [number for number in _phones(city) if not number.startswith(WHATSAPP)]
        case "whatsapp":
            chats = [number for number in _phones(city) if number.startswith(WHATSAPP)]
            return [number.removeprefix(WHATSAPP) for number in chats]
        case "telegram":
            return sorted({str(message["chat"]["id"]) for message in city.telegram.messages()})
        case "matrix":
            return sorted(city.matrix.people())
        case "x":
            return sorted(city.x.usernames())
        case "desk":
            return sorted({one.to for one in city.desk.told()})
    raise ValueError(channel)


def everything_received(city: City) -> Iterator[tuple[str, str, Said]]:
    """List all that the counter wrote to anybody: channel, address, message."""
    for channel in (*CHANNELS, "desk"):
        for address in addresses(city, channel):
            for said in talk(city, channel, address):
                if not said.by_citizen:
                    yield channel, address, said


# --- mail ------------------------------------------------------------------------------------------


def _mails(city: City, address: str) -> list[Said]:
    wrote = [
        mail
        for counter in city.mail.counters
        for mail in _box(city, counter)
        if _sender(mail) == address.lower()
    ]
    said = [_letter(mail, by_citizen=True) for mail in wrote]
    said += [_letter(mail, by_citizen=False) for mail in _box(city, address)]
    return sorted(said, key=lambda one: one.at)


def _box(city: City, address: str) -> list[Mail]:
    return city.mail.mailbox(address)


@lru_cache(maxsize=4096)  # mail never changes, and who waits for one looks at it often
def _sender(mail: Mail) -> str:
    return parseaddr(str(mail.message["From"] or ""))[1].lower()


def message_ids(message: EmailMessage) -> frozenset[str]:
    """List the messages that a mail says it answers."""
    named = f"{message['In-Reply-To'] or ''} {message['References'] or ''}"
    return frozenset(named.split())


@lru_cache(maxsize=4096)
def _letter(mail: Mail, *, by_citizen: bool) -> Said:
    message = mail.message
    return Said(
        by_citizen,
        mail.text.strip(),
        subject=mail.subject,
        id=str(message["Message-ID"] or "").strip(),
        answers=message_ids(message),
        photo=any(part.get_content_maintype() == "image" for part in message.iter_attachments()),
        at=when(mail),
    )


def when(mail: Mail) -> str:
    """Write when a mail was received, so that it sorts."""
    return mail_time(str(mail.message["Received"] or "").rpartition(";")[2].strip())


def mail_time(text: str) -> str:
    """Write the time of a mail so that it sorts."""
    try:
        return parsedate_to_datetime(text).isoformat()
    except ValueError:
        return ""


# --- telephone, Telegram, Matrix, X ------------------------------------------------------------------------


def _phones(city: City) -> list[str]:
    numbers = {end for sms in city.twilio.messages() for end in (sms.from_, sms.to)}
    ours = city.twilio.numbers
    return sorted(number for number in numbers if number.removeprefix(WHATSAPP) not in ours)


def _texts(city: City, number: str) -> list[Said]:
    return [
        Said(sms.from_ == number, sms.body, id=sms.sid)
        for sms in city.twilio.messages()
        if number in (sms.from_, sms.to)
    ]


def _chat(city: City, chat: int) -> list[Said]:
    said = []
    for message in city.telegram.messages():
        if message["chat"]["id"] != chat:
            continue
        place = message.get("location")
        answered = message.get("reply_to_message", {}).get("message_id")
        said.append(
            Said(
                not message["from"]["is_bot"],
                message.get("text", message.get("caption", "")),
                id=str(message["message_id"]),
                answers=frozenset({str(answered)} if answered else ()),
                photo="photo" in message,
                location=(place["latitude"], place["longitude"]) if place else None,
            )
        )
    return said


def _room(city: City, local: str) -> list[Said]:
    said = []
    for event in city.matrix.spoken(local):
        content = event["content"]
        answered = content.get("m.relates_to", {}).get("m.in_reply_to", {}).get("event_id")
        said.append(
            Said(
                event["sender"] != city.matrix.counter,
                content.get("body", ""),
                id=event["event_id"],
                answers=frozenset({answered} if answered else ()),
                photo=content.get("msgtype") == "m.image",
            )
        )
    return said


def _posts(city: City, user: str) -> list[Said]:
    me = city.x.user_id
    return [
        Said(
            record.get("sender_id", record.get("author_id")) != me,
            record["text"],
            id=record["id"],
            answers=frozenset(post["id"] for post in record.get("referenced_tweets", ())),
            public="author_id" in record,
            photo="_media" in record,
        )
        for record in city.x.spoken(user)
    ]
