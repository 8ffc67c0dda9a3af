"""Where a message is about: communes, postal codes, streets and pins, as far as its words say."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from router.decision import Place, Point
from router.directory import Counter
from router.geography import Geography
from router.message import Given, Location, Message
from understanding.communes import CommuneNames, Mention, Said
from understanding.homes import without_home
from understanding.postcodes import find_postcodes
from understanding.streets import Street, find_streets
from understanding.words import Words, words_of

_LONGEST = 2_000  # characters
_POSITION = re.compile(r"(?<![\d.])(-?\d{1,2}\.\d{4,})\s*[,;]\s*(-?\d{1,3}\.\d{4,})(?![\d.])")
_PIN_PRECISION = 5.0
_TYPED_PRECISION = 20.0


@dataclass(frozen=True, slots=True)
class _Stated:
    """What the words of a message say."""

    streets: tuple[Street, ...]
    mentions: tuple[Mention, ...]
    words: Words

    @property
    def several(self) -> bool:
        """Whether they name two streets, or communes that have nothing in common."""
        if len(self.streets) > 1:
            return len({one.name for one in self.streets}) > 1
        named = [set(one.communes) for one in self.mentions if one.said is not Said.AIM]
        return len(named) > 1 and not set.intersection(*named)


class PlaceReader:
    """Reads places with the names of one geography; pure, and never raises on any text."""

    def __init__(self, geography: Geography) -> None:
        self._geography = geography
        self._names = CommuneNames(geography)

    def read(self, message: Message, counter: Counter | None) -> Place:
        """Tell the place of a message: form before pin before words before counter."""
        return self.read_all(message, counter)[0]

    def read_all(self, message: Message, counter: Counter | None) -> tuple[Place, bool]:
        """Tell the place of a message, and whether its words name several places."""
        text = f"{message.subject}\n{message.text_shown}" if message.subject else message.text_shown
        point = _pin(message.location) or _typed(text)
        stated = self._stated(text[:_LONGEST])
        if len(stated.streets) + len(stated.mentions) > (point is None):
            told = without_home(stated.words, message.sender_name, stated.streets, stated.mentions,
                                pinned=point is not None)  # fmt: skip
            stated = _Stated(*told, stated.words)
        place = self._from_words(stated, self._home(counter))
        if point is not None:
            place = self._with_point(place, point)
        place = self._with_form(place, message.given)
        if not place.known:
            place = self._with_counter(place, counter)
        return place, stated.several

    # --- words ---------------------------------------------------------------------------------

    def _stated(self, text: str) -> _Stated:
        words = words_of(text)
        streets = find_streets(words, self._names.starts(words))
        mentions = self._names.mentions(words, streets)
        return _Stated(
            streets, (*mentions, *find_postcodes(self._geography, words, mentions, streets)), words
        )

    def _home(self, counter: Counter | None) -> str | None:
        return self._geography.commune(counter.commune) if counter and counter.commune else None

    def _from_words(self, stated: _Stated, home: str | None) -> Place:
        mentions = [one for one in stated.mentions if one.said is not Said.AIM]
        street = self._street(stated)
        name, shown = (street.name, street.text) if street else (None, "")
        if not mentions:
            return Place(text=shown, street=name, source="message" if street else "")
        most = max(one.said for one in mentions)
        best = [one for one in mentions if one.said is most]
        communes = tuple(dict.fromkeys(code for one in best for code in one.communes))
        communes = self._agreeing(best, communes)
        if home in communes and all(one.around for one in best):
            communes = tuple(code for code in communes if code == home)
        postcode = next((one.postcode for one in best if one.postcode), None)
        if not shown:
            shown = _as_said(stated.words, best)
        return Place(
            text=shown,
            communes=communes,
            postcode=postcode if communes or not _ours(best) else None,
            street=name,
            outside=not communes,
            source="message",
        )

    def _agreeing(self, best: list[Mention], communes: tuple[str, ...]) -> tuple[str, ...]:
        """Let a name choose among the communes of a shared postal code beside it."""
        named = {code for one in best if one.postcode is None for code in one.communes}
        coded = {code for one in best if one.postcode is not None for code in one.communes}
        both = named & coded
        return tuple(code for code in communes if code in both) if both else communes

    def _street(self, stated: _Stated) -> Street | None:
        """Choose the street that is meant: one with a number, else the first."""
        numbered = [one for one in stated.streets if one.number]
        return next(iter([*numbered, *stated.streets]), None)

    # --- other sources ---------------------------------------------------------------------------

    def _with_point(self, place: Place, point: Point) -> Place:
        located = self._geography.candidates(Place(point=point))
        if not located:
            return replace(place, point=point, communes=(), outside=True, source="location")
        communes = tuple(
            code
            for code in self._geography.communes()
            if any(self._geography.contains(code, inner) for inner in located)
        )
        agreed = tuple(code for code in communes if code in place.communes)
        return replace(
            place, point=point, communes=agreed or communes, outside=False, source="location"
        )

    def _with_form(self, place: Place, given: Given) -> Place:
        if given.street:
            place = replace(place, street=given.street, text=given.street, source="form")
        if given.postcode:
            communes = self._geography.communes_of_postcode(given.postcode)
            place = replace(
                place,
                text=place.text or given.postcode,
                postcode=given.postcode,
                communes=communes,
                outside=not communes,
                source="form",
            )
        if given.commune:
            code = self._geography.commune(given.commune)
            place = replace(
                place,
                text=place.text or (self._geography.commune_name(code) if code else given.commune),
                communes=(code,) if code else (),
                outside=code is None,
                source="form",
            )
        return place

    def _with_counter(self, place: Place, counter: Counter | None) -> Place:
        if counter is None or not counter.commune:
            return place
        code = self._geography.commune(counter.commune)
        if code is None:
            return place
        return replace(place, communes=(code,), source="counter")


def _pin(location: Location | None) -> Point | None:
    if location is None:
        return None
    return Point(location.lat, location.lon, location.accuracy_m or _PIN_PRECISION)


def _typed(text: str) -> Point | None:
    """Read a position that was typed or stands in a map link: 47.2184, -1.5536."""
    found = _POSITION.search(text)
    if found is None or not abs(float(found[1])) <= 90:
        return None
    return Point(float(found[1]), float(found[2]), _TYPED_PRECISION)


def _ours(mentions: list[Mention]) -> bool:
    return any(one.communes for one in mentions)


def _as_said(words: Words, mentions: list[Mention]) -> str:
    """Quote the places that were named, as they were written."""
    spans: list[tuple[int, int]] = []
    for one in sorted(mentions, key=lambda mention: mention.start):
        if spans and one.start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(one.end, spans[-1][1]))
        elif one.start < len(words.spans):
            spans.append((one.start, one.end))
    said = [words.text[words.spans[a][0] : words.spans[b - 1][1]] for a, b in spans]
    return ", ".join(dict.fromkeys(said))
