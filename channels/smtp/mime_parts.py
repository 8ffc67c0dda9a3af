"""Writes the MIME parts of a mail that leaves: its text, the same as HTML, its files.

Byte for byte what `email.message` writes under the policy of SMTP, whose model of each header costs
more than all the rest of a mail; it still writes the header of a file with an uncommon name.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from email.message import EmailMessage
from email.policy import SMTP
from email.quoprimime import body_encode

File = tuple[str, str, bytes]
"""Name, media type, content."""
_POLICY = SMTP.clone(cte_type="7bit")
_LONGEST_LINE = 78
_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,29}")
_PLAIN_TYPE = re.compile(r"(?!multipart/|message/)[a-z]{1,20}/[a-z0-9][a-z0-9.+-]{0,29}")


def body_of(text: str, html: str, files: Sequence[File], mark: str) -> bytes:
    """Write all below the header of a mail, beginning with its MIME-Version.

    ``mark`` makes the boundaries: letters and digits.

    Raises:
        UnicodeEncodeError: the text holds half a character.
    """
    if not files:
        return b"MIME-Version: 1.0\r\n" + _alternatives(text, html, f"=={mark}.0==")
    boundary = f"=={mark}.0=="
    parts = [_alternatives(text, html, f"=={mark}.1=="), *map(_file, files)]
    return b"MIME-Version: 1.0\r\n" + _multipart("mixed", parts, boundary)


def _alternatives(text: str, html: str, boundary: str) -> bytes:
    parts = [_words("plain", text), _words("html", html, "MIME-Version: 1.0\r\n")]
    return _multipart("alternative", parts, boundary)


def _multipart(kind: str, parts: Sequence[bytes], boundary: str) -> bytes:
    head = f'Content-Type: multipart/{kind}; boundary="{boundary}"'
    if len(head) > _LONGEST_LINE:
        head = head.replace("; ", ";\r\n ", 1)
    line = f"--{boundary}".encode()
    inside = b"".join(b"\r\n" + line + b"\r\n" + part for part in parts)
    return head.encode() + b"\r\n" + inside + b"\r\n" + line + b"--\r\n"


def _words(kind: str, text: str, more: str = "") -> bytes:
    """Write a text as quoted-printable; the end of each line is made CRLF."""
    lines = text.encode().splitlines()
    plain = (b"\n".join(lines) + b"\n").decode("latin-1")
    head = (
        f'Content-Type: text/{kind}; charset="utf-8"\r\n'
        f"Content-Transfer-Encoding: quoted-printable\r\n{more}\r\n"
    )
    return (head + body_encode(plain, _LONGEST_LINE, "\r\n")).encode("ascii")


def _file(file: File) -> bytes:
    name, media_type, content = file
    if not (_PLAIN_NAME.fullmatch(name) and _PLAIN_TYPE.fullmatch(media_type)):
        main, _, sub = media_type.partition("/")
        part = EmailMessage(policy=_POLICY)
        part.set_content(
            content, maintype=main, subtype=sub, disposition="attachment", filename=name
        )
        return part.as_bytes()
    head = (
        f"Content-Type: {media_type}\r\nContent-Transfer-Encoding: base64\r\n"
        f'Content-Disposition: attachment; filename="{name}"\r\nMIME-Version: 1.0\r\n\r\n'
    )
    return head.encode("ascii") + base64.encodebytes(content).replace(b"\n", b"\r\n")
