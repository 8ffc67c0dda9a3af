"""Names of communes in a text, ours and others, each with what it is said to be."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from router.geography import Geography
from understanding.misspelt import Misspelt
from understanding.streets import PLACE_WORDS, Street, folded_set
from understanding.words import PhraseBook, Words, fold, words_of

_LOCATING = folded_set("mention", "locating")
_NEAR = folded_set("mention", "near")
_INSTITUTION = folded_set("mention", "institution")
_RESIDE = folded_set("mention", "reside")
_DIRECTION = folded_set("mention", "direction")
_JOINING = folded_set("mention", "joining")
_AWAY = folded_set("mention", "away")
_WORK = folded_set("mention", "work")
_QUARTER = frozenset({"quartier", "quartiers", "secteur", "cite", "station", "arret"})
_TOWARDS = frozenset({"a", "au", "vers"})
_CLOSING = frozenset({"", ":", ",", ";", ".", "-", "–", "—", "/", "("})
_BEFORE_MISSPELT = frozenset({"a", "in", "en", "em", "sur"})
_OF = frozenset({"de", "d", "of", "la", "le", "les", "du", "des"})
_TAIL = frozenset({"sur", "les", "lez", "en", "sous", "de", "du", "aux", "grandlieu", "grand"})
_ARTICLES = {"le": ("au", "du"), "les": ("aux", "des"), "la": (), "l": ()}
_GENERIC = frozenset({"saint", "sainte", "st", "ste", "la", "le", "les", "haute", "basse"})
_ORDINARY = frozenset({"montagne", "la montagne", "brains", "indre", "mauves", "pellerin", "bron"})
_BODIES = (
    "{0} metropole habitat", "{0} metropole", "metropole de {0}", "{0} habitat", "fc {0}",
    "agglomeration de {0}", "agglo de {0}", "{0} atlantique", "{0} universite", "metropole {0}",
    "departement de {0}", "departement de l {0}", "monsieur {0}", "madame {0}", "mme {0}", "m {0}",
    "universite de {0}", "{0} agglomeration", "{0} agglo", "tribunal de {0}", "prison de {0}",
)  # fmt: skip


class Said(IntEnum):
    """How surely the place of the matter is meant, least first."""

    AIM = 0  # "direction Rezé"
    BODY = 1  # "la mairie de Rezé"
    HOME = 2  # "j'habite Rezé"
    BARE = 3
    LOCATED = 4  # "à Rezé"
    ADDRESS = 5  # "rue de la Poterie à Rezé", "44400 Rezé"


@dataclass(frozen=True, slots=True)
class Mention:
    """A commune named at words ``start`` to ``end``; ``communes`` is empty for one not ours."""

    start: int
    end: int
    communes: tuple[str, ...]
    said: Said
    postcode: str | None = None
    around: bool = False  # a quarter, a known street or a postal code, never the commune's own name


@dataclass(frozen=True, slots=True)
class _Name:
    communes: tuple[str, ...]
    doubtful: bool = False  # an ordinary word too, or a shortened name
    capital: bool = False  # so ordinary that it must be written with a capital
    after: tuple[str, ...] = ()  # words of which one must stand before it
    ignored: bool = False
    quarter: bool = False


class CommuneNames:
    """All names that may be found, made once from a geography."""

    def __init__(self, geography: Geography) -> None:
        self._book = PhraseBook(_names(geography))
        forms = {
            form.replace("-", " "): code
            for name, written in PLACE_WORDS["scripts"].items()
            if (code := geography.commune(name)) is not None
            for form in written.split()
        }
        self._streets = dict(_known_streets(geography))
        self._misspelt = Misspelt(_simple_names(geography))
        self._forms = {form.lower(): code for form, code in forms.items()}
        ordered = sorted(self._forms, key=len, reverse=True)
        self._scripts = re.compile("|".join(map(re.escape, ordered))) if ordered else None

    def starts(self, words: Words) -> frozenset[int]:
        """List the words at which a commune's name begins, and so a street's name ends."""
        return frozenset(
            found.start
            for found in self._book.find(words)
            if not found.value.ignored
            and (not found.value.after or _has_article(words, found.start, found.value))
        )

    def mentions(self, words: Words, streets: tuple[Street, ...]) -> tuple[Mention, ...]:
        """Find the communes that are named, outside street names, in reading order."""
        shouted = words.text.isupper()
        in_streets = {
            index
            for street in streets
            if not street.landmark
            for index in range(street.start, street.end)
        }
        begun = {street.start for street in streets if not street.number}  # "Pont-Rousseau"
        ends = {street.end for street in streets}
        found: list[Mention] = []
        for name in self._book.find(words):
            inside = name.start in in_streets
            if name.value.ignored or (inside and not (name.value.quarter and name.start in begun)):
                continue
            said = _said(words, name.start, ends, found)
            if name.value.quarter:
                said = max(said, Said.LOCATED) if said is not Said.HOME else said
            if _meant(words, name.start, name.end, name.value, said, shouted):
                communes, quarter = name.value.communes, name.value.quarter
                found.append(Mention(name.start, name.end, communes, said, around=quarter))
        found.extend(self._in_other_scripts(words))
        if not any(one.communes for one in found):
            found.extend(self._misspelt_names(words, in_streets, ends))
        found.extend(self._by_street(streets, found))
        return tuple(_without_needless_quarters(found))

    def _by_street(
        self, streets: tuple[Street, ...], found: Sequence[Mention]
    ) -> Iterator[Mention]:
        """Take the commune of a street that everybody knows, where no place is stated."""
        if any(one.said >= Said.BARE for one in found):
            return
        for street in streets:
            communes = self._streets.get(_pieces(street.name))
            if communes:
                yield Mention(street.start, street.end, communes, Said.ADDRESS, around=True)

    def _misspelt_names(
        self, words: Words, in_streets: Container[int], ends: Container[int]
    ) -> Iterator[Mention]:
        """Read names with a typing error, where a small word, a street or nothing stands before."""
        starts = [
            index
            for index in range(len(words.folded))
            if index not in in_streets
            and (not index or index in ends or words.folded[index - 1] in _BEFORE_MISSPELT)
        ]
        for start, end, code in self._misspelt.find(words, starts):
            yield Mention(start, end, (code,), Said.LOCATED)

    def _in_other_scripts(self, words: Words) -> Iterator[Mention]:
        if self._scripts is None or words.text.isascii():
            return
        spaced = words.text.lower().replace("-", " ")
        end = len(words.folded)
        for form in self._scripts.finditer(spaced):
            yield Mention(end, end, (self._forms[form.group()],), Said.LOCATED)


def _without_needless_quarters(found: list[Mention]) -> list[Mention]:
    """Leave quarters out where a commune is said as surely: "Bellevue à Saint-Herblain"."""
    if len(found) < 2:
        return found
    surest = max((one.said for one in found if not one.around), default=Said.AIM)
    if surest is Said.AIM:
        return found
    return [one for one in found if not one.around or (one.said > surest and surest < Said.BARE)]


def _listed(geography: Geography, section: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Read names kept by commune ("A + B": shared by both), where these communes are ours."""
    for of, names in PLACE_WORDS[section].items():
        codes = tuple(geography.commune(one.strip()) for one in of.split("+"))
        communes = tuple(code for code in codes if code is not None)
        if len(communes) == len(codes):
            for name in names.split(","):
                yield " ".join(words_of(name).folded), communes


