"""Which files of a case a service is given, and under which names: no more of a person than it may see."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from router.case import Case, CaseFile
from router.directory import Service
from router.telling.privacy import hides_people

_NAMING = {
    "vcf",
    "vcard",
    "eml",
    "emlx",
    "msg",
    "oft",
    "ics",
    "vcs",
    "p7s",
    "p7m",
    "p7c",
    "asc",
    "sig",
}
_NAMING_TYPES = {
    "text/vcard",
    "text/x-vcard",
    "text/directory",
    "text/calendar",
    "text/x-vcalendar",
    "application/vcard",
    "application/vcard+json",
    "application/vcard+xml",
    "application/ms-tnef",
    "application/vnd.ms-tnef",
    "application/vnd.ms-outlook",
    "message/rfc822",
    "message/global",
    "message/news",
    "message/disposition-notification",
    "message/delivery-status",
}
_SEALED = re.compile(r"application/(?:x-)?(?:pkcs7|pgp)-")
"""Signatures and sealed letters: their certificates name who signed."""
_ENDINGS = {
    "photo": "jpg jpeg jpe jfif png gif webp heic heif avif tif tiff bmp svg",
    "video": "mp4 m4v mov 3gp webm avi mkv mpg mpeg",
    "son": "mp3 m4a ogg oga opus amr wav aac flac",
    "document": "pdf doc docx odt rtf txt md xls xlsx ods csv ppt pptx odp html htm xml json "
    "zip dwg dxf kml gpx geojson dat",
}
_KINDS = {ending: kind for kind, endings in _ENDINGS.items() for ending in endings.split()}
"""What a name ends with → the word for it. Any other ending could be a person's name."""
_TYPES = {"image": "photo", "video": "video", "audio": "son"}
_TYPE_ENDINGS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "image/webp": "webp",
    "image/heic": "heic",
    "image/heif": "heif",
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "audio/ogg": "ogg",
    "audio/mpeg": "mp3",
    "audio/mp4": "m4a",
    "audio/amr": "amr",
    "application/pdf": "pdf",
    "text/plain": "txt",
}
"""For files whose name tells no ending that is known."""


def told_files(
    service: Service, case: Case, files: Iterable[CaseFile] | None = None
) -> tuple[CaseFile, ...]:
    """Give those files (all that people sent, when none are named) as a service may have them.

    Who may not learn who wrote gets none that :func:`names_people`, and in the place of a name that people gave
    what it is with its number in the case (``photo-1.jpg``, ``document-2.pdf``): the same in a mail
    as on the page. Keys stay as they are.
    """
    given = tuple(case.files if files is None else files)
    if not hides_people(service, case):
        return given
    numbers: dict[str, int] = {}
    for file in (*case.files, *case.proofs, *given):
        if not names_people(file):
            numbers.setdefault(file.key, len(numbers) + 1)
    return tuple(
        replace(file, name=_neutral(file, numbers[file.key]))
        for file in given
        if not names_people(file)
    )


def attachments_told(service: Service, case: Case) -> int:
    """Count what people attached, without what the service is not given."""
    return case.attachments - withheld(service, case)


def withheld(service: Service, case: Case) -> int:
    """Count the files that a service is not given, since they say who wrote."""
    return sum(map(names_people, case.files)) if hides_people(service, case) else 0


def names_people(file: CaseFile) -> bool:
    """Whether a file says by its nature whose it is, by its name or type: card, letter, signature."""
    media_type, ending = _media_type(file), _ending(file)
    if ending in _NAMING or media_type in _NAMING_TYPES or _SEALED.match(media_type):
        return True
    return file.name.strip().casefold() == "winmail.dat"


def _neutral(file: CaseFile, number: int) -> str:
    media_type, ending = _media_type(file), _ending(file)
    if ending not in _KINDS:
        ending = _TYPE_ENDINGS.get(media_type, "")
    kind = _TYPES.get(media_type.partition("/")[0]) or _KINDS.get(ending, "document")
    return f"{kind}-{number}" + (f".{ending}" if ending else "")


def _ending(file: CaseFile) -> str:
    return file.name.rstrip(" .").rpartition(".")[2].strip().casefold()


def _media_type(file: CaseFile) -> str:
    return file.media_type.partition(";")[0].strip().casefold()
