"""A file that a person sent, for the service in charge, by the link of its page."""

from __future__ import annotations

from urllib.parse import quote

from starlette.responses import Response

from router.case import Case, CaseFile
from web.parts import OpenFile

LARGEST = 30_000_000  # bytes; what people send by mail or chat is smaller
_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; sandbox",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex",
}


def find(case: Case, key: str) -> CaseFile | None:
    """Find a file of a case by its key."""
    return next((file for file in case.files if file.key == key), None)


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
