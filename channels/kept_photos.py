"""Gives the pictures that our own pages kept before the words they belong to were sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from router.errors import InvalidInput
from router.message import Attachment

ReadPhoto = Callable[[str, int], Awaitable[bytes]]
"""Give a stored picture by its reference, at most so many bytes; else InvalidInput."""


async def kept_photo(photos: ReadPhoto | None, file: Attachment, limit: int) -> bytes:
    """Give the bytes of a kept picture, at most ``limit``.

    Raises:
        InvalidInput: no pictures are kept, it is none of ours, gone, or larger than the limit.
    """
    if photos is None:
        raise InvalidInput("pictures are not kept here")
    return await photos(file.ref, limit)
