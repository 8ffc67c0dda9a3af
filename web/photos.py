"""Make a citizen's picture safe: type read from its content, size bounded, EXIF removed."""

from __future__ import annotations

import asyncio
import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction

import pillow_heif
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from router.errors import InvalidInput

pillow_heif.register_heif_opener()

LARGEST_BYTES = 30_000_000
LARGEST_PIXELS = 50_000_000
"""A picture that unpacks to more is a decompression bomb, or of no use for a report."""
_FORMATS = ("JPEG", "PNG", "WEBP", "HEIF", "GIF")
_LONGEST_SIDE = 2048
_MEDIA_TYPE = "image/jpeg"
_ROOM = ThreadPoolExecutor(2, "photos")
"""Two pictures are decoded at a time, so that a crowd cannot fill the memory."""


class BadPhoto(InvalidInput):
    """A file that cannot be taken as a picture; ``key`` names the wording that says why."""

    def __init__(self, key: str) -> None:
        super().__init__(f"this picture cannot be taken: {key}")
        self.key = key


@dataclass(frozen=True, slots=True)
class Photo:
    """A JPEG without metadata, and the position that the original carried, if any (WGS84)."""

    data: bytes
    position: tuple[float, float] | None = None
    media_type: str = _MEDIA_TYPE


async def cleaned(data: bytes) -> Photo:
    """Re-encode a picture beside the loop; of a crowd's, two at a time.

    Raises:
        BadPhoto: as for ``clean``.
    """
    return await asyncio.get_running_loop().run_in_executor(_ROOM, clean, data)


def clean(data: bytes) -> Photo:
    """Re-encode a picture; slow (up to a second), and it holds the whole picture in memory.

    Raises:
        BadPhoto: too large, not a picture of a known type, or broken.
    """
    if len(data) > LARGEST_BYTES:
        raise BadPhoto("error.photo_large")
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
            if image.width * image.height > LARGEST_PIXELS:
                raise BadPhoto("error.photo_large")
            position = _position(image)
            return Photo(_encode(image), position)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as bomb:
        raise BadPhoto("error.photo_large") from bomb
    except UnidentifiedImageError as not_ours:
        raise BadPhoto("error.photo_type") from not_ours
    except BadPhoto:
        raise
    except Exception as broken:  # decoders raise whatever they stumble over
        raise BadPhoto("error.photo_broken") from broken


def _encode(image: Image.Image) -> bytes:
    image.draft("RGB", (_LONGEST_SIDE, _LONGEST_SIDE))  # JPEG: decode no larger than needed
    upright = _upright(image)
    upright.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
    plain = Image.new("RGB", upright.size, "white")
    if upright.mode in {"RGBA", "LA", "P", "PA"}:
        layered = upright.convert("RGBA")
        plain.paste(layered, mask=layered.getchannel("A"))
    else:
        plain.paste(upright.convert("RGB"))
    out = io.BytesIO()
    plain.save(out, "JPEG", quality=85, optimize=True)
    return out.getvalue()


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # metadata that make no sense: the picture is shown as it lies
        return image


def _position(image: Image.Image) -> tuple[float, float] | None:
    try:
        return _told_position(image)
    except Exception:  # the same; a picture without a position is a picture
        return None


def _told_position(image: Image.Image) -> tuple[float, float] | None:
    gps = image.getexif().get_ifd(ExifTags.IFD.GPSInfo)
    lat = _degrees(gps.get(ExifTags.GPS.GPSLatitude), gps.get(ExifTags.GPS.GPSLatitudeRef), "S")
    lon = _degrees(gps.get(ExifTags.GPS.GPSLongitude), gps.get(ExifTags.GPS.GPSLongitudeRef), "W")
    if lat is None or lon is None or abs(lat) > 90 or abs(lon) > 180 or (lat, lon) == (0, 0):
        return None  # 0, 0 is what a camera writes that has not found its satellites
    return round(lat, 6), round(lon, 6)


def _degrees(parts: object, side: object, negative: str) -> float | None:
    if not isinstance(parts, tuple) or len(parts) != 3:
        return None
    try:
        degrees, minutes, seconds = (float(Fraction(part)) for part in parts)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    value = degrees + minutes / 60 + seconds / 3600
    return -value if str(side).upper().startswith(negative) else value