@lru_cache(maxsize=4096)
def _pieces(street: str) -> tuple[str, ...]:
    return words_of(street).folded


def _known_streets(geography: Geography) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    for name, communes in _listed(geography, "streets"):
        yield tuple(name.split()), communes


def _names(geography: Geography) -> Iterator[tuple[str, _Name]]:
    for name, communes in _listed(geography, "nicknames"):
        yield name, _Name(communes)
    for section, doubtful in (("quarters", False), ("quarters-in-capitals", True)):
        for name, communes in _listed(geography, section):
            yield name, _Name(communes, doubtful=doubtful, quarter=True)
    for code in geography.communes():
        name = fold(" ".join(words_of(geography.commune_name(code)).folded))
        for written in _with_shorts(name):
            for body in _BODIES:
                yield body.format(written), _Name((), ignored=True)
            yield written, _Name((code,), doubtful=written in _ORDINARY)
    yield from _short_names(geography)
    for key, doubtful in (("names", False), ("ambiguous", True)):
        for city in PLACE_WORDS["foreign"][key].split(","):
            if geography.commune(city.strip()) is None:
                article, *rest = words_of(city).folded
                for written in _with_shorts(" ".join((article, *rest))):
                    yield written, _Name((), doubtful=doubtful)
                if after := _ARTICLES.get(article):
                    yield " ".join(rest), _Name((), after=after)  # "au Croisic"


def _simple_names(geography: Geography) -> dict[tuple[str, ...], str]:
    """List the names of one word, and those of a saint and one word."""
    simple: dict[tuple[str, ...], str] = {}
    for code in geography.communes():
        tokens = words_of(geography.commune_name(code)).folded
        size = 2 if tokens[0] in {"saint", "sainte"} else 1
        if len(tokens) == size or (size == 2 and len(tokens) > 2 and tokens[2] in _TAIL):
            simple[tokens[:size]] = code
    return simple


