"""The words by which people steer what they are sent: STOP, ARRET, START, AIDE, and their likes."""

from __future__ import annotations

from collections.abc import Mapping

from channels.stop_words import wants_no_more
from router.events import HelpAsked, OptedOutOf
from router.message import Address

_STOP = (
    "STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT", "ARRET", "ARRÊT",
)  # fmt: skip
READ: Mapping[str, str] = {
    "ar": "قراءة", "de": "lesen", "en": "read", "es": "leer", "fr": "lire", "it": "leggere", "pl": "czytaj",
    "pt": "ler", "ro": "citesc", "ru": "читать", "tr": "oku", "uk": "читати", "zh": "阅读",
}  # fmt: skip
"""By language the word that an invitation asks for: who says it wants what awaits him."""
_READ = frozenset(word.upper() for word in READ.values())
_WISHES: Mapping[str, str] = {
    **dict.fromkeys(_STOP, "stop"),
    **dict.fromkeys(("START", "UNSTOP"), "start"),
    **dict.fromkeys(("HELP", "AIDE", "INFO", "CONTACT"), "help"),
}


def bare(text: str) -> str:
    """Write a text as the words are compared: no spaces around, no full stop, in capitals."""
    return text.strip(" \t\r\n.!").upper()


def word_of(text: str) -> str:
    """Name what a text that is one word asks for: ``stop``, ``start``, ``help``, or nothing."""
    return _WISHES.get(bare(text), "")


def wish_of(text: str) -> str:
    """Name what a whole text asks for, in one word or, to have nothing more sent, in words."""
    return word_of(text) or ("stop" if wants_no_more(text) else "")


def wants_to_read(text: str) -> bool:
    """Whether a text is no more than the word that an invitation asks for, however it is quoted."""
    return bare(text.strip(" \t\r\n.!«»\u00a0\"'“”„‚‘’‹›")) in _READ


def asked_for(wish: str, address: Address, text: str, person: str = "") -> OptedOutOf | HelpAsked:
    """Make the event of a wish, on a channel whose provider knows none of these words.

    ``person`` is the provider's id of who has it, where he said so in private.
    """
    if wish == "help":
        return HelpAsked(address, text, person=person)
    return OptedOutOf(address, text, back_in=wish == "start", person=person)
