"""The body of a mail that leaves is, byte for byte, what the standard library writes."""

from __future__ import annotations

from collections.abc import Sequence
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from channels.smtp.mime_parts import File, body_of

_NAMES = st.one_of(
    st.sampled_from(("case.json", "photo.jpg", "a" * 30, "a" * 31, "b" * 90, ".x", "a b.txt")),
    st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Zl", "Zp")), min_size=1),
)
_TYPES = st.sampled_from(
    (
        "image/jpeg",
        "application/json",
        "application/vnd.oasis.opendocument.text",
        "text/plain",
        "message/rfc822",
        "multipart/mixed",
        "Image/JPEG",
        "x/" + "y" * 60,
        "audio/3gpp-tt",
    )
)
_TEXTS = st.one_of(
    st.text(st.characters(codec="utf-8"), max_size=400),
    st.text("aé= \t.\r\n\x0b\x0c\x85\u2028", max_size=400),
    st.integers(70, 160).map(lambda count: "x" * count + " "),
)


def by_the_library(text: str, html: str, files: Sequence[File], mark: str) -> bytes:
    """Write the same by `email.message`, as the house did before it wrote this itself."""
    body = EmailMessage(policy=SMTP.clone(cte_type="7bit"))
    body.set_content(text, subtype="plain", charset="utf-8", cte="quoted-printable")
    body.add_alternative(html, subtype="html", charset="utf-8", cte="quoted-printable")
    for name, media_type, content in files:
        main, _, sub = media_type.partition("/")
        body.add_attachment(content, maintype=main, subtype=sub, filename=name)
    for index, part in enumerate(body.walk()):
        if part.is_multipart():
            part.set_boundary(f"=={mark}.{index}==")
    return body.as_bytes()


@given(
    text=_TEXTS,
    html=_TEXTS,
    files=st.lists(st.tuples(_NAMES, _TYPES, st.binary(max_size=200)), max_size=3),
    mark=st.text("0123456789abcdef", min_size=1, max_size=40),
)
@example("", "", [], "a")
@example("é" * 90, "<p>" + "=" * 300, [("case.json", "application/json", b"{}")], "ab" * 20)
def test_the_bytes_are_those_of_the_library(
    text: str, html: str, files: list[File], mark: str
) -> None:
    assert body_of(text, html, files, mark) == by_the_library(text, html, files, mark)


def test_half_a_character_is_refused_as_by_the_library() -> None:
    for write in (body_of, by_the_library):
        with pytest.raises(UnicodeEncodeError):
            write("\ud800", "", (), "a")
