"""Gives the files of a case to those who may see them, by the link of their page."""

from __future__ import annotations

from urllib.parse import quote

from starlette.responses import Response

from router.case import CaseFile
from web.parts import OpenFile
from web.photos import LARGEST_BYTES, cleaned

LARGEST = 30_000_000  # bytes; what people send by mail or chat is smaller
_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; sandbox",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex",
}


async def picture(file: CaseFile, open_file: OpenFile) -> Response:
    """Show a photo of the result to whoever follows the case: made safe, nothing of its maker left.

    Raises:
        InvalidInput: it cannot be had, or is no picture.
    """
    photo = await cleaned(await open_file(file, LARGEST_BYTES))
    return Response(photo.data, headers=_HEADERS, media_type=photo.media_type)


async def download(file: CaseFile, open_file: OpenFile) -> Response:
    """Give a file to be saved, never to be run: it comes from a stranger.

    Raises:
        InvalidInput: it cannot be had.
    """
    content = await open_file(file, LARGEST)
    name = quote(file.name.encode("utf-8", "replace"), safe="")
    disposition = f"attachment; filename*=UTF-8''{name}"
    headers = {**_HEADERS, "content-disposition": disposition}
    return Response(content, headers=headers, media_type="application/octet-stream")
