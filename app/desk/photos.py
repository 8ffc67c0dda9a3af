"""Keep the pictures that an agent joins on the command line."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from app.running.photos import PhotoFolder
from channels.system_words import refusal
from router.errors import InvalidInput
from web.photos import LARGEST_BYTES, BadPhoto, Photo, clean
from web.same_entry import mark


async def kept(path: Path, folder: PhotoFolder) -> dict[str, Any]:
    """Make a picture safe and keep it; gives how an entry names it.

    Raises:
        InvalidInput: it cannot be read, or is no picture.
    """
    content, safe = await asyncio.to_thread(_read, path)
    ref = await folder.save(path.name, safe.data)
    name = f"{path.stem[:100]}.jpg"
    return {
        "name": name,
        "media_type": safe.media_type,
        "size": len(safe.data),
        "ref": ref,
        **mark(content),
    }


def _read(path: Path) -> tuple[bytes, Photo]:
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise InvalidInput(
                f"« {path} » est trop grande : {LARGEST_BYTES // 1_000_000} Mo au plus."
            )
        content = path.read_bytes()
        return content, clean(content)
    except OSError as error:
        raise InvalidInput(f"« {path} » ne peut pas être lue : {refusal(error)}.") from None
    except BadPhoto:
        raise InvalidInput(f"« {path} » n'est pas une photo que l'on puisse prendre.") from None
