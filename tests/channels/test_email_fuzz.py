"""No bytes whatsoever stop the reader of mails, or make it give what cannot be stored."""

from __future__ import annotations

import base64
import random
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from mail_laws import AT, CHANNEL, holds_for, same_by_line_ends

from channels.email.markup import text_of_html
from channels.email.tnef import read as read_tnef

FRAGMENTS = [
    b"From: ", b"Lea <lea@x.example>", b"To: guichet+a@nantes.example", b"Subject: ", b"\n", b"\n\n",
    b"\r\n", b"\r", b"Message-ID: <", b"a@b>", b"=?utf-8?b?", b"=?iso-2022-jp?q?=1B", b"?=",
    b"Content-Type: ", b"multipart/mixed; boundary=b", b"multipart/digest; boundary=b", b"\n--b\n",
    b"\n--b--\n", b"text/html; charset=", b"utf-7", b"utf-16", b"idna", b"message/rfc822",
    b"message/delivery-status", b"message/feedback-report", b"message/disposition-notification",
    b"Content-Transfer-Encoding: ", b"base64", b"quoted-printable", b"x-uuencode", b"=3D=\n",
    b"Content-Disposition: attachment; filename=", b"filename*0*=utf-8''%FF", b"; filename*1=",
    b"winmail.dat", b"\x78\x9f\x3e\x22\x01\x00", b"> ", b"<blockquote>", b"</", b"<!--", b"&#0;",
    b"&#xD800;", b"Status: 5.1.1", b"Action: failed", b"Final-Recipient: rfc822; a@b.example",
    b"Original-Message-ID: <", b"Return-Path: <>", b"Auto-Submitted: ", b"From a@b\n", b"format=flowed",
    "Le 26/11/2026 à 09:12, X a écrit :".encode(), "à".encode("latin-1"), b"\x00", b"\xff\xfe",
    b"guichet+b-00@nantes.example", b"Date: ", b"Thu, 99 Nov 9999 25:61:00 +9999",
]  # fmt: skip
MAILS = st.lists(st.sampled_from(FRAGMENTS) | st.binary(max_size=12), max_size=40).map(b"".join)


@settings(max_examples=300, deadline=None)
@given(MAILS)
def test_whatever_arrives_is_read_or_kept_for_an_agent(raw: bytes) -> None:
    holds_for(raw)


@settings(max_examples=150, deadline=None)
@given(MAILS)
def test_whatever_follows_a_usable_header_is_a_message(rest: bytes) -> None:
    holds_for(b"From: lea@x.example\nContent-Type: multipart/mixed; boundary=b\n" + rest)


CORPUS = [path.read_bytes() for path in sorted((Path(__file__).parent / "mails").glob("*.eml"))]


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(CORPUS), st.randoms(use_true_random=False), st.integers(1, 8))
def test_real_mails_with_errors_in_them_are_read(
    raw: bytes, chance: random.Random, errors: int
) -> None:
    spoilt = bytearray(raw)
    for _ in range(errors):
        at = chance.randrange(len(spoilt))
        spoilt[at : at + chance.randrange(4)] = chance.choice(FRAGMENTS)
    holds_for(bytes(spoilt))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60), max_size=20))
def test_a_text_comes_through_as_it_was_written_whatever_the_line_ends(lines: list[str]) -> None:
    text = "\n".join(line.strip().removeprefix("From ") for line in lines).strip("\n")
    head = b"From: lea@x.example\nContent-Type: text/plain; charset=utf-8\n"
    coded = b"Content-Transfer-Encoding: base64\n\n" + base64.encodebytes(text.encode())
    read = CHANNEL.message(CHANNEL.envelope(head + coded, AT)).text
    assert "".join(read.split()) == "".join(text.replace("\ufeff", "").split()) or "<" in text
    same_by_line_ends(head + b"\n" + text.encode())


@settings(deadline=None)
@given(st.text(st.sampled_from("<>/!-ab \"'=&;\n#x0") | st.characters(), max_size=300))
def test_any_markup_becomes_text(html: str) -> None:
    text = text_of_html(html)
    assert len(text) <= 3 * len(html) + 100


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_any_winmail_dat_is_opened_as_far_as_it_goes(data: bytes) -> None:
    letter = read_tnef(b"\x78\x9f\x3e\x22\x01\x00" + data)
    assert sum(len(content) for _, content in letter.files) <= len(data) * 200
