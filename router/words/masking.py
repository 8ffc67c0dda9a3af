"""Hide in people's words who wrote them, and by what he could be reached."""

from __future__ import annotations

import re
from dataclasses import dataclass

from router.words.sender_lines import KINDS, PARTICLES, Span, folded_words, is_person, sender_lines

_NAME = r"[^\s@＠<>()\[\]\"',;:，；：]"
_MAIL = re.compile(rf"{_NAME}{{1,64}}(?:[@＠]| @ ){_NAME}{{1,200}}\.[^\W\d_]{{2,24}}")
_PLUS, _ZERO = "[+＋]", "[0٠۰０]"
"""In the scripts that people write in; any other digit of Unicode is one by itself."""
_FIRST_OF_PHONES = "+＋0٠۰０"
_BETWEEN = r"[\s.\-‐‑‒–—/_()]{0,3}"
"""Between digits, as telephones and word processors write them."""
_DATE = r"\d\d?(?P<sign>[./\s-])\d\d?(?P=sign)(?:19|20)\d\d(?!\d)"
_OURS = r"(?<!\w)(?=[\d-]{0,12}[A-Z])[\dA-Z]{4}-[\dA-Z]{4}-[\dA-Z]{3}(?!\w)"
"""The number of a case, which mostly has a letter; without one it could be a telephone's."""
_PHONE = re.compile(
    rf"(?P<ours>{_OURS})|(?<![\d+＋])(?!{_DATE})"
    rf"(?:{_PLUS}\s?|{_ZERO}{_ZERO}?\s?)(?!{_ZERO})\d(?:{_BETWEEN}\d){{7,13}}(?!\d)"
)
_HIDDEN_MAIL, _HIDDEN_PHONE = "[adresse masquée]", "[numéro masqué]"
_HIDDEN_NAME, _HIDDEN_HOME = "[nom masqué]", "[domicile masqué]"
_SAID = (
    r"(?:je suis|je soussignée?|je m['’]appelle|mon nom est|c['’]est|de la part de|I am|I['’]m|my name is|"
    r"me llamo|soy|ich bin|mi chiamo|chamo-me|m\.|mr\.?|mme\.?|mlle|monsieur|madame)"
)
"""What goes before a name that tells a person and no street or school."""
_INTRODUCES = re.compile(rf"\b{_SAID}\s", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a case: the names of who wrote, as their channels give them, and its place."""

    names: tuple[str, ...] = ()
    place: str = ""


def masked(text: str, known: Known | None = None) -> str:
    """Mask e-mail addresses and telephone numbers in free text.

    With what is ``known`` of the case: the names of who wrote too, where he signs or says who he
    is, and the home below his signature. The place of the case is never masked.
    """
    if not text:
        return text
    if known is not None:
        text = _without_people(text, known)
    if "@" in text or "＠" in text:
        text = _MAIL.sub(_HIDDEN_MAIL, text)
    if any(sign in text for sign in _FIRST_OF_PHONES):
        text = _PHONE.sub(lambda found: found["ours"] or _HIDDEN_PHONE, text)
    return text


def _without_people(text: str, known: Known) -> str:
    place = frozenset(folded_words(known.place)) - KINDS - PARTICLES
    hidden: dict[Span, str] = {}
    for name in known.names or ("",):
        for block in sender_lines(text, name):
            hidden |= dict.fromkeys(block.homes, _HIDDEN_HOME)
            hidden |= dict.fromkeys(block.names, _HIDDEN_NAME)
    kept = len(text)
    for (start, end), mark in sorted(hidden.items(), reverse=True):
        if end <= kept and place.isdisjoint(folded_words(text[start:end])):
            text, kept = text[:start] + mark + text[end:], start
    for name in known.names if _INTRODUCES.search(text) else ():
        if place.isdisjoint(folded_words(name)) and is_person(name):
            text = _introduced(name).sub(rf"\g<said>{_HIDDEN_NAME}", text)
    return text


def _introduced(name: str) -> re.Pattern[str]:
    words = [re.escape(word) for word in name.split()]
    orders = {r"\s+".join(words), r"\s+".join(reversed(words))}
    return re.compile(rf"(?P<said>\b{_SAID}\s+)(?:{'|'.join(sorted(orders))})(?!\w)", re.IGNORECASE)
