"""Files of a case for the mail to its service: fetched within bounds, named where they are missing."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from router.case import CaseFile
from router.errors import InvalidInput
from router.ports import OpensFiles

_MOST_FILES = 10
_DEADLINE_S = 25.0
"""For all files of one mail; the mail itself has its own time after that."""
_SHOWABLE = re.compile(r"(?:image|audio|video)/[a-z0-9][a-z0-9.+-]{0,60}|application/pdf")


@dataclass(frozen=True, slots=True)
class Enclosed:
    """(name, media type, bytes) of the files that go along, and the others with the reason why."""

    files: tuple[tuple[str, str, bytes], ...] = ()
    missing: tuple[tuple[CaseFile, str], ...] = ()


def files_of(sheet: Mapping[str, Any]) -> tuple[CaseFile, ...]:
    """Read the files that a sheet names; one that is misshapen is left out."""
    given = sheet.get("files")
    found = []
    for each in given if isinstance(given, list) else ():
        if isinstance(each, Mapping) and isinstance(each.get("inbound"), int):
            size = each.get("size")
            found.append(
                CaseFile(
                    each["inbound"],
                    str(each.get("ref") or ""),
                    str(each.get("name") or "piece-jointe"),
                    str(each.get("media_type") or ""),
                    size if isinstance(size, int) else None,
                )
            )
    return tuple(found)


async def enclose(files: Sequence[CaseFile], source: OpensFiles, limit: int) -> Enclosed:
    """Fetch files, one after the other, while they fit into ``limit`` bytes together."""
    taken: list[tuple[str, str, bytes]] = []
    missing: list[tuple[CaseFile, str]] = []
    room = limit
    end = asyncio.get_running_loop().time() + _DEADLINE_S
    for file in files:
        if len(taken) == _MOST_FILES:
            missing.append((file, f"plus de {_MOST_FILES} fichiers"))
            continue
        if file.size is not None and file.size > room:
            missing.append((file, f"trop grand pour un courriel ({_megabytes(file.size)})"))
            continue
        try:
            async with asyncio.timeout_at(end):
                content = await source.open_file(file, room)
        except InvalidInput as error:
            missing.append((file, f"n'a pas pu être joint ({error})"))
            continue
        except TimeoutError:
            missing.append((file, "n'a pas pu être joint à temps"))
            continue
        room -= len(content)
        taken.append((_name(file), _media_type(file), content))
    return Enclosed(tuple(taken), tuple(missing))


def told(enclosed: Enclosed, place: str) -> str:
    """Say in the letter what is enclosed and what is not, why, and by which link it is had."""
    lines = [f"Fichier joint : {name}" for name, _, _ in enclosed.files]
    for file, why in enclosed.missing:
        lines.append(f"Fichier non joint : {_name(file)} – {why}")
        if place:
            lines.append(f"Le télécharger : {place}/{file.key}")
    return "\n".join(lines)


def _name(file: CaseFile) -> str:
    return file.name.encode("utf-8", "replace").decode()


def _media_type(file: CaseFile) -> str:
    """Keep the type of what can be looked at; anything else is only to be saved."""
    media_type = file.media_type.lower()
    return media_type if _SHOWABLE.fullmatch(media_type) else "application/octet-stream"


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:.1f} Mo".replace(".", ",")
