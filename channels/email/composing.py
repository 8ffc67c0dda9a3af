"""Writes the mail that somebody would send to a counter, from what he says in fields."""

from __future__ import annotations

import hashlib
import mimetypes
import re
from collections.abc import Iterable
from datetime import datetime
from email.utils import format_datetime

_CONTROLS = re.compile(r"[\x00-\x1f\x7f]+")


def mail_of(
    sender: str,
    recipient: str,
    text: str,
    *,
    subject: str = "",
    at: datetime,
    message_id: str,
    attachments: Iterable[str] = (),
) -> bytes:
    """Write a mail as RFC 6532 bytes; ``sender`` may be ``Name <address>``; the files are empty."""
    head = [
        f"From: {_line(sender)}",
        f"To: {_line(recipient)}",
        f"Subject: {_line(subject)}",
        f"Date: {format_datetime(at)}",
        f"Message-ID: <{_line(message_id)}>",
        "MIME-Version: 1.0",
    ]
    body = ["Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit", "", text]
    files = [_line(name).replace('"', "'") for name in attachments]
    if files:
        mark = hashlib.sha256("\n".join([text, *files]).encode("utf-8", "replace")).hexdigest()
        head += [f'Content-Type: multipart/mixed; boundary="{mark}"', ""]
        body = [f"--{mark}", *body]
        for name in files:
            media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
            body += [f"--{mark}", f"Content-Type: {media_type}"]
            body += [f'Content-Disposition: attachment; filename="{name}"', "", ""]
        body += [f"--{mark}--", ""]
    return "\n".join([*head, *body]).encode("utf-8", "replace")


def _line(value: str) -> str:
    """No field can end its header."""
    return _CONTROLS.sub(" ", value).strip()
