"""Which files of a case a service is given, and under which names: no more of a person than it may see."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from router.case import Case, CaseFile
from router.directory import Service
from router.privacy import hides_people

_CARDS = {"vcf", "vcard"}
_CARD_TYPES = {
    "text/vcard",
    "text/x-vcard",
    "text/directory",
    "application/vcard",
    "application/vcard+json",
    "application/vcard+xml",
}
_ENDINGS = {
    "photo": "jpg jpeg jpe jfif png gif webp heic heif avif tif tiff bmp svg",
    "video": "mp4 m4v mov 3gp webm avi mkv mpg mpeg",
    "son": "mp3 m4a ogg oga opus amr wav aac flac",
    "document": "pdf doc docx odt rtf txt md xls xlsx ods csv ppt pptx odp html htm xml json "
    "eml msg ics zip dwg dxf kml gpx geojson p7s p7m asc dat",
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
    "message/rfc822": "eml",
}
"""For files whose name tells no ending that is known."""


def told_files(
    service: Service, case: Case, files: Iterable[CaseFile] | None = None
) -> tuple[CaseFile, ...]:
    """Give those files (all that people sent, when none are named) as a service may have them.

    Who may not learn who wrote gets no contact card, and in the place of a name that people gave
    what it is with its number in the case (``photo-1.jpg``, ``document-2.pdf``): the same in a mail
    as on the page. Keys stay as they are.
    """
    given = tuple(case.files if files is None else files)
    if not hides_people(service, case):
        return given
    numbers: dict[str, int] = {}
    for file in (*case.files, *case.proofs, *given):
        if not is_card(file):
            numbers.setdefault(file.key, len(numbers) + 1)
    return tuple(
        replace(file, name=_neutral(file, numbers[file.key])) for file in given if not is_card(file)
    )


def attachments_told(service: Service, case: Case) -> int:
    """Count what people attached, without the contact cards that the service is not given."""
    kept_back = sum(map(is_card, case.files)) if hides_people(service, case) else 0
    return case.attachments - kept_back


def is_card(file: CaseFile) -> bool:
    """Whether a file is a contact card (RFC 6350), by its name or by its type."""
    return _ending(file) in _CARDS or _media_type(file) in _CARD_TYPES


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
