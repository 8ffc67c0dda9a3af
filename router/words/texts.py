"""Words the house has ready for citizens, in many languages, unless a supervisor wrote others."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache, lru_cache
from importlib.resources import files

from router.directory import Texts
from router.errors import InvalidInput

LANGUAGES = ("fr", "en", "es", "pt", "ar", "tr", "uk", "zh", "de", "it", "ro", "pl", "ru")
"""Languages in which every text exists."""

FIELDS = frozenset(
    {
        "numero",
        "service",
        "contact",
        "delai",
        "lieu",
        "lien",
        "reponse",
        "recu",
        "echeance",
        "tribunal",
    }
)
"""What may be filled in; the names are those that supervisors write."""

_RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ps", "ur"})
_LEFT_TO_RIGHT_FIELDS = frozenset({"numero", "lien", "contact", "delai", "recu", "echeance"})
_FIELD = re.compile(r"\{(\w+)\}")
_SENTENCE_END = re.compile(r"(?<=[.!?؟])\s+|(?<=[。！？])")


class Style(StrEnum):
    """How a text is worded."""

    LONG = "long"
    SHORT = "short"
    """For a text message."""
    PAGE = "page"
    """For a page that shows the rest of the case: short, but a danger is told whole."""
    ALOUD = "aloud"
    """To be read by an agent, or printed: nobody can reply to it."""

    @property
    def short(self) -> bool:
        return self in {Style.SHORT, Style.PAGE}

    @property
    def of_danger(self) -> Style:
        """Tell how whom to call, and what to leave alone, is worded beside texts of this style."""
        return Style.LONG if self is Style.PAGE else self


class TextId(StrEnum):
    """Every text the house can write; a text of the same id in `config/textes` replaces it."""

    ACKNOWLEDGEMENT = "acknowledgement"
    RIGHTS_REFUSED = "rights_refused"
    RIGHTS_ACCEPTED = "rights_accepted"
    RIGHTS_DEPENDS = "rights_depends"
    APPENDED = "appended"
    THIRD_PARTY = "third_party"
    PASSED_ON = "passed_on"
    REROUTED = "rerouted"
    REDIRECT = "redirect"
    QUESTION_PLACE = "question_place"
    QUESTION_DATE = "question_date"
    QUESTION_WHAT = "question_what"
    QUESTION_STREET = "question_street"
    QUESTION_COMMUNE = "question_commune"
    QUESTION_TIME = "question_time"
    QUESTION_PHOTO = "question_photo"
    QUESTION_CONTACT = "question_contact"
    QUESTION_NAME = "question_name"
    QUESTION_PHONE = "question_phone"
    QUESTION_EMAIL = "question_email"
    QUESTION_NUMBER = "question_number"
    QUESTION_DURATION = "question_duration"
    QUESTION_PERSON = "question_person"
    QUESTION_PLATE = "question_plate"
    QUESTION_VEHICLE = "question_vehicle"
    QUESTION_URGENCY = "question_urgency"
    QUESTION_ANNOYANCE = "question_annoyance"
    QUESTION_SENDER = "question_sender"
    QUESTION_NATURE = "question_nature"
    QUESTION_CHANNEL = "question_channel"
    QUESTION_LANGUAGE = "question_language"
    ACCEPTED = "accepted"
    IN_PROGRESS = "in_progress"
    ANSWER = "answer"
    PROOF = "proof"
    RESOLVED = "resolved"
    REFUSED = "refused"
    HELP = "help"
    OPTED_OUT = "opted_out"
    OPTED_IN = "opted_in"
    MISTYPED = "mistyped"
    EMPTY = "empty"
    CONFIRM = "confirm"
    INVITE = "invite"
    TOO_LARGE = "too_large"
    YES = "yes"
    NO = "no"
    ENCRYPTED = "encrypted"
    PUBLIC_MENTION = "public_mention"
    PUBLIC_NEWS = "public_news"
    EMERGENCY = "emergency"
    DEAF_RELAY = "deaf_relay"


@dataclass(frozen=True, slots=True)
class Rendered:
    """A text ready to send, with the language that it was found in."""

    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Phrases:
    """All texts of one language; ``short`` and ``aloud`` hold those that have such a version."""

    language: str
    long: Mapping[str, str]
    short: Mapping[str, str] = field(default_factory=dict)
    aloud: Mapping[str, str] = field(default_factory=dict)

    def template(self, text: str, style: Style = Style.LONG) -> str:
        own = self.short if style.short else self.aloud if style is Style.ALOUD else {}
        return own.get(text, self.long[text])


@cache
def phrases(language: str) -> Phrases:
    """Read the built-in texts of one of :data:`LANGUAGES`, once."""
    source = files("router.words") / "phrases" / f"{language}.toml"
    read = tomllib.loads(source.read_text(encoding="utf-8"))
    return Phrases(language, read["long"], read["short"], read.get("aloud", {}))


def text(text_id: TextId, language: str, *, style: Style = Style.LONG, **fields: str) -> Rendered:
    """Write a built-in text, in the language or else in English.

    A sentence whose field is empty or missing is left out: no delay known, no promise made.

    Raises:
        InvalidInput: a field that no text knows.
    """
    _check(fields)
    found = phrases(language if language in LANGUAGES else "en")
    return Rendered(found.language, fill(found.template(text_id, style), found.language, fields))


def compose(
    texts: Texts | None,
    text_id: TextId,
    language: str,
    *,
    style: Style = Style.LONG,
    **fields: str,
) -> Rendered:
    """Write a text as a supervisor worded it in this language, or else the built-in one.

    A supervisor's text in another language is used only where no built-in one has this language.

    Raises:
        InvalidInput: a field that no text knows.
    """
    _check(fields)
    own = texts.text(text_id, language, short=style.short) if texts is not None else None
    if own is not None and (own[0] == language or language not in LANGUAGES):
        return Rendered(own[0], fill(own[1], own[0], fields))
    return text(text_id, language, style=style, **fields)


def fill(template: str, language: str, fields: Mapping[str, str]) -> str:
    """Put fields into a template and drop the sentences that miss one."""
    lines = (_fill_line(line, language, fields) for line in template.strip().split("\n"))
    return "\n".join(line for line in lines if line is not None)


def _fill_line(line: str, language: str, fields: Mapping[str, str]) -> str | None:
    if "{" not in line:
        return line
    kept = [sentence for sentence, names in sentences(line) if all(map(fields.get, names))]
    between = "" if language == "zh" else " "
    written = between.join(kept).strip()
    return _FIELD.sub(lambda m: _isolated(m[1], fields[m[1]], language), written) or None


@lru_cache(maxsize=1024)
def sentences(line: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Cut a line of a template into sentences, each with the fields that it needs."""
    return tuple(
        (sentence, tuple(_FIELD.findall(sentence))) for sentence in _SENTENCE_END.split(line)
    )


def _isolated(name: str, value: str, language: str) -> str:
    """Keep a number or a link from being turned around inside a right-to-left sentence."""
    if language in _RIGHT_TO_LEFT and name in _LEFT_TO_RIGHT_FIELDS:
        return f"\u2066{value}\u2069"
    return value


def _check(fields: Mapping[str, str]) -> None:
    unknown = sorted(fields.keys() - FIELDS)
    if unknown:
        raise InvalidInput(f"no text has the field {', '.join(unknown)}")
