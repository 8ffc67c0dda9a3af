"""Pictures are read by content, bounded, and lose what they hide."""

from __future__ import annotations

import io
import itertools
import os
import random
import struct
import time
import zlib

import pillow_heif
import pytest
from PIL import ExifTags, Image

from web.photos import BadPhoto, clean


def encoded(image: Image.Image, form: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def bomb(side: int) -> bytes:
    """A few kilobytes of PNG that say they unpack to side × side pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(1000))
    end = chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + end


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF"])
def test_every_usual_kind_becomes_a_plain_jpeg(form: str) -> None:
    photo = clean(encoded(Image.new("P", (50, 40)).convert("RGB"), form))

    with Image.open(io.BytesIO(photo.data)) as image:
        assert (image.format, image.size) == ("JPEG", (50, 40))


def test_a_telephones_heic_is_read() -> None:
    out = io.BytesIO()
    pillow_heif.from_pillow(Image.new("RGB", (64, 48), "blue")).save(out)

    with Image.open(io.BytesIO(clean(out.getvalue()).data)) as image:
        assert image.size == (64, 48)


def test_a_large_picture_shrinks_and_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned
    photo = clean(encoded(Image.new("RGB", (4000, 1000)), "JPEG", exif=exif))

    with Image.open(io.BytesIO(photo.data)) as image:
        assert image.size == (512, 2048)
        assert not image.getexif()


def test_transparency_becomes_white() -> None:
    photo = clean(encoded(Image.new("RGBA", (9, 9), (0, 0, 0, 0)), "PNG"))

    with Image.open(io.BytesIO(photo.data)) as image:
        assert image.getpixel((4, 4)) == (255, 255, 255)


@pytest.mark.parametrize("side", [7500, 12000, 60000])
def test_a_picture_that_unpacks_to_too_much_is_refused(side: int) -> None:
    with pytest.raises(BadPhoto) as refused:
        clean(bomb(side))

    assert refused.value.key == "error.photo_large"


@pytest.mark.parametrize(
    "data", [b"", b"GIF89a", b"<svg xmlns='x'/>", b"%PDF-1.7", b"\xff\xd8\xff\xe0" + b"\x00" * 50]
)
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(BadPhoto):
        clean(data)


def test_a_picture_cut_short_is_refused() -> None:
    whole = encoded(Image.effect_noise((300, 300), 80).convert("RGB"), "JPEG")

    with pytest.raises(BadPhoto):
        clean(whole[: len(whole) // 2])


def test_a_program_hidden_behind_a_picture_does_not_come_along() -> None:
    polyglot = encoded(Image.new("RGB", (20, 20)), "JPEG") + b"<script>alert(1)</script>"

    assert b"script" not in clean(polyglot).data


@pytest.mark.parametrize(
    ("gps", "expected"),
    [
        ({1: "N", 2: (47.0, 13.0, 12.0), 3: "W", 4: (1.0, 33.0, 36.0)}, (47.22, -1.56)),
        ({1: "S", 2: (47.0, 0.0, 0.0), 3: "E", 4: (1.0, 0.0, 0.0)}, (-47.0, 1.0)),
        ({1: "N", 2: (0.0, 0.0, 0.0), 3: "E", 4: (0.0, 0.0, 0.0)}, None),
        ({1: "N", 2: (99.0, 0.0, 0.0), 3: "E", 4: (1.0, 0.0, 0.0)}, None),
        ({1: "N"}, None),
    ],
)
def test_the_position_of_a_picture_is_read(
    gps: dict[int, object], expected: tuple[float, float] | None
) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8825).update(gps)

    assert clean(encoded(Image.new("RGB", (9, 9)), "JPEG", exif=exif)).position == expected


FOUND = (11951, 18535, 19718, 81140, 173303, 188902, 624087)
"""Chances by which decoders raised errors of kinds that nobody expects of them."""


def whole() -> list[bytes]:
    """Pictures of every kind that is taken, each with a position and an orientation."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    gps[1], gps[2], gps[3], gps[4] = "N", (47.0, 13.0, 6.2), "W", (1.0, 33.0, 12.9)
    kinds = [("RGB", "JPEG"), ("CMYK", "JPEG"), ("RGBA", "PNG"), ("P", "PNG"), ("RGB", "WEBP")]
    kinds += [("P", "GIF"), ("RGB", "HEIF")]
    return [encoded(Image.new(mode, (40, 30)), form, exif=exif) for mode, form in kinds]


def spoilt(picture: bytes, other: bytes, draw: random.Random) -> bytes:
    """Put one to six errors into a picture, most of them near its beginning."""
    data = bytearray(picture)
    for _ in range(draw.randint(1, 6)):
        near = int(draw.expovariate(1 / 40))
        place = draw.choice((draw.randrange(len(data)), min(near, len(data) - 1)))
        match draw.randrange(4):
            case 0:
                data[place] = draw.randrange(256)
            case 1:
                data[place : place + 4] = bytes(draw.choices((0, 127, 128, 255), k=4))
            case 2:
                del data[place : place + draw.randrange(1, 30)]
            case _:
                start = draw.randrange(len(other))
                data[place:place] = other[start : start + draw.randrange(1, 60)]
        data = data or bytearray(1)
    return bytes(data)


@pytest.mark.filterwarnings("ignore")  # decoders say what is odd in a picture
def test_whatever_is_wrong_with_a_picture_is_one_reason_to_refuse_it() -> None:
    known = whole()
    seconds = float(os.environ.get("GUICHET_FUZZ_SECONDS", "0"))
    first, end = int(os.environ.get("GUICHET_FUZZ_FIRST", "0")), time.monotonic() + seconds
    taken = 0
    for number in itertools.chain(FOUND, itertools.count(first)):
        if time.monotonic() > end if seconds else number - first >= 3000 and number not in FOUND:
            break
        draw = random.Random(number)
        try:
            photo = clean(spoilt(draw.choice(known), draw.choice(known), draw))
        except BadPhoto:
            continue
        except Exception as error:
            error.add_note(f"number {number}")
            raise
        with Image.open(io.BytesIO(photo.data)) as image:
            assert not image.getexif()
        assert photo.position is None or abs(photo.position[0]) <= 90
        taken += 1
    print(f"{number - first} pictures, {taken} taken, up to number {number}")
    assert taken


def test_metadata_that_make_no_sense_cost_the_position_and_not_the_picture() -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    picture = encoded(Image.new("RGB", (40, 30)), "JPEG", exif=exif)
    broken = picture.replace(b"Exif\0\0MM", b"Exif\0\0MX").replace(b"Exif\0\0II", b"Exif\0\0IX")
    assert broken != picture
    assert clean(broken).position is None
