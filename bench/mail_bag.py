"""The messages of the bench, each in the raw form in which its provider hands it over."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from urllib.parse import urlencode

from bench import texts

SHARES = {"email": 30, "web": 25, "sms": 20, "telegram": 15, "x": 10}
"""Of each hundred messages, how many come by which channel."""
COUNTERS = {
    "email": ("guichet@nantes.example", "guichet@orvault.example"),
    "sms": ("+33756000044", "+33756000047"),
    "telegram": ("GuichetNantesBot",),
    "x": ("GuichetNantes",),
    "web": ("web",),
}
_SEQUELS_PER_HUNDRED = 8
_REMEMBERED = 400  # people of the last while, who may write again
_PHOTO = bytes(range(256)) * 160  # 40 kB, 55 kB in base64: lies in the journal row


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who writes on one channel to one counter."""

    channel: str
    account: str
    number: int
    name: str


@dataclass(frozen=True, slots=True)
class Raw:
    """One message as the provider hands it over."""

    channel: str
    account: str
    payload: bytes


def messages(count: int, seed: int = 2026) -> Iterator[Raw]:
    """Write messages of as many different people, one in twelve of whom writes a second time.

    The same seed gives the same messages; another seed other people, so that runs can follow each
    other on one store.
    """
    draw = random.Random(seed)
    recent: list[Person] = []
    for place in range(count):
        number = seed * 1_000_000 + place
        if recent and draw.randrange(100) < _SEQUELS_PER_HUNDRED:
            person = recent.pop(draw.randrange(len(recent)))
            text = draw.choice(texts.SEQUELS)
        else:
            person = _person(draw, number)
            recent = [*recent[-_REMEMBERED:], person]
            text = first_text(draw)
        yield Raw(
            person.channel, person.account, _WRITTEN[person.channel](draw, person, text, number)
        )


def first_text(draw: random.Random) -> str:
    """Word a new request: a concern or a question, mostly in French, often with a place."""
    if draw.randrange(100) < 5:
        return draw.choice(texts.ELSEWHERE)
    opening = draw.choice(texts.OPENINGS)
    if draw.randrange(100) < 15:
        return opening + draw.choice(texts.ASKING)
    parts = [draw.choice(texts.CONCERNS)]
    if draw.randrange(100) < 80:
        parts.append(draw.choice(texts.PLACES))
    parts.append(draw.choice(texts.SINCE))
    text = opening + ", ".join(part for part in parts if part)
    return text if opening else text[:1].upper() + text[1:]


def _person(draw: random.Random, number: int) -> Person:
    channel = draw.choices(list(SHARES), list(SHARES.values()))[0]
    account = COUNTERS[channel][0 if draw.randrange(100) < 80 else -1]
    name = f"{draw.choice(texts.FIRST_NAMES)} {draw.choice(texts.LAST_NAMES)}"
    return Person(channel, account, number, name)


# --- as each provider writes it -------------------------------------------------------------------


def _mail(draw: random.Random, person: Person, text: str, number: int) -> bytes:
    mail = EmailMessage()
    mail["Received"] = (
        f"from smtp.fai.example (smtp.fai.example [192.0.2.7]) by mx.nantes.example with ESMTPS id"
        f" {number:x} for <{person.account}>; Tue, 24 Nov 2026 10:15:02 +0100"
    )
    mail["From"] = f"{person.name} <citoyen{person.number}@fai.example>"
    mail["To"] = person.account
    mail["Subject"] = text.strip().splitlines()[0][:60]
    mail["Date"] = "Tue, 24 Nov 2026 10:15:00 +0100"
    mail["Message-ID"] = f"<{number:x}@fai.example>"
    mail["X-Mailer"] = "Courrier 16.2"
    body = text + draw.choice(texts.SIGNATURES).format(name=person.name)
    mail.set_content(body, cte=draw.choice(("quoted-printable", "8bit", "base64")))
    kind = draw.randrange(100)
    if kind < 45:
        html = body.replace("\n", "<br>")
        mail.add_alternative(f"<html><body><div>{html}</div></body></html>", subtype="html")
    if kind >= 92:
        mail.add_attachment(_PHOTO, maintype="image", subtype="jpeg", filename="photo.jpg")
    for place, part in enumerate(mail.walk()):
        if part.is_multipart():
            part.set_boundary(f"=_{number:x}_{place}")
    return mail.as_bytes()


def _form(draw: random.Random, person: Person, text: str, number: int) -> bytes:
    sid = f"SM{number:032x}"
    return urlencode({
        "ToCountry": "FR", "ToState": "", "SmsMessageSid": sid, "NumMedia": "0", "ToCity": "",
        "FromZip": "", "SmsSid": sid, "FromState": "", "SmsStatus": "received", "FromCity": "",
        "Body": text, "FromCountry": "FR", "To": person.account, "ToZip": "",
        "NumSegments": str(1 + len(text) // 67), "MessageSid": sid,
        "AccountSid": "AC00000000000000000000000000000000",
        "From": f"+336{person.number % 100_000_000:08d}", "ApiVersion": "2010-04-01",
    }).encode()  # fmt: skip


def _update(draw: random.Random, person: Person, text: str, number: int) -> bytes:
    chat = {"id": person.number, "first_name": person.name, "type": "private"}
    sender = {
        "id": person.number,
        "is_bot": False,
        "first_name": person.name,
        "language_code": "fr",
    }
    message = {
        "message_id": number,
        "from": sender,
        "chat": chat,
        "date": 1_795_512_900,
        "text": text,
    }
    return json.dumps({"update_id": number, "message": message}).encode()


def _dm(draw: random.Random, person: Person, text: str, number: int) -> bytes:
    author = str(person.number)
    handle = f"citoyen{person.number}"
    return json.dumps({
        "data": [{
            "id": str(number), "event_type": "MessageCreate", "text": text, "sender_id": author,
            "dm_conversation_id": f"{author}-1", "created_at": "2026-11-24T09:15:00.000Z",
        }],
        "includes": {"users": [{"id": author, "name": person.name, "username": handle}]},
    }).encode()  # fmt: skip


def _web(draw: random.Random, person: Person, text: str, number: int) -> bytes:
    form = {
        "id": f"{number:x}-form", "text": text, "name": person.name, "language": "fr",
        "reply": draw.choice(("page", "email", "sms")), "website": "",
        "email": f"citoyen{person.number}@fai.example",
        "phone": f"06{person.number % 100_000_000:08d}",
    }  # fmt: skip
    if draw.randrange(100) < 40:
        form |= {"where": draw.choice(texts.PLACES)}
    elif draw.randrange(100) < 30:
        lat, lon = draw.uniform(47.19, 47.25), draw.uniform(-1.60, -1.50)
        form |= {"lat": f"{lat:.5f}", "lon": f"{lon:.5f}", "accuracy": "12"}
    return json.dumps(form).encode()


_WRITTEN: dict[str, Callable[[random.Random, Person, str, int], bytes]] = {
    "email": _mail,
    "sms": _form,
    "telegram": _update,
    "x": _dm,
    "web": _web,
}
