"""Finds the lines in which a person says who he is and where he can be found."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

Span = tuple[int, int]

_LONGEST = 20_000  # characters
_LINE = re.compile(r"[^\n]+")
_WITHIN = re.compile(
    r"[,.!?;\s](?:"  # the one letter that a search can leap to
    r"(?<=,)(?<!\d,)\s+|(?<=[^\W\d_]{4}[.!?,])\s*|"
    r"(?<=\s)\s*(?:[-–—|/·•]|;)\s+|(?<=\t)\t*|(?<=;)\s+)"
)
"""What parts a line: "Cordialement, Paul Durand - 12 rue Scribe", never "12, rue" or "M. Durand"."""
_WORD = re.compile(r"[^\W\d_]+")
_DIGIT = re.compile(r"\d")
_TITLES = frozenset(
    {"m", "mr", "mme", "mlle", "mrs", "ms", "monsieur", "madame", "dr", "herr", "frau"}
)
PARTICLES = frozenset(
    {"de", "du", "des", "d", "la", "le", "da", "do", "dos", "van", "von", "el", "ben"}
)
_KIND = (
    r"r(?:ue)?|av(?:e|enue)?|b(?:d|ld|lvd|vd|oulevard)|place|pl|quai|ch(?:e|em|emin)?|allées?|imp(?:asse)?|"
    r"sq(?:uare)?|r(?:ou)?te|cours|passage|rés(?:idence)?|lot(?:issement)?|venelle|ruelle|cité|hameau|"
    r"villa|clos|mail|f(?:au)?b(?:our)?g|sentier|esplanade|promenade|rond[ -]point|calle|rua|via|ulica"
)
_STREET = re.compile(
    rf"(?P<number>\d{{1,4}} ?(?:bis|ter|quater|[a-d]\b)?(?:[-/]\d{{1,4}})?,? ?)?"
    rf"(?:{_KIND})\b\.? (?P<name>\S+(?: \S+){{0,6}})",
    re.IGNORECASE,
)
_UNIT = re.compile(
    r"(?:app(?:t|artement)|apt|b[âa]t(?:iment)?|esc(?:alier)?|hall|porte|b\.?p\.?|étage)\b.{0,30}|"
    r"\d{1,2}(?:er?|[eè]me) étage|\d{1,4} ?(?:bis|ter)?",
    re.IGNORECASE,
)
_TOWN = re.compile(r"(?:F-)?\d{2} ?\d{3}\s+\D{2,40}")
_REACHED = re.compile(
    r"[+\d][\d\s.\-()/]{8,24}|\S+@\S+|(?:https?://|www\.)\S+|\[[^\]]{5,20} masquée?\]"
)
_LABEL = re.compile(
    r"(?:mon |notre )?(?:adresse|domicile|t[ée]l(?:[ée]phone)?|portable|mobile|port|mail|e-?mail|courriel|"
    r"phone|address)\s*[.:]+\s*|(?:[tpm])\s*:\s*|(?:demeurant|domicilié|domiciliée) (?:au )?",
    re.IGNORECASE,
)
_LEAVE = re.compile(
    r"(?:bien |très |tres )?(?:cordialement|respectueusement|sincèrement|sincerement)(?: vôtre)?|"
    r"cdl?t|bien à (?:vous|toi)|(?:mes |nos )?(?:\w+ )?salutations(?: \w+)?|"
    r"(?:l'expression de )?(?:mes |nos )?(?:\w+ )?sentiments(?: \w+){1,4}|"
    r"(?:kind |best |warm )*regards|(?:yours )?(?:sincerely|faithfully|truly)|"
    r"(?:un )?saludos?(?: cordial(?:es)?)?|atentamente|(?:os melhores |com os melhores )?cumprimentos|"
    r"atenciosamente|mit freundlichen grüßen|(?:viele|freundliche) grüße|(?:cordiali|distinti) saluti|"
    r"saygılarımla|cu stimă|z poważaniem|с уважением|з повагою|مع تحياتي|تحياتي|此致|敬礼",
    re.IGNORECASE,
)
_LONGEST_LEAVE, _MOST_WORDS = 90, 5


@dataclass(frozen=True, slots=True)
class SenderLines:
    """Lines from ``start`` to ``end``; ``names`` and ``homes`` are where in them a person is told.

    A home is a street or a flat, never a town or a postal code.
    """

    start: int
    end: int
    names: tuple[Span, ...]
    homes: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class _Piece:
    """A line, or a part of one; ``whole``: it is all of its line."""

    start: int
    end: int
    text: str
    whole: bool


def folded_words(text: str) -> tuple[str, ...]:
    """Give the words of a text in small letters without accents."""
    if text.isascii():
        return tuple(_WORD.findall(text.lower()))
    letters = unicodedata.normalize("NFKD", text.casefold())
    return tuple(_WORD.findall("".join(c for c in letters if not unicodedata.combining(c))))


KINDS = frozenset(
    folded_words(
        """
        rue r av ave avenue bd bld blvd boulevard place pl quai chemin allee allees impasse imp square
        sq route rte cours passage residence lotissement venelle ruelle cite hameau villa clos mail
        faubourg sentier esplanade promenade calle rua via ulica arret station gare parc ecole bis ter
        """
    )
)
"""Words of an address that tell no street from another, folded."""
_NO_NAMES = frozenset(
    folded_words(
        """
        la les saint sainte st ste bonjour bonsoir madame monsieur messieurs merci urgent objet lieu rue
        avenue boulevard place pont quai parc jardin square route chemin allee impasse arret station
        gare mairie ecole college lycee eglise quartier centre residence cite zone stade piscine marche
        parking tour port hotel ville metropole commune association syndicat lampadaire poubelle abribus
        trottoir trou panneau
        """
    )
)


def is_person(name: str) -> bool:
    """Whether a name can be that of a person, and not of a town hall or a school."""
    said = frozenset(folded_words(name)) - _TITLES
    return bool(said) and said.isdisjoint(_NO_NAMES)


def sender_lines(text: str, name: str = "") -> tuple[SenderLines, ...]:
    """Find where a person signs, or heads his letter: his name, and what stands below it.

    ``name`` is his own as his channel gives it. Without it only a formula of leave, or a name and
    an address at the very end, tell that he signs. Lines about the matter never belong to it.
    """
    own = frozenset(folded_words(name)) - _TITLES if is_person(name) else frozenset()
    pieces = tuple(_pieces(text[:_LONGEST]))
    found: list[SenderLines] = []
    index = 0
    while index < len(pieces):
        begun = _begun(pieces, index, own)
        if begun is None:
            index += 1
            continue
        names, after, sure = begun
        homes, end = _below(pieces, after, lenient=sure)
        if sure or (end == len(pieces) and end > after):
            spans = tuple((one.start, one.end) for one in names)
            found.append(SenderLines(pieces[index].start, pieces[end - 1].end, spans, homes))
            index = end
        else:
            index += 1
    return tuple(found)


def _pieces(text: str) -> Iterator[_Piece]:
    for line in _LINE.finditer(text):
        start, parts = line.start(), []
        for cut in _WITHIN.finditer(text, line.start(), line.end()):
            parts.append((start, cut.start()))
            start = cut.end()
        parts.append((start, line.end()))
        told = [(a, b, text[a:b].strip(" \t.,!:*_")) for a, b in parts]
        told = [one for one in told if one[2]]
        for a, b, words in told:
            first = text.index(words, a, b)
            yield _Piece(first, first + len(words), words, len(told) == 1)


def _begun(
    pieces: tuple[_Piece, ...], index: int, own: frozenset[str]
) -> tuple[list[_Piece], int, bool] | None:
    """Read who signs at a piece: his name, the piece after it, and whether that is certain."""
    piece = pieces[index]
    if _is_own(piece.text, own):
        return [piece], index + 1, True
    if len(piece.text) <= _LONGEST_LEAVE and _LEAVE.fullmatch(piece.text):
        following = pieces[index + 1] if index + 1 < len(pieces) else None
        if following and (_is_own(following.text, own) or _like_a_name(following.text, least=1)):
            return [following], index + 2, True
        return [], index + 1, True
    if piece.whole and index and _like_a_name(piece.text, least=2):
        return [], index + 1, False
    return None


def _below(
    pieces: tuple[_Piece, ...], index: int, *, lenient: bool
) -> tuple[tuple[Span, ...], int]:
    """Take what tells where a person is found; one line may say what he is: "Gardien"."""
    if lenient and index + 1 < len(pieces) and not _is_contact(pieces[index].text):
        role = pieces[index]
        short = role.whole and len(role.text.split()) <= _MOST_WORDS
        if short and _is_contact(pieces[index + 1].text):
            index += 1
    homes = []
    begun = index
    while index < len(pieces):
        piece = pieces[index]
        said = _LABEL.sub("", piece.text, count=1) if _LABEL.match(piece.text) else piece.text
        if _is_home(said):
            homes.append((piece.end - len(said), piece.end))
        elif not (_found_by(said) or (index > begun and _like_a_name(said, least=1))):
            break
        index += 1
    return tuple(homes), index


def _is_contact(text: str) -> bool:
    said = _LABEL.sub("", text, count=1) if _LABEL.match(text) else text
    return _is_home(said) or _found_by(said)


def _found_by(said: str) -> bool:
    return bool(_REACHED.fullmatch(said) or _TOWN.fullmatch(said))


def _is_home(said: str) -> bool:
    """Whether it is an address and nothing else: "12 rue Scribe", never "rue Scribe est sale"."""
    street = _STREET.match(said)
    if street is None:
        return _UNIT.fullmatch(said) is not None and len(said.split()) <= _MOST_WORDS
    town = re.split(r"\s\d{5}\b", said[street.start("name") :], maxsplit=1)[0]
    words = [word for word in re.split(r"[\s'’]+", town) if word]
    written = [word for word in words if word.lower() not in PARTICLES and word.lower() != "l"]
    named = all(word[0].isupper() or word[0].isdigit() for word in written)
    return named or bool(street["number"] and len(written) <= 2)


def _is_own(text: str, own: frozenset[str]) -> bool:
    if not own or text.count(" ") > _MOST_WORDS or _DIGIT.search(text):
        return False
    said = frozenset(folded_words(text)) - _TITLES
    initials = {word[0] for word in own}
    return not own.isdisjoint(said) and all(word in own or word in initials for word in said)


def _like_a_name(text: str, *, least: int) -> bool:
    """Whether it can be a person's name: up to four words, each with a capital letter."""
    if text.count(" ") > _MOST_WORDS or not text[0].isupper() or _DIGIT.search(text):
        return False
    words = text.split()
    if not least <= len(words) <= 4:
        return False
    if not _NO_NAMES.isdisjoint(folded_words(text)):
        return False
    return all(word[0].isupper() or word.lower() in PARTICLES for word in words)
