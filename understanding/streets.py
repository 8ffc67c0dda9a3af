"""Street expressions in a text: "12 bis rue de la Poterie", "av. Jean Jaurès", "arrêt Commerce"."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Container
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files

from understanding.words import Found, PhraseBook, Words, fold, words_of

PLACE_WORDS = tomllib.loads((files("understanding") / "places.toml").read_text(encoding="utf-8"))


class _Strength(StrEnum):
    STRONG = "strong"
    WEAK = "weak"
    CAPITAL = "capital"


def ordinary(word: str) -> bool:
    """Whether a folded word is one of everyday trouble, so no part of an address."""
    return word in _ORDINARY


def folded_set(section: str, key: str) -> frozenset[str]:
    """Read a list of words of `places.toml`, folded."""
    return frozenset(fold(word) for word in PLACE_WORDS[section][key].split())


_KINDS: PhraseBook[tuple[str, _Strength]] = PhraseBook(
    (written, (shown, strength))
    for strength in _Strength
    for written, shown in PLACE_WORDS[strength.value].items()
)
_CONNECTORS = folded_set("words", "connectors")
_STOPS = folded_set("words", "stops")
_ORDINARY = folded_set("words", "ordinary")
_LEADING = folded_set("words", "leading")
_MONTHS = folded_set("words", "months")
_TYPES = frozenset(
    words_of(written).folded[0] for strength in _Strength for written in PLACE_WORDS[strength.value]
)
_ABBREVIATED = frozenset({"st", "ste", "dr", "gal", "mal", "cdt", "pdt", "pr", "cap", "col"})
_NUMBER = re.compile(r"\d{1,4}(?:bis|ter|quater|[a-d])?")
_SUFFIX = frozenset({"bis", "ter", "quater", "a", "b", "c", "d"})
_NUMBER_AFTER = frozenset({"n", "no", "numero", "au"})
_NAMED_WITH_DE = frozenset({"école", "porte", "voie", "gare", "parking", "station", "stade"})
_LANDMARKS = (
    "arrêt", "cimetière", "collège", "gare", "gymnase", "lycée", "marché", "médiathèque", "parc",
    "parking", "piscine", "stade", "station", "école",
)  # fmt: skip
_OF_A_LINE = frozenset({"arrêt", "station"})  # called after quarters: "arrêt Commerce"
_BODIES = frozenset({"hlm", "nmh", "ccas", "pmr"})  # "résidence HLM de Rezé"
_ARTICLES = frozenset({"la", "l", "le", "les"})
_OF_A_COMMUNE = frozenset({"eglise", "mairie", "bourg", "gare", "ecole", "poste", "centre"})
_SPOTS = folded_set("words", "spots")
_LONGEST = 5


@dataclass(frozen=True, slots=True)
class Street:
    """A street as said: its kind written out; its words from ``start`` to ``end``."""

    name: str
    number: str
    start: int
    end: int

    @property
    def landmark(self) -> bool:
        """Whether a commune in its name is where it stands: the station of Nantes is in Nantes."""
        return self.name.startswith(_LANDMARKS)

    @property
    def text(self) -> str:
        return f"{self.number} {self.name}".strip()


def find_streets(words: Words, communes: Container[int]) -> tuple[Street, ...]:
    """Find street expressions; ``communes`` are the words at which a commune's name begins."""
    shouted = words.text.isupper()
    found: list[Street] = []
    for kind in _KINDS.find(words):
        if found and kind.start < found[-1].end:
            continue
        end = _name_end(words, kind, communes, shouted)
        if end is not None:
            found.append(_street(words, kind, end, shouted))
    return tuple(found)


def _street(words: Words, kind: Found[tuple[str, _Strength]], end: int, shouted: bool) -> Street:
    number, start = _number_before(words, kind.start)
    if not number:
        number, end_with_number = _number_after(words, end)
    else:
        end_with_number = end
    name = " ".join((kind.value[0], _shown(words, kind.end, end, shouted)))
    return Street(name, number, start, end_with_number)


def _name_end(
    words: Words, kind: Found[tuple[str, _Strength]], communes: Container[int], shouted: bool
) -> int | None:
    """Find the word after the last word of the name; None when no name follows."""
    told = 0  # words that say something
    last = index = kind.end
    before_capital = ""
    weak = kind.value[1] is not _Strength.STRONG and kind.value[0] not in _OF_A_LINE
    if kind.end in communes and weak:
        return None  # "sur la route la chapelle sur erdre": no street of that name
    while index < len(words.folded) and told < _LONGEST and _joined(words, index, kind):
        word, capital = words.folded[index], words.capital(index) and not shouted
        if word in _CONNECTORS and not (capital and told):
            index += 1
            continue
        if told and index in communes and not _part_of_name(words, index):
            break
        if told and not shouted and _tied_by_au(words, index):
            index += 1
            continue
        if not _belongs(words, index, word, capital, told, before_capital):
            break
        if not told and not _opens(words, kind, index, capital):
            return None
        told += 1
        index += 1
        last = index
        before_capital = word if capital else before_capital
    return last if told else None


def _part_of_name(words: Words, index: int) -> bool:
    """Whether a commune's name belongs to a street's: "rue du Port de Couëron", never "église de"."""
    small = words.folded[index - 1] in {"de", "du", "d"}
    return small and words.folded[index - 2] not in _OF_A_COMMUNE


