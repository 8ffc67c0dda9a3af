"""Draw the photos of the demo: what a citizen sends, and what the service shows in return."""

from __future__ import annotations

from functools import cache
from io import BytesIO

from PIL import Image, ImageDraw


@cache
def photo() -> bytes:
    """Draw a grey pavement with a heap of rubbish, as a JPEG."""
    picture, draw = _pavement()
    for left, top, colour in (
        (60, 110, (44, 74, 52)),
        (120, 90, (30, 30, 34)),
        (180, 120, (92, 66, 40)),
    ):
        draw.ellipse((left, top, left + 90, top + 80), fill=colour)
    return _jpeg(picture)


@cache
def swept() -> bytes:
    """Draw the same pavement when the heap is gone, as a JPEG."""
    return _jpeg(_pavement()[0])


def _pavement() -> tuple[Image.Image, ImageDraw.ImageDraw]:
    picture = Image.new("RGB", (320, 240), (176, 182, 188))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 150, 320, 240), fill=(128, 132, 136))
    return picture, draw


def _jpeg(picture: Image.Image) -> bytes:
    written = BytesIO()
    picture.save(written, "JPEG", quality=70)
    return written.getvalue()
