"""Recognise our own automatic words when they come back: another counter, or an echo, wrote them."""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from weakref import WeakKeyDictionary

from router.directory import Texts
from router.words.texts import LANGUAGES, Phrases, Style, TextId, phrases, sentences

LEAST = 40
"""Letters and digits; what is shorter may be anybody's words."""
_LONGEST = 4_000
_MOST_TOGETHER = 6
"""Pieces of one sentence whose fields, an address or a name, hold full stops themselves."""
_WRITTEN_BY_PEOPLE = "{reponse}"
"""The field of what a service says: a text with it is no automatic one."""
_END = re.compile(r"[.!?؟:](?=\s|$)|[。！？：]")
_LINK = re.compile(r"https?://\S*[^\s.,;:!?)]")
_FIELD = re.compile(r"\{(\w+)\}")
_WORD = re.compile(r"[^\W_]+")
_ACCENTS = re.compile("[\u0300-\u036f]+")
_DATE = r"[\d ]{6,12}"
_FILLED = {
    "numero": r"[a-z0-9]{4} ?[a-z0-9]{4} ?[a-z0-9]{3}",
    "lien": "lien",
    "delai": _DATE,
    "recu": _DATE,
    "echeance": _DATE,
}
_ANYTHING = ".{1,200}"
"""On its line: what stands under a name or a telephone number is of somebody else."""


@dataclass(frozen=True, slots=True)
class Known:
    """Sentences that are written automatically: those without a field, and patterns of the others.

    The patterns stand under their first letters, or under none; they are compiled where a text
    begins so, and few do.
    """

    whole: frozenset[str]
    beginnings: Mapping[str, tuple[str, ...]]
    _compiled: dict[str, tuple[re.Pattern[str], ...]] = field(default_factory=dict)

    def holds(self, sentence: str) -> bool:
        if sentence.replace("\n", " ") in self.whole:
            return True
        likely = (*self._patterns(sentence[:2]), *self._patterns(""))
        return any(pattern.fullmatch(sentence) for pattern in likely)

    def _patterns(self, start: str) -> tuple[re.Pattern[str], ...]:
        if start not in self.beginnings:
            return ()
        known = self._compiled.get(start)
        if known is None:
            known = self._compiled[start] = tuple(map(re.compile, self.beginnings[start]))
        return known


def is_echo(text: str, texts: Texts | None = None) -> bool:
    """Whether a text is made of nothing but sentences that the house itself writes by itself.

    ``texts`` are those of supervisors, in the version of the rules that is live.

    Case, accents and punctuation do not count: providers change them. Words of a person beside
    ours, a service's answer among them, make it a message like any other.
    """
    if len(text) > _LONGEST:
        return False
    found = _pieces(_LINK.sub("lien", text))
    first, ends = list(islice(found, _MOST_TOGETHER)), range(1, _MOST_TOGETHER + 1)
    known = (_of_house(),) if texts is None else (_of_house(), _of_supervisors(texts))
    if not any(_is_ours(first[:end], known) for end in ends):
        return False  # nearly all that people write: the rest need not be looked at
    pieces = [*first, *found]
    if sum(len(piece.strip()) for piece in pieces) < LEAST:
        return False
    reached = {0}
    for place in range(len(pieces)):
        if place in reached:
            reached.update(
                place + end for end in ends if _is_ours(pieces[place : place + end], known)
            )
    return len(pieces) in reached


def _pieces(text: str) -> Iterator[str]:
    """Cut a text where a sentence or a line ends; a break or a space before each piece says which."""
    for line in text.splitlines():
        between = "\n"
        for piece in filter(None, map(_bare, _END.split(line))):
            yield between + piece
            between = " "


def _is_ours(pieces: Sequence[str], known: Sequence[Known]) -> bool:
    sentence = "".join(pieces).strip()
    return any(each.holds(sentence) for each in known)


_ONCE = threading.Lock()
"""Batches are planned beside each other: what takes a tenth of a second is done by the first."""


def _of_house() -> Known:
    with _ONCE:
        return _written_by_house()


@cache
def _written_by_house() -> Known:
    return _known(template for said in map(phrases, LANGUAGES) for template in _templates(said))


_OWN: WeakKeyDictionary[Texts, Known] = WeakKeyDictionary()


def _of_supervisors(texts: Texts) -> Known:
    """Give what is known of a version of the rules; it is forgotten together with that version."""
    with _ONCE:
        known = _OWN.get(texts)
        if known is None:
            known = _OWN[texts] = _known(texts.wordings())
        return known


def _known(templates: Iterable[str]) -> Known:
    whole: set[str] = set()
    patterns: dict[str, set[str]] = {}
    for sentence, fields in _sentences(templates):
        if not fields:
            whole.update(map(_bare, _END.split(sentence)))
        elif _bare(_FIELD.sub("", sentence)):  # what is all field is anybody's words
            fixed = [_bare(part) for part in _FIELD.split(sentence)[::2]]
            words = [re.escape(part).replace("\\ ", r"\s") for part in fixed]
            filled = [rf" ?{_FILLED.get(name, _ANYTHING)}\s?" for name in fields]
            pattern = "".join(map("".join, zip(words, [*filled, ""], strict=True)))
            start = fixed[0][:2] if len(fixed[0]) > 1 else ""
            patterns.setdefault(start, set()).add(pattern)
    whole.discard("")
    beginnings = {start: tuple(sorted(some)) for start, some in patterns.items()}
    return Known(frozenset(whole), beginnings)


def _sentences(templates: Iterable[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    lines = dict.fromkeys(
        line
        for template in templates
        if _WRITTEN_BY_PEOPLE not in template
        for line in template.strip().split("\n")
    )
    for line in lines:  # each once: the styles of a text say much of it alike
        yield from sentences(line)


def _templates(said: Phrases) -> Iterator[str]:
    for text in TextId:
        for style in Style:
            yield said.template(text, style)


def _bare(text: str) -> str:
    """Keep words alone, without case, accents and marks of direction."""
    spelt = unicodedata.normalize("NFKD", text.casefold())
    if not spelt.isascii():
        spelt = _ACCENTS.sub("", spelt)  # which leaves most texts in ASCII
    if not spelt.isascii():
        spelt = "".join(c for c in spelt if unicodedata.category(c) not in {"Mn", "Cf"})
    return " ".join(_WORD.findall(spelt))
