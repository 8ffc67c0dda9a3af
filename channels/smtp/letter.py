"""Writes the mails that leave: plain text and simple HTML, with a header that nothing can break."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html import escape

from channels.smtp.mime_parts import body_of
from router.delivery import Delivery

_LINE_ENDS = re.compile(r"[\r\n\x00-\x1f\x7f]+")
_RIGHT_TO_LEFT = {"ar", "fa", "he", "ps", "ur", "ckb", "yi", "dv"}
_LINK = re.compile(r"https?://[^\s<>\"']{1,500}[^\s<>\"'.,;:!?)]")
LONGEST_LOCAL = 64
"""Octets before the @ (RFC 5321, 4.5.3.1.1)."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail to one address. ``local_part`` of ``sender`` takes the reply token after a ``+``."""

    sender: str
    sender_name: str
    recipient: str
    subject: str
    text: str
    language: str
    idem: str
    reply_token: str = ""
    refs: tuple[str, ...] = ()
    automatic: bool = True
    extra: Mapping[str, str] = field(default_factory=dict)
    files: tuple[tuple[str, str, bytes], ...] = ()
    """(name, media type, content)."""

    @property
    def message_id(self) -> str:
        """The same for every try of one delivery, so that a second copy is seen as a copy."""
        return f"<{self.idem}@{self.sender.rpartition('@')[2]}>"


def letter_of(delivery: Delivery, text: str, idem: str, sender: str, sender_name: str) -> Letter:
    """Make the letter of a delivery to a citizen.

    Where no token fits into an address, an answer finds its case by the mail that it names, or by
    the number in its subject.
    """
    return Letter(
        sender=sender,
        sender_name=sender_name,
        recipient=delivery.address.value,
        subject=delivery.subject or "Votre demande",
        text=text,
        language=delivery.language,
        idem=idem,
        reply_token=delivery.reply_token if fits(sender, delivery.reply_token) else "",
        refs=delivery.refs,
        automatic=delivery.automatic,
    )


def fits(address: str, token: str) -> bool:
    """Whether an address with this token is one that every mail server takes."""
    return len(with_token(address, token).rpartition("@")[0].encode()) <= LONGEST_LOCAL


def with_token(address: str, token: str) -> str:
    """Give the address with ``+token`` in its local part."""
    local, _, domain = address.rpartition("@")
    return f"{local}+{token}@{domain}"


def written(letter: Letter, date: str) -> bytes:
    """Write a letter as RFC 5322 bytes; ``date`` is a Date header's value."""
    mark = re.sub(r"\W", "", letter.idem, flags=re.ASCII)[:40]
    body = body_of(letter.text, as_html(letter.text, letter.language), letter.files, mark)
    head = "".join(f"{name}: {value}\r\n" for name, value in _header(letter, date))
    return head.encode("ascii") + body


def _header(letter: Letter, date: str) -> Iterable[tuple[str, str]]:
    yield "Date", _one_line(date)
    yield "From", _mailbox(letter.sender_name, letter.sender)
    yield "To", _ascii(_one_line(letter.recipient))
    if letter.reply_token:
        yield "Reply-To", _ascii(_one_line(with_token(letter.sender, letter.reply_token)))
    yield "Subject", encoded(letter.subject)
    yield "Message-ID", _ascii(_one_line(letter.message_id))
    refs = [ref for ref in map(_one_line, letter.refs) if re.fullmatch(r"<[!-;=?-~]{3,900}>", ref)]
    if refs:
        yield "In-Reply-To", refs[-1]
        yield "References", "\r\n ".join([*refs[:1], *refs[1:][-10:]])
    yield "Content-Language", _ascii(_one_line(letter.language))
    if letter.automatic:
        yield "Auto-Submitted", "auto-replied" if refs else "auto-generated"
        yield "X-Auto-Response-Suppress", "All"
        yield "X-Loop", _ascii(letter.sender)
    for name, value in letter.extra.items():
        yield name, encoded(value)


def _one_line(value: str) -> str:
    """No value can end its line: a name or subject cannot add headers of its own."""
    return _LINE_ENDS.sub(" ", value).strip()


def _ascii(value: str) -> str:
    return value.encode("ascii", "replace").decode()


def _mailbox(name: str, address: str) -> str:
    name = _one_line(name)
    if not name:
        return _ascii(_one_line(address))
    if name.isascii() and "=?" not in name:
        name = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    else:
        name = encoded(name)
    return f"{name} <{_ascii(_one_line(address))}>"


def encoded(value: str) -> str:
    """Encode what is not short plain ASCII as words of RFC 2047, one a line."""
    value = _one_line(value)
    if value.isascii() and "=?" not in value and len(value) <= 900:
        return value
    chunks, chunk = [], ""
    for character in value.encode("utf-8", "replace").decode():
        if len((chunk + character).encode()) > 45:
            chunks.append(chunk)
            chunk = ""
        chunk += character
    chunks.append(chunk)
    return "\r\n ".join(f"=?utf-8?b?{base64.b64encode(c.encode()).decode()}?=" for c in chunks)


def as_html(text: str, language: str) -> str:
    """Give the text as simple HTML: paragraphs, line ends and links, nothing remote."""
    direction = "rtl" if language.split("-")[0] in _RIGHT_TO_LEFT else "ltr"
    paragraphs = "\n".join(
        f"<p>{_linked(paragraph)}</p>" for paragraph in re.split(r"\n\s*\n", text.strip())
    )
    lang = escape(_one_line(language), quote=True)
    return (
        f'<!doctype html>\n<html lang="{lang}" dir="{direction}">\n<head><meta charset="utf-8">'
        f"<title></title></head>\n<body>\n{paragraphs}\n</body>\n</html>\n"
    )


def _linked(paragraph: str) -> str:
    pieces, end = [], 0
    for found in _LINK.finditer(paragraph):
        url = escape(found[0], quote=True)
        pieces += [escape(paragraph[end : found.start()]), f'<a href="{url}">{url}</a>']
        end = found.end()
    pieces.append(escape(paragraph[end:]))
    return "".join(pieces).replace("\n", "<br>\n")
