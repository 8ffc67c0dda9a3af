"""Read and check what a citizen typed into the report form."""

from __future__ import annotations

import json
import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace

import phonenumbers

from router.errors import InvalidInput
from web.said_id import said_id
from web.seals import FORM_LIFE_S, Seals

LONGEST_TEXT = 5000
MOST_PHOTOS = 3
PHOTO_LIFE_S = FORM_LIFE_S - 3600
"""How long a form carries a picture: what no message names is removed after a day."""
REPLIES = ("page", "email", "sms")
ANSWER_LANGUAGES = ("fr", "en", "es", "pt", "ar", "tr", "uk", "zh")
EMAIL = re.compile(r"[^@\s<>()\[\],;:\"]{1,64}@[^@\s<>()\[\],;:\"]+\.[^@\s<>()\[\],;:\".]{2,}")
_PURPOSE = "photo"


@dataclass(frozen=True, slots=True)
class KeptPhoto:
    """A picture that is already stored; it survives errors in the rest of the form."""

    name: str
    media_type: str
    size: int
    ref: str
    at: int = 0
    """When it was kept, in seconds since 1970: a form may carry it for less than a day."""
    sent: str = ""
    """SHA-256 of the file as it was sent: twice the same file is kept twice, and is one picture."""

    @property
    def attachment(self) -> dict[str, object]:
        """Name it as channels read attachments."""
        return {
            "name": self.name, "media_type": self.media_type, "size": self.size, "ref": self.ref,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a field: the summary links to it, the same words stand beside it."""

    field: str
    key: str


@dataclass(frozen=True, slots=True)
class Report:
    """What was typed, trimmed; positions in degrees WGS84, the accuracy in metres."""

    id: str
    text: str = ""
    where: str = ""
    commune: str = ""
    lat: float | None = None
    lon: float | None = None
    accuracy: float | None = None
    name: str = ""
    reply: str = "page"
    email: str = ""
    phone: str = ""
    language: str = ""
    website: str = ""
    proof: str = ""
    photos: tuple[KeptPhoto, ...] = ()
    photo_position: tuple[float, float] | None = field(default=None, compare=False)

    @property
    def submission(self) -> str:
        """The id under which it is sent: the same form sent twice is one, changed it is another."""
        said = _written(self) | {"photos": [photo.sent for photo in self.photos]}
        return said_id(self.id, said)

    @property
    def located(self) -> bool:
        return bool(self.where or self.commune or self.lat is not None)


def read(form: Mapping[str, object], communes: tuple[str, ...], region: str) -> Report:
    """Read the fields; what cannot be understood is dropped or left for :func:`check`."""
    lat, lon = _number(form, "lat", 90), _number(form, "lon", 180)
    report = Report(
        id=_line(form, "id"),
        text=_text(form, "text"),
        reply=_one_of(form, "reply", REPLIES) or "page",
        commune=_one_of(form, "commune", communes),
        language=_one_of(form, "language", ANSWER_LANGUAGES),
        website=_line(form, "website")[:200],
        proof=_line(form, "proof")[:2000],
        where=_line(form, "where")[:300],
        name=_line(form, "name")[:120],
        email=_line(form, "email")[:254],
        phone=_phone(_line(form, "phone")[:40], region),
    )
    if lat is not None and lon is not None:
        report = replace(report, lat=lat, lon=lon, accuracy=_number(form, "accuracy", 1e6))
    return report


def check(report: Report) -> tuple[Problem, ...]:
    """List what keeps a report from being sent."""
    problems = []
    if not report.text and not report.photos:
        problems.append(Problem("text", "error.text_missing"))
    if len(report.text) > LONGEST_TEXT:
        problems.append(Problem("text", "error.text_long"))
    if report.reply == "email" and not report.email:
        problems.append(Problem("email", "error.email_missing"))
    elif report.email and not EMAIL.fullmatch(report.email):
        problems.append(Problem("email", "error.email_wrong"))
    if report.reply == "sms" and not report.phone:
        problems.append(Problem("phone", "error.phone_missing"))
    elif report.phone and not report.phone.startswith("+"):
        problems.append(Problem("phone", "error.phone_wrong"))
    return tuple(problems)


def by_field(problems: Iterable[Problem]) -> Mapping[str, str]:
    """Sort problems by field, the first of each; a field without one gives an empty key."""
    wrong: defaultdict[str, str] = defaultdict(str)
    for problem in problems:
        wrong[problem.field] = wrong[problem.field] or problem.key
    return wrong


def body_of(report: Report, doubts: tuple[str, ...] = (), *, quiet: bool = False) -> bytes:
    """Write the JSON that the web channel reads; ``quiet``: the answer stays on our page."""
    sent = _written(report)
    sent["doubts"] = doubts
    sent["quiet"] = quiet
    sent["id"] = report.submission
    sent["attachments"] = [photo.attachment for photo in report.photos]
    return json.dumps(sent, ensure_ascii=False).encode()


def _written(report: Report) -> dict[str, object]:
    """List what was typed, without the pictures and without what a machine worked out."""
    apart = {"photos", "photo_position", "proof"}
    return {name: value for name, value in asdict(report).items() if name not in apart}


# --- stored pictures, carried by the form --------------------------------------------------------


def seal_photo(seals: Seals, photo: KeptPhoto, position: tuple[float, float] | None) -> str:
    return seals.seal(_PURPOSE, json.dumps([asdict(photo), position]))


def open_photo(seals: Seals, sealed: str) -> tuple[KeptPhoto, tuple[float, float] | None]:
    """Give back a stored picture.

    Raises:
        InvalidInput: the form was changed, or the picture may be swept before it is sent.
    """
    try:
        fields, position = json.loads(seals.unseal(_PURPOSE, sealed))
        photo = KeptPhoto(**fields)
        place = (position[0], position[1]) if position else None
    except (ValueError, TypeError) as broken:
        raise InvalidInput("this form was changed on its way") from broken
    if seals.now_s() - photo.at > PHOTO_LIFE_S:
        raise InvalidInput("this picture has waited for too long")
    return photo, place


# --- one field -----------------------------------------------------------------------------------


def _text(form: Mapping[str, object], name: str) -> str:
    value = form.get(name)
    text = value if isinstance(value, str) else ""
    text = text.replace("\r\n", "\n").replace("\x00", "")
    return text.encode("utf-8", "replace").decode().strip()


def _line(form: Mapping[str, object], name: str) -> str:
    return " ".join(_text(form, name).split())


def _one_of(form: Mapping[str, object], name: str, allowed: tuple[str, ...]) -> str:
    value = _line(form, name)
    return value if value in allowed else ""


def _number(form: Mapping[str, object], name: str, most: float) -> float | None:
    try:
        value = float(_line(form, name).replace(",", "."))
    except ValueError:
        return None
    return value if math.isfinite(value) and abs(value) <= most else None


def _phone(typed: str, region: str) -> str:
    """Write a number as E.164; one that cannot be a number stays as typed."""
    if not typed:
        return ""
    try:
        number = phonenumbers.parse(typed, region)
    except phonenumbers.NumberParseException:
        return typed.lstrip("+")
    if not phonenumbers.is_possible_number(number):
        return typed.lstrip("+")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
