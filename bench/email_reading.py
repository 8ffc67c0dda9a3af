"""What reading e-mail costs: ordinary mails, one of 25 MB, and two that want to be endless."""

from __future__ import annotations

import base64
import gc
import random
import time
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage

from bench.mail_bag import first_text
from channels.email import EmailChannel, EmailSettings
from router.events import MessageReceived
from router.tokens import Signer

_AT = datetime(2026, 11, 26, 9, tzinfo=UTC)
_COUNTER = "guichet@nantes.example"
_MB = 1_000_000
_PHOTO = bytes(range(256)) * 160
_QUOTED = (
    "Le jeu. 26 nov. 2026 à 09:12, Guichet de Nantes <guichet@nantes.example> a écrit :\n\n"
    "> Bonjour,\n>\n> Votre demande 7K4M-Q2XD-9TC est reçue. Elle est transmise au service\n"
    "> de l'éclairage public.\n>\n> Le guichet de Nantes\n"
)


def measure(seconds: float, largest_mb: int = 25) -> dict[str, float]:
    """Measure for about ``seconds``; rates a second, durations in seconds, memory in MB."""
    channel = EmailChannel(EmailSettings.model_validate({}), _COUNTER, Signer({"a": b"bench"}, "a"))
    large = _large(largest_mb * _MB)
    mails = ordinary(300)
    bound_ms = _rate(_bare, mails, seconds / 2)[1]
    per_s, cpu_ms = _rate(lambda raw: _receive(channel, raw), mails, seconds)
    return {
        "email_parse_per_s": round(per_s, 1),
        "email_parse_cpu_ms": round(cpu_ms, 3),
        "email_parse_bound_cpu_ms": round(bound_ms, 3),
        "email_parse_ratio": round(bound_ms / cpu_ms, 3),
        "mail_25mb_s": round(_quickest(lambda: _receive(channel, large)), 3),
        "mail_25mb_extra_mb": round(_extra(lambda: _receive(channel, large)) / _MB, 1),
        "mail_10000_parts_s": round(_quickest(lambda: _receive(channel, flat(10_000))), 3),
        "mail_1000_deep_s": round(_quickest(lambda: _receive(channel, nested(1_000))), 3),
    }


def ordinary(count: int, seed: int = 2026) -> list[bytes]:
    """Write mails as citizens do: text and HTML, two in five below a quoted answer, one a photo."""
    draw = random.Random(seed)
    return [_ordinary(draw, number) for number in range(count)]


def _ordinary(draw: random.Random, number: int) -> bytes:
    mail = EmailMessage()
    text = f"{first_text(draw)}\n\nCordialement,\nLéa Martin\n"
    if draw.randrange(5) < 2:
        text += f"\n{_QUOTED}"
    mail["From"] = f"Léa Martin <lea{number}@citoyens.example>"
    mail["To"], mail["Subject"] = _COUNTER, "Un problème dans ma rue"
    mail["Date"], mail["Message-ID"] = "Thu, 26 Nov 2026 10:02:00 +0100", f"<{number}@x.example>"
    for hop in range(3):
        mail["Received"] = f"from mx{hop}.citoyens.example by mx.nantes.example with ESMTPS"
    mail.set_content(text)
    mail.add_alternative(f"<html><body><p>{text}</p></body></html>", subtype="html")
    if draw.randrange(10) == 0:
        mail.add_attachment(_PHOTO, maintype="image", subtype="jpeg", filename="photo.jpg")
    return mail.as_bytes()


def _large(size: int) -> bytes:
    """Write a mail with a photo of ``size`` bytes."""
    head = (
        b"From: lea@citoyens.example\r\nMessage-ID: <large@x.example>\r\n"
        b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n\r\nUn trou.\r\n--b\r\n'
        b'Content-Type: image/jpeg; name="trou.jpg"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    )
    photo = random.Random(1).randbytes(size)
    return head + base64.encodebytes(photo).replace(b"\n", b"\r\n") + b"--b--\r\n"


def flat(parts: int) -> bytes:
    """Write a mail of so many parts, one beside the other."""
    head = b'From: a@b.example\nContent-Type: multipart/mixed; boundary="b"\n\n'
    return head + b"--b\n\nx\n" * parts


def nested(depth: int) -> bytes:
    """Write a mail of so many parts, each in the one before."""
    return b"From: a@b.example\n" + b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(depth)
    )


def _receive(channel: EmailChannel, raw: bytes) -> None:
    """Wrap a mail for the journal and read it, as the gateway and the router do."""
    (event,) = channel.receive(channel.envelope(raw, _AT))
    assert isinstance(event, MessageReceived)


def _bare(raw: bytes) -> None:
    """Read a mail's text parts with the standard library, in the quickest of its ways."""
    for part in message_from_bytes(raw).walk():
        if part.get_content_maintype() == "text":
            part.get_payload(decode=True)


def _rate(work: Callable[[bytes], None], mails: list[bytes], seconds: float) -> tuple[float, float]:
    """Count mails a second, and the milliseconds of CPU that one takes on a busy machine too."""
    done, began, worked = 0, time.perf_counter(), time.process_time()
    while (spent := time.perf_counter() - began) < seconds:
        for raw in mails:
            work(raw)
        done += len(mails)
    return done / spent, (time.process_time() - worked) / done * 1000


def _quickest(work: Callable[[], None], tries: int = 3) -> float:
    durations = []
    for _ in range(tries):
        gc.collect()
        began = time.perf_counter()
        work()
        durations.append(time.perf_counter() - began)
    return min(durations)


def _extra(work: Callable[[], None]) -> int:
    """Count the bytes that work holds at most, beside what was there before."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
