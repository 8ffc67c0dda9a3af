"""Pictures are read by content, bounded, and lose what they hide."""

from __future__ import annotations

import io
import struct
import zlib

import pillow_heif
import pytest
from PIL import Image

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
