"""Reads a mail that says nothing but whether its sender wants our mails."""

from __future__ import annotations

import re

from channels.steering_words import asked_for, bare
from channels.stop_words import wants_no_more
from router.events import InboundEvent
from router.message import Message, Trust
from router.tokens import PARTNER, Token

_REPLY = re.compile(r"\s*(?:re|rép|rep|aw|sv|antw|odp|ynt|r)\s*(?:\[\d+\])?\s*:", re.IGNORECASE)
_STOP = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "OPTOUT", "ARRET", "ARRÊT"})
"""Unlike a text message, a mail that says « Cancel » may well mean what was asked for."""
_START = frozenset({"START", "UNSTOP"})


def wish_in(message: Message, tokens: tuple[Token, ...]) -> InboundEvent | None:
    """Read a wish for no more mails, or for mails again; None where there is anything else.

    It stands in the words, under a subject that says the same, says nothing or is that of an answer;
    or in the subject of a mail without words. A machine, a forged sender and a service wish nothing.
    """
    if message.automatic or message.attachments or message.trust is Trust.FAILED:
        return None
    if not message.reachable or any(token.kind == PARTNER for token in tokens):
        return None
    said, subject = message.text_shown.strip(), message.subject.strip()
    name = message.sender_name
    if said and not (_is_answer(message) or not subject or _wish(subject, name)):
        return None
    wish = _wish(said or subject, name)
    return asked_for(wish, message.address, said or subject) if wish else None


def _is_answer(message: Message) -> bool:
    return bool(message.thread.refs) or _REPLY.match(message.subject) is not None


def _wish(text: str, name: str) -> str:
    word = bare(text)
    if word in _START:
        return "start"
    return "stop" if word in _STOP or wants_no_more(text, name) else ""