def _with_shorts(name: str) -> Iterator[str]:
    """Give a name with "saint" as people write it."""
    yield name
    if re.search(r"\bsainte?\b", name):
        yield re.sub(r"\bsaint(e?)\b", r"st\1", name)


def _short_names(geography: Geography) -> Iterator[tuple[str, _Name]]:
    """Give what people leave of long names, where only one commune can be meant."""
    shorts: dict[str, list[_Name]] = {}
    for code in geography.communes():
        tokens = words_of(geography.commune_name(code)).folded
        cut = next((i for i, word in enumerate(tokens) if i and word in _TAIL), len(tokens))
        head = tokens[:cut]
        if cut < len(tokens) and not set(head) <= _GENERIC:
            for written in _with_shorts(" ".join(head)):
                name = _Name((code,), doubtful=True, capital=written == "la chapelle")
                shorts.setdefault(written, []).append(name)
        after = _ARTICLES.get(tokens[0], ())
        if after and len(tokens) > 1:
            shorts.setdefault(" ".join(tokens[1:]), []).append(_Name((code,), after=after))
    for written, names in shorts.items():
        if len(names) == 1:
            yield written, names[0]


def _said(words: Words, start: int, street_ends: Iterable[int], found: list[Mention]) -> Said:
    """Tell how a name is introduced by the words before it."""
    before = words.folded[max(0, start - 5) : start][::-1]
    one = before[0] if before else ""
    two = before[1] if len(before) > 1 else ""
    if _follows_street(words, start, street_ends):
        return Said.ADDRESS
    if one in _JOINING and found and found[-1].end == start - 1:
        return found[-1].said
    if one == "a" and found and found[-1].end == start - 1 and _starts_a_stretch(words, found[-1]):
        return found[-1].said
    if two in _AWAY:
        return Said.AIM
    if set(before[:3]) & _WORK:
        return Said.BODY
    if set(before[:3]) & _RESIDE and "." not in words.before(start):
        return Said.HOME
    if one in _DIRECTION or (one in _OF and two in _DIRECTION):
        return Said.AIM
    if one in _INSTITUTION or (one in _OF and two in _INSTITUTION):
        return (
            Said.LOCATED if set(before[2:4]) & {"dans", "devant", "derriere", "pres"} else Said.BODY
        )
    if one in _LOCATING or one in {"au", "aux"} or (one in _OF and two in _NEAR):
        return Said.LOCATED
    return Said.BARE


def _starts_a_stretch(words: Words, mention: Mention) -> bool:
    """Whether "de Nantes à Orvault" begins with this name."""
    return mention.start > 0 and words.folded[mention.start - 1] in {"de", "d", "from"}


def _follows_street(words: Words, start: int, street_ends: Iterable[int]) -> bool:
    for end in street_ends:
        between = words.folded[end:start]
        if end <= start and all(w in _LOCATING or w in _OF or _is_code(w) for w in between):
            return "\n" not in words.before(start) or not between
    return bool(start) and _is_code(words.folded[start - 1])


def _is_code(word: str) -> bool:
    return len(word) == 5 and word.isdigit()


def _meant(words: Words, start: int, end: int, name: _Name, said: Said, shouted: bool) -> bool:
    """Whether a name is meant as a place at all, where the words may mean something else."""
    before = words.folded[start - 1] if start else ""
    if name.after:
        return _has_article(words, start, name)
    if name.quarter:
        clear = before in _QUARTER or (before in _TOWARDS and words.capital(end - 1))
        return said is not Said.AIM and (clear or not name.doubtful)
    if not name.doubtful:
        return bool(name.communes) or said is not Said.BARE or _stands_alone(words, start, end)
    if said in {Said.ADDRESS, Said.LOCATED, Said.HOME, Said.BODY}:
        small = bool(name.communes) and before in {"a", "de", "commune"} and not name.capital
        return words.capital(end - 1) or small
    if not words.capital(end - 1) or shouted or not name.communes or name.capital:
        return False
    if not start:
        return words.between(end - 1).strip(" \n")[:1] in _CLOSING
    return " ".join(words.folded[start:end]) in _ORDINARY or _stands_alone(words, start, end)


def _has_article(words: Words, start: int, name: _Name) -> bool:
    """Whether "aux" stands before Sorinières, "au" before Pellerin."""
    before = words.folded[start - 1] if start else ""
    return before in name.after and words.capital(start)


def _stands_alone(words: Words, start: int, end: int) -> bool:
    """Whether a name that nothing introduces stands at an end or between commas, in capitals."""
    if not words.capital(start):
        return False
    after = words.between(end - 1)
    return end == len(words.folded) or bool(after.strip(" '’-"))
