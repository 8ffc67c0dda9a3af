"""One message for `guichet try`, as it is stated in fields: a line of a batch, or the options."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from router.errors import InvalidInput
from router.message import Location
from rules.reading.arrival import LAST_YEAR
from rules.scalars import FIRST_YEAR

_PLACEHOLDER = re.compile(
    rb"(?:\{|%7[Bb])(num|num_lower_nodash)(?::|%3[Aa])((?:(?!%7[Dd])[^{}]){1,200}?)(?:\}|%7[Dd])"
)
"""``{num:ID}``, also as a form body writes it."""
_EMPTY: tuple[object, ...] = ("", None, [], {})


def _text(value: object) -> object:
    """Take a number for its digits, and a text that can be written."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return clean(value) if isinstance(value, str) else value


def clean(text: str) -> str:
    """Put U+FFFD for half a surrogate pair, which can be neither stored nor printed."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _position(value: object) -> object:
    numbers = value.split(",") if isinstance(value, str) else value
    if not isinstance(numbers, list) or len(numbers) != 2:
        raise ValueError("une position s'écrit 47.218,-1.553")
    try:
        lat, lon = (float(number) for number in numbers)
    except (TypeError, ValueError, OverflowError):
        raise ValueError("une position s'écrit 47.218,-1.553") from None
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):
        raise ValueError("une position est une latitude puis une longitude")
    return Location(lat, lon)


Text = Annotated[str, BeforeValidator(_text)]


class Line(BaseModel):
    """A message as it is stated; keys of other names are left alone."""

    model_config = ConfigDict(frozen=True, extra="ignore", arbitrary_types_allowed=True)

    id: Text = ""
    channel: Text = "web"
    kind: Text = ""
    sender: Text = Field("", alias="from")
    to: Text = ""
    text: Text = ""
    subject: Text = ""
    at: Text = ""
    location: Annotated[Location | None, BeforeValidator(_position)] = None
    commune: Text = ""
    category: Text = ""
    raw: Text = ""
    attachments: tuple[Text, ...] = ()

    def time(self, now: datetime, zone: ZoneInfo) -> datetime:
        """Tell when it came in, in UTC; a time without a zone is the territory's.

        Raises:
            InvalidInput: it is no time.
        """
        if not self.at:
            return now
        try:
            time = datetime.fromisoformat(self.at)
        except ValueError as error:
            message = f"« {self.at[:60]} » n'est pas une date (2026-11-24T10:15:00)"
            raise InvalidInput(message) from error
        if not FIRST_YEAR <= time.year <= LAST_YEAR:
            raise InvalidInput(
                f"« {self.at[:60]} » : l'année doit être de {FIRST_YEAR} à {LAST_YEAR}"
            )
        return (time if time.tzinfo else time.replace(tzinfo=zone)).astimezone(UTC)


def line_of(fields: Mapping[str, Any]) -> Line:
    """Read a line's fields; an empty value counts as absent.

    Raises:
        InvalidInput: one is of a wrong kind, or there is nothing at all.
    """
    if "bad" in fields:
        raise InvalidInput(str(fields["bad"]))
    given = {key: value for key, value in fields.items() if not _is_empty(value)}
    if not given.keys() & (Line.model_fields.keys() | {"from"}) - {"id"}:
        raise InvalidInput("cette ligne ne dit rien")
    try:
        return Line.model_validate(given)
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(map(str, problem["loc"]))
        raise InvalidInput(f"« {where} » : {_why(problem)}") from None


def _is_empty(value: object) -> bool:
    return any(value is empty or value == empty for empty in _EMPTY)


def _why(problem: Mapping[str, Any]) -> str:
    if problem["type"] == "value_error":
        return str(problem["ctx"]["error"])
    if problem["type"].startswith("tuple"):
        return "une liste de noms est attendue"
    return "un texte est attendu"


def lines_of(content: bytes) -> Iterator[dict[str, Any]]:
    """Read a batch file: one JSON object a line; what is none becomes an object with ``bad``."""
    # only line feeds end a line: JSON lets the other separators stand inside a string
    for number, line in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        if line.strip():
            yield _object(line, number)


def _object(line: bytes, number: int) -> dict[str, Any]:
    try:
        value = json.loads(line.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        value = None
    if isinstance(value, dict):
        return value
    return {"bad": f"ligne {number} : ce n'est pas un objet JSON"}


@dataclass(slots=True)
class Numbers:
    """The tracking numbers that earlier lines were given, by the line's id."""

    known: dict[str, str] = field(default_factory=dict)

    def put_into(self, raw: bytes) -> bytes:
        """Replace ``{num:ID}`` and ``{num_lower_nodash:ID}``; what names no known line stays."""
        return _PLACEHOLDER.sub(self._number, raw)

    def put_into_text(self, text: str) -> str:
        return self.put_into(text.encode("utf-8", "replace")).decode()

    def _number(self, found: re.Match[bytes]) -> bytes:
        number = self.known.get(found[2].decode("utf-8", "replace"))
        if number is None:
            return found[0]
        return (number if found[1] == b"num" else number.replace("-", "").lower()).encode()


def name_of(fields: Mapping[str, Any]) -> str:
    """Give a line's id as a text, whatever stands there."""
    name = _text(fields.get("id"))
    return name if isinstance(name, str) else ""
