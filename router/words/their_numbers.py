"""A service's own number of a case, as the person who reported it may quote it.

Such numbers are no secret and often count upwards, so that each is known only to be quoted from the
address of a reporter of that very case; from anywhere else it says nothing.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from router.message import Address, Message

_WORD = re.compile(r"[^\W_]+(?:[-–./_#:][^\W_]+)*")
_DIGIT, _BETWEEN = re.compile(r"\d"), re.compile(r"[\W_]+")
_CALLED = re.compile(r"^\W*(?:n[°º]|(?:no|num[ée]ro|r[ée]f(?:[ée]rence)?|dossier|ticket)\b)", re.I)
"""What is not the number itself."""
_LOOKED_AT = 2_000
"""Characters of a text: who quotes a number does so early."""
_SHORTEST, _LONGEST = 4, 40
"""Letters and digits; a shorter number is as likely that of a house."""
_MOST = 16
_TOGETHER = 3
"""Words between which a number may have spaces."""


def known_as(address: Address, number: str) -> str:
    """Give the reference under which a reporter's case is found by a number; empty if it is too short."""
    bare = _bare(_CALLED.sub("", number))
    return _reference(address, bare) if _may_be(bare) else ""


def quoted(message: Message) -> tuple[str, ...]:
    """List the references of what could be such numbers in a message, at most sixteen."""
    found = dict.fromkeys((*_candidates(message.subject), *_candidates(message.text_shown)))
    return tuple(_reference(message.address, bare) for bare in [*found][:_MOST])


@lru_cache(maxsize=512)  # the same text is asked about before a batch is gathered and after
def _candidates(text: str) -> tuple[str, ...]:
    text = unicodedata.normalize("NFKC", text[:_LOOKED_AT])
    if not _DIGIT.search(text):
        return ()
    words = [_bare(word) for word in _WORD.findall(text)]
    found: dict[str, None] = {}
    for place, together in enumerate(words):
        if _may_be(together):
            found[together] = None
        for more in words[place + 1 : place + _TOGETHER]:
            together += more
            if _DIGIT.search(more) and _may_be(together):
                found[together] = None
    return tuple(found)


def _may_be(bare: str) -> bool:
    return _SHORTEST <= len(bare) <= _LONGEST and _DIGIT.search(bare) is not None


def _bare(number: str) -> str:
    return _BETWEEN.sub("", unicodedata.normalize("NFKC", number).casefold())


def _reference(address: Address, bare: str) -> str:
    return f"theirs:{address.key}:{bare}"
