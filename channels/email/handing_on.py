"""Tells whether a machine's mail may hand on what a person wrote: a list, the form of a web site."""

from __future__ import annotations

import re

from channels.email.automatic import NO_REPLY, answers, by_subject, is_ours, machine_words
from channels.email.headers import Headers, addresses
from router.message import HandsOn

_ANSWERS = {
    "x-autoreply", "x-autorespond", "x-autoresponder", "x-mail-autoreply", "x-autoreply-from",
    "x-failed-recipients", "x-ms-exchange-generated-message-source", "x-post-messageclass",
}  # fmt: skip
_POSTMASTER = re.compile(
    r"^(?:mailer-?daemon|mail-?daemon|post[-_]?master|bounces?|auto-?(?:reply|responder))(?:$|[+._=-])"
    r"|-bounces?$",
    re.IGNORECASE,
)
_ANSWER = re.compile(r"r[ée]ponse|reply|response|absen|cong[ée]|leave|away|vacation", re.IGNORECASE)


def hands_on(
    headers: Headers, sender: str, subject: str, kind: str, shown: str, own: str
) -> HandsOn:
    """Judge a mail that a machine sent; an answer, a bounce or a receipt never hands on anything.

    ``kind`` is the media type of the whole, ``shown`` its new text, ``own`` our address.
    """
    if _reports(headers, sender, subject, kind, own) or _answers(headers, subject, shown):
        return HandsOn.NOTHING
    precedence = headers.get("precedence").lower()
    if precedence == "list" or any(name.startswith("list-") for name in headers.names):
        return HandsOn.PERHAPS
    if answers(headers, subject):
        return HandsOn.NOTHING  # who is absent may bear any of the other marks
    if precedence == "bulk":
        return HandsOn.PERHAPS
    if NO_REPLY.search(sender.rpartition("@")[0]):
        return HandsOn.A_PERSON if reply_to(headers, sender) else HandsOn.PERHAPS
    return HandsOn.DANGER


def reply_to(headers: Headers, sender: str) -> str:
    """Give who is to be answered instead of the sender, as people read it; nothing for nobody."""
    for name, address in addresses(headers.get("reply-to")):
        if address.lower() != sender.lower():
            return f"{name} <{address}>" if name else address
    return ""


def _reports(headers: Headers, sender: str, subject: str, kind: str, own: str) -> bool:
    """Whether it tells what became of a mail, or is one of ours that came back."""
    if kind in {"multipart/report", "message/delivery-status"} or is_ours(headers, sender, own):
        return True
    nobody = headers.get("return-path").replace(" ", "") == "<>"
    return nobody or _POSTMASTER.search(sender.rpartition("@")[0]) is not None


def _answers(headers: Headers, subject: str, shown: str) -> bool:
    """Whether a machine answers with it, by its header, its subject or its words."""
    submitted = headers.get("auto-submitted").lower().partition(";")[0].strip()
    precedence = headers.get("precedence").lower()
    if submitted == "auto-replied" or precedence in {"junk", "auto_reply", "auto-reply"}:
        return True
    if headers.names & _ANSWERS or "autorespond" in headers.get("delivered-to").lower():
        return True
    # a form says too that it is automatic, but no answer
    words = machine_words(shown, answering=True)
    return bool(by_subject(headers, subject)) or _ANSWER.search(words) is not None
