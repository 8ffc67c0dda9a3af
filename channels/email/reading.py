"""Reads a mail: who wrote it, its text, and what is attached."""

from __future__ import annotations

import hashlib
import mimetypes
import re
from dataclasses import dataclass

from channels.email import tnef
from channels.email.headers import Headers, addresses, file_name, message_ids, words
from channels.email.markup import text_of_html
from channels.email.mime import Part, attached_mail, leaves, opened

SMALLEST_INLINE = 10_000
"""Bytes; a smaller picture inside a text is a logo of a signature."""
TRUNCATED = "x-guichet-truncated"
"""Our own header on a mail of which only the beginning was kept: its whole size in bytes."""
_DUMMY = re.compile(
    r"\bhtml\b|navigateur|browser|multi-?part|ne (?:s[’']affiche|supporte)|version en ligne", re.I
)
_HTML = re.compile(r"\s*(?:<!doctype html|<html|<body|<div\b|<p\b)", re.IGNORECASE)
_ENDINGS = {
    "image/jpeg": ".jpg", "image/heic": ".heic", "image/webp": ".webp", "text/calendar": ".ics",
    "text/vcard": ".vcf", "application/pgp-signature": ".asc", "application/pgp-encrypted": ".asc",
    "application/pkcs7-signature": ".p7s", "application/x-pkcs7-signature": ".p7s",
    "application/pkcs7-mime": ".p7m", "application/x-pkcs7-mime": ".p7m", "message/rfc822": ".eml",
    "application/ms-tnef": ".dat", "text/plain": ".txt", "text/html": ".html", "audio/amr": ".amr",
}  # fmt: skip
_STEMS = {
    "image": "image", "audio": "audio", "video": "video", "message": "message", "text": "texte",
    "text/calendar": "invitation", "application/pgp-signature": "signature",
    "application/pkcs7-signature": "smime", "application/x-pkcs7-signature": "smime",
    "application/pkcs7-mime": "smime", "application/x-pkcs7-mime": "smime",
    "application/ms-tnef": "winmail",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class File:
    """An attached file: its safe name, type, size, and the ``ref`` by which it is found again.

    ``unnamed`` is true when the name is ours, because the sender gave none.
    """

    name: str
    media_type: str
    size: int
    ref: str
    unnamed: bool = False


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that was read."""

    headers: Headers
    parts: tuple[Part, ...]
    text: str
    files: tuple[File, ...]
    origin: str = ""
    """``Name <address>`` of whoever wrote the mail that is attached to this one, or nothing."""


def read(raw: bytes) -> Mail:
    """Read a whole mail.

    Raises:
        UnreadablePayload: it is none.
    """
    headers, body = opened(raw)
    parts = leaves(headers, body)
    return _read(headers, parts, depth=0)


def _read(headers: Headers, parts: list[Part], depth: int) -> Mail:
    bodies = _bodies(parts)
    text = _text(bodies)
    numbers = {part.number for part in bodies}
    hidden = _referenced(bodies)
    files: list[File] = []
    inner_texts: list[str] = []
    origin = ""
    for part in parts:
        if part.number in numbers or _is_furniture(part, hidden, with_text=bool(text.strip())):
            continue
        if part.kind == "application/ms-tnef" or part.name.lower() == "winmail.dat":
            letter = tnef.read(part.data)
            inner_texts.append(letter.text)
            files.extend(_tnef_files(letter, part))
        elif part.kind == "message/rfc822" and depth < 3:
            inner = _attached(part, depth)
            inner_texts.append(inner.text if inner else "")
            origin = origin or (_sender_shown(inner.headers) if inner else "")
        ref = f"part:{part.number}"
        files.append(File(_name(part), part.kind, _size(part), ref, unnamed=not part.name))
    if not text.strip():
        text = "\n\n".join(inner for inner in inner_texts if inner)
    if TRUNCATED in headers:
        size = headers.get(TRUNCATED)
        mega = int(size) // 1_000_000 if size.isdecimal() and len(size) < 12 else 0
        files.append(File(f"pièce trop grande ({mega} Mo)", "message/partial", mega * 10**6, ""))
    return Mail(headers, tuple(parts), text, tuple(_numbered(files)), origin)


def bytes_of(raw: bytes, ref: str) -> bytes | None:
    """Give the bytes of a file by its ``ref``; None when it is gone."""
    headers, body = opened(raw)
    kind, _, number = ref.partition(":")
    number, _, inner = number.partition("/")
    if kind != "part" or not number.isdecimal():
        return None
    for part in leaves(headers, body):
        if part.number == int(number):
            if not inner:
                return part.data
            files = tnef.read(part.data).files
            index = int(inner) if inner.isdecimal() else -1
            return files[index][1] if 0 <= index < len(files) else None
    return None


# --- the text ------------------------------------------------------------------------------------


def _bodies(parts: list[Part]) -> list[Part]:
    """Choose the parts that are the letter itself and no attachment."""
    texts = [part for part in parts if part.kind.startswith("text/") and _reads(part)]
    chosen = [part for part in texts if not _is_attached(part)]
    if not chosen:  # the letter itself was sent with a file name
        chosen = [part for part in texts[:1] if part.disposition[0] != "attachment"]
    return chosen


def _reads(part: Part) -> bool:
    return part.kind in {
        "text/plain", "text/html", "text/markdown", "text/enriched", "text/x-amp-html",
        "text/watch-html", "text/richtext",
    } or (not part.name and "/" not in part.headers.get("content-type"))  # fmt: skip


def _is_attached(part: Part) -> bool:
    disposition = part.disposition[0]
    if part.number == 0 and not part.path:
        return disposition == "attachment" and bool(part.name)
    named = bool(part.name) and "multipart/alternative" not in part.path
    return disposition == "attachment" or named


def _text(bodies: list[Part]) -> str:
    """Join the letter's parts; of alternatives the plain one, unless it says nothing."""
    blocks: dict[int, list[Part]] = {}
    for part in bodies:
        blocks.setdefault(_alternative(part), []).append(part)
    texts: list[str] = []
    for alternative, group in blocks.items():
        text = _best(group) if alternative else "\n".join(filter(None, map(_own, group)))
        if text.strip() and not _repeats(texts, text):
            texts.append(text.strip("\n"))
    return "\n\n".join(texts).strip()


def _alternative(part: Part) -> int:
    """Number the outermost multipart/alternative around a part; others by their own negative."""
    for kind, group in zip(part.path, part.groups, strict=True):
        if kind == "multipart/alternative":
            return group
    return -1 - part.number


def _best(group: list[Part]) -> str:
    plain = [p for p in group if p.kind not in {"text/html", "text/x-amp-html", "text/watch-html"}]
    text = "\n\n".join(filter(None, (_own(part).strip("\n") for part in plain)))
    if text.strip() and not (len(text) < 400 and _DUMMY.search(text)):
        return text
    html = "\n\n".join(filter(None, (_own(p) for p in group if p.kind == "text/html")))
    return html if len(html.strip()) > 1 else text


def _own(part: Part) -> str:
    text = part.text
    if part.kind == "text/html" or (part.kind == "text/plain" and _HTML.match(text[:200])):
        return text_of_html(text)
    if part.kind in {"text/enriched", "text/richtext"}:
        return re.sub(r"</?[\w-]{1,30}>", "", text)
    if part.given.get("format", "").lower() == "flowed":
        text = unflowed(text, delete_space=part.given.get("delsp", "").lower() == "yes")
    return "\n".join(line.rstrip() if line != "-- " else line for line in text.split("\n"))


def unflowed(text: str, *, delete_space: bool = False) -> str:
    """Join the soft line ends of ``format=flowed`` (RFC 3676)."""
    lines: list[str] = []
    joins, depth_before = False, 0
    for line in text.split("\n"):
        content = line.lstrip(">")
        depth = len(line) - len(content)
        content = content.removeprefix(" ")
        is_mark = content == "-- "
        if joins and depth == depth_before and not is_mark:
            lines[-1] += content
        else:
            lines.append(">" * depth + (" " if depth and content else "") + content)
        joins = content.endswith(" ") and not is_mark
        if joins and delete_space:
            lines[-1] = lines[-1][:-1]
        depth_before = depth
    return "\n".join(lines)


def _repeats(before: list[str], text: str) -> bool:
    """Whether an HTML part says again what a plain one said, though not marked as alternative."""
    squeezed = re.sub(r"[\W_]+", "", text)
    return any(re.sub(r"[\W_]+", "", other) == squeezed for other in before)


def _attached(part: Part, depth: int) -> Mail | None:
    inner = attached_mail(part)
    return _read(inner[0], leaves(*inner), depth + 1) if inner else None


# --- files ---------------------------------------------------------------------------------------


def _referenced(bodies: list[Part]) -> set[str]:
    """List the Content-IDs that the HTML shows inside the text."""
    return {
        found
        for part in bodies
        if part.kind == "text/html"
        for found in re.findall(r"cid:([^\"'\s>)]{1,200})", part.text[:1_000_000])
    }


def _is_furniture(part: Part, referenced: set[str], *, with_text: bool) -> bool:
    """Whether a part is no attachment: a logo, a resource fork, an empty or alternative text."""
    if part.kind == "application/applefile":
        return True
    if part.kind.startswith("text/") and not part.name:
        alternative = "multipart/alternative" in part.path and part.kind != "text/calendar"
        return alternative or not part.body.strip()
    if not part.kind.startswith("image/") or not with_text or _size(part) >= SMALLEST_INLINE:
        return False
    disposition, content_id = part.disposition[0], part.content_id
    inline = disposition == "inline" or (bool(content_id) and disposition != "attachment")
    return inline or (bool(content_id) and content_id in referenced)


def _size(part: Part) -> int:
    """Count the decoded bytes, without decoding what is large."""
    encoding = part.headers.get("content-transfer-encoding").lower()
    if encoding.startswith("base64") and len(part.body) > 65_536:
        padding = part.body[-10:].count(b"=")
        return (len(part.body) - part.body.count(b"\n")) * 3 // 4 - padding
    return len(part.data)


def _name(part: Part) -> str:
    if part.name:
        return part.name
    if part.kind == "message/rfc822":
        inner = attached_mail(part)
        subject = file_name(words(inner[0].get("subject")).replace("/", "-")) if inner else ""
        return f"{subject or 'message'}.eml"
    return _default_name(part.kind)


def _default_name(kind: str) -> str:
    main = kind.partition("/")[0]
    ending = _ENDINGS.get(kind) or mimetypes.guess_extension(kind) or ".bin"
    return _STEMS.get(kind, _STEMS.get(main, "fichier")) + ending


def _numbered(files: list[File]) -> list[File]:
    """Keep the names apart that we gave: a second ``image.jpg`` is ``image-2.jpg``."""
    seen: dict[str, int] = {}
    kept = []
    for file in files:
        count = seen[file.name] = seen.get(file.name, 0) + 1
        name = file.name
        if count > 1 and file.unnamed:
            stem, dot, ending = name.rpartition(".")
            name = f"{stem}-{count}.{ending}" if dot else f"{name}-{count}"
        kept.append(File(name, file.media_type, file.size, file.ref))
    return kept


def _tnef_files(letter: tnef.Letter, part: Part) -> list[File]:
    return [
        File(
            file_name(name) or "fichier.bin",
            mimetypes.guess_type(name)[0] or "application/octet-stream",
            len(data),
            f"part:{part.number}/{index}",
        )
        for index, (name, data) in enumerate(letter.files)
    ]


# --- who, to whom, which -------------------------------------------------------------------------

_SENDER_HEADERS = ("from", "reply-to", "sender", "return-path")
_RECIPIENT_HEADERS = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "to", "cc")


