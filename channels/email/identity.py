"""Who wrote a mail, to whom, in answer to what, and what makes it this mail and no other."""

from __future__ import annotations

import hashlib

from channels.email.headers import Headers, addresses, message_ids, words

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
    digest.update(b"\n\n")
    digest.update(body.rstrip())
    return digest.hexdigest()[:40]


def sender_shown(headers: Headers) -> str:
    """Give the sender in one line, as people read it."""
    name, address = sender_of(headers)
    return f"{name} <{address}>" if name and address else name or address
