"""Reads a mail: who wrote it, its text, and what is attached."""

from __future__ import annotations

import mimetypes
import re
from dataclasses import dataclass

from channels.email import tnef
from channels.email.headers import Headers, words
from channels.email.identity import sender_shown
from channels.email.letter_text import bodies_of, text_of
from channels.email.mime import Leaves, Part, attached_mail, leaves, opened
from channels.file_names import file_name

SMALLEST_INLINE = 10_000
"""Bytes; a smaller picture inside a text is a logo of a signature."""
_MOST_OPENED = 5  # of the mails attached to one; each may have five in it again
TRUNCATED = "x-guichet-truncated"
"""Our own header above a mail of which only the beginning was kept: its whole size in bytes.

0 above a mail that is whole, where its sender wrote such a header himself; the first one counts.
"""
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
    unread: bool = False
    """Whether it has more parts, or deeper ones, than are read."""


def read(raw: bytes) -> Mail:
    """Read a whole mail.

    Raises:
        UnreadablePayload: it is none.
    """
    headers, body = opened(raw)
    return _read(headers, leaves(headers, body), depth=0)


def _read(headers: Headers, found: Leaves, depth: int) -> Mail:
    parts, unread = list(found.parts), found.unread
    bodies = bodies_of(parts)
    text = text_of(bodies)
    numbers = {part.number for part in bodies}
    hidden = _referenced(bodies)
    files: list[File] = []
    inner_texts: list[str] = []
    origin = ""
    opened_mails = 0
    cut_off = headers.get(TRUNCATED) not in {"", "0"}
    for part in parts:
        if part.number in numbers or _is_furniture(part, hidden, with_text=bool(text.strip())):
            continue
        if part.kind == "application/ms-tnef" or part.name.lower() == "winmail.dat":
            letter = tnef.read(part.data)
            inner_texts.append(letter.text)
            files.extend(_tnef_files(letter, part))
        elif part.kind == "message/rfc822" and depth < 3 and opened_mails < _MOST_OPENED:
            opened_mails += 1
            inner = _attached(part, depth)
            inner_texts.append(inner.text if inner else "")
            origin = origin or (sender_shown(inner.headers) if inner else "")
            unread = unread or (inner is not None and inner.unread)
        if cut_off and part is parts[-1]:
            continue  # it ends where the mail was cut: as a file of that name it would look whole
        ref = f"part:{part.number}"
        files.append(File(_name(part), part.kind, _size(part), ref, unnamed=not part.name))
    if not text.strip():
        text = "\n\n".join(inner for inner in inner_texts if inner)
    if cut_off:
        size = headers.get(TRUNCATED)
        mega = int(size) // 1_000_000 if size.isdecimal() and len(size) < 12 else 0
        files.append(File(f"pièce trop grande ({mega} Mo)", "message/partial", mega * 10**6, ""))
    if unread and depth == 0:
        files.append(File("parties non lues", "message/partial", 0, ""))
    return Mail(headers, tuple(parts), text, tuple(_numbered(files)), origin, unread)


def bytes_of(raw: bytes, ref: str) -> bytes | None:
    """Give the bytes of a file by its ``ref``; None when it is gone."""
    headers, body = opened(raw)
    kind, _, number = ref.partition(":")
    number, _, inner = number.partition("/")
    if kind != "part" or not number.isdecimal():
        return None
    for part in leaves(headers, body).parts:
        if part.number == int(number):
            if not inner:
                return part.data
            files = tnef.read(part.data).files
            index = int(inner) if inner.isdecimal() else -1
            return files[index][1] if 0 <= index < len(files) else None
    return None


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
        subject = words(inner[0].get("subject")).replace("/", "-") if inner else ""
        return f"{file_name(subject, 'message')}.eml"
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
            file_name(words(name), "fichier.bin"),
            mimetypes.guess_type(name)[0] or "application/octet-stream",
            len(data),
            f"part:{part.number}/{index}",
        )
        for index, (name, data) in enumerate(letter.files)
    ]