def sender_of(headers: Headers) -> tuple[str, str]:
    """Give (name, address) of the sender: the first valid address of the first usable header."""
    for header in _SENDER_HEADERS:
        for value in headers.all(header):
            found = addresses(value)
            if found:
                return found[0]
    return words(headers.get("from"))[:200], ""


def _sender_shown(headers: Headers) -> str:
    name, address = sender_of(headers)
    return f"{name} <{address}>" if name and address else name or address


def recipients_of(headers: Headers) -> list[str]:
    """List to whom it was sent, the envelope's recipient first."""
    return [
        address
        for header in _RECIPIENT_HEADERS
        for value in headers.all(header)[:20]
        for _, address in addresses(value)[:100]
    ]


def refs_of(headers: Headers) -> tuple[str, ...]:
    """List the earlier mails that it names: In-Reply-To, then References from right to left."""
    ids = message_ids(headers.get("in-reply-to"))
    ids.extend(reversed(message_ids(headers.get("references"))))
    return tuple(dict.fromkeys(ids))[:50]


def fingerprint(headers: Headers, body: bytes) -> str:
    """Hash what makes a mail itself, whatever route it took and whatever its line ends are.

    Two mails with one Message-ID and different bodies are two; without a Message-ID the sender,
    date and subject count as well.
    """
    known = message_ids(headers.get("message-id"))
    about = [known[0]] if known else [headers.get(h) for h in ("from", "date", "subject")]
    about.append(sender_of(headers)[1].lower())
    digest = hashlib.sha256("\n".join(about).encode("utf-8", "replace"))
    digest.update(b"\n\n" + body.rstrip())
    return digest.hexdigest()[:40]