def _tied_by_au(words: Words, index: int) -> bool:
    """Whether "au" goes on with a name: "rue du Port au Vin", never "rue de Rennes au Lidl"."""
    if words.folded[index] != "au" or index + 1 == len(words.folded):
        return False
    previous, following = words.raw(index - 1), words.raw(index + 1)
    return (
        words.folded[index - 2] in {"du", "la", "l", "des"}
        and not words.capital(index)
        and all(each.istitle() for each in (previous, following))
        and words.folded[index + 1] not in _TYPES | _ORDINARY | _STOPS | _SPOTS
    )


def _belongs(
    words: Words, index: int, word: str, capital: bool, told: int, before_capital: str
) -> bool:
    previous = words.folded[index - 1]
    if word in _BODIES:
        return False
    if word.isdigit():
        if len(word) == 4:
            return previous in _MONTHS
        counted = previous in {"du", "des"} and index + 1 < len(words.folded)
        return counted and len(word) <= 2 and words.folded[index + 1] not in _STOPS
    if word == "et" and told and capital is False:
        return _pair(words, index)
    if word in _STOPS and not (capital and not told):
        return False
    if word in _TYPES and told and previous not in _CONNECTORS and previous not in _LEADING:
        return False
    if capital or not told:
        return capital or word not in _ORDINARY
    if word in _MONTHS or previous.isdigit():
        return True
    if word in _ORDINARY:
        return False
    # "rue de la paix le trottoir": an article alone begins what is said of the street.
    tied = previous in _CONNECTORS and (
        not told or previous not in _ARTICLES or words.folded[index - 2] in _CONNECTORS
    )
    return previous in _LEADING or (tied and not before_capital)


def _pair(words: Words, index: int) -> bool:
    """Whether "et" joins two names of one street: rue Pierre et Marie Curie."""
    return (
        index + 2 < len(words.folded)
        and words.folded[index + 1] in _LEADING
        and words.capital(index + 1)
        and words.capital(index + 2)
    )


def _opens(words: Words, kind: Found[tuple[str, _Strength]], index: int, capital: bool) -> bool:
    """Whether the first word of a name can be one after this kind of street."""
    strength = kind.value[1]
    if capital:
        return True
    if strength is _Strength.CAPITAL:
        return False
    if strength is _Strength.STRONG:
        return True
    before = words.folded[kind.start - 1] if kind.start else ""
    if kind.value[0] == "cours" and before in {"en", "au", "le", "les", "des", "un", "de", "ses"}:
        return False
    if kind.value[0] == "place" and (before in {"sur", "en", "ma", "sa", "ta"} or index > kind.end):
        return before not in {"sur", "en", "ma", "sa", "ta", "plus", "pas", "de"}
    return index > kind.end or kind.value[0] not in _NAMED_WITH_DE


def _joined(words: Words, index: int, kind: Found[tuple[str, _Strength]]) -> bool:
    """Whether a word still stands in the same expression as the one before it."""
    between = words.before(index)
    if between.strip(" -'’.\t") or "\n" in between:
        return False
    if "." in between:
        previous = words.folded[index - 1]
        return index == kind.end or len(previous) == 1 or previous in _ABBREVIATED
    return True


def _number_before(words: Words, start: int) -> tuple[str, int]:
    """Read the house number before a street; returns it ("" if none) and its first word."""
    index = start - 1
    if index >= 2 and words.folded[index] == "la" and words.folded[index - 1] == "de":
        index -= 2
    elif index >= 1 and words.folded[index] in {"du", "de", "d"}:
        index -= 1
    if index < 0 or words.before(index + 1).strip(" ,-°"):
        return "", start
    suffix = ""
    if index >= 1 and words.folded[index] in _SUFFIX and words.folded[index - 1].isdigit():
        suffix, index = f" {words.folded[index]}", index - 1
    word = words.folded[index]
    if not _NUMBER.fullmatch(word) or words.before(start).count("\n"):
        return "", start
    first = _range_start(words, index)
    number = words.text[words.spans[first][0] : words.spans[index][1]]
    return f"{number}{suffix}", first


def _range_start(words: Words, index: int) -> int:
    """Take "12-14" or "12/14" as one number."""
    if index and words.folded[index - 1].isdigit() and words.before(index) in {"-", "/"}:
        return index - 1
    return index


def _number_after(words: Words, end: int) -> tuple[str, int]:
    """Read a house number behind its street: "rue Joffre, n° 12", "rue Joffre 12"."""
    index, marked = end, False
    if index < len(words.folded) and words.folded[index] in _NUMBER_AFTER:
        index, marked = index + 1, True
    if index >= len(words.folded) or words.before(index).strip(" ,°."):
        return "", end
    word = words.folded[index]
    if not _NUMBER.fullmatch(word) or not word[0].isdigit():
        return "", end
    alone = index + 1 == len(words.folded) or bool(words.between(index).strip(" "))
    if not marked and not alone:
        return "", end
    return word, index + 1


def _shown(words: Words, start: int, end: int, shouted: bool) -> str:
    """Write a name as on its sign: small words small, the others with a capital."""
    pieces: list[str] = []
    for index in range(start, end):
        raw = words.raw(index)
        small = words.folded[index] in _CONNECTORS or words.folded[index] in {"et", "au"}
        if small or words.folded[index] in _MONTHS:
            raw = raw.lower()
        elif shouted or raw.islower():
            raw = raw.capitalize()
        if index > start:
            between = words.before(index).replace(".", "").replace("’", "'")
            pieces.append(" " if between.isspace() or not between else between.strip() or " ")
        pieces.append(raw)
    return "".join(pieces)
