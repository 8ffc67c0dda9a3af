"""What a mail becomes, however its sender's program, or an attacker, wrote it."""

from __future__ import annotations

import base64
import quopri
import struct
import sys
import tracemalloc
from pathlib import Path

import pytest
from compressed_rtf import compress
from mail_laws import AT, CHANNEL, holds_for, same_by_line_ends

from channels.email import EmailChannel, EmailSettings
from channels.email.markup import text_of_html
from channels.email.mime import MAX_HEADER, MAX_PARTS, leaves, opened
from router.message import Message, Trust
from router.tokens import REPLY, Signer
from router.tracking import from_bits

HEAD = (
    "From: Léa Martin <lea@citoyens.example>\nTo: guichet@nantes.example\nSubject: Trou\n"
    "Message-ID: <a@citoyens.example>\n"
)
PICTURE = b"\xff\xd8" + b"x" * 20_000
LOGO = b"\x89PNG" + b"x" * 300


def message(raw: bytes | str, recipient: str | None = None) -> Message:
    raw = raw.encode() if isinstance(raw, str) else raw
    return CHANNEL.message(CHANNEL.envelope(raw, AT, recipient))


def part(content: bytes, kind: str, disposition: str = "attachment", *more: str) -> str:
    lines = [f"Content-Type: {kind}", f"Content-Disposition: {disposition}", *more]
    lines += ["Content-Transfer-Encoding: base64", "", base64.encodebytes(content).decode()]
    return "\n".join(lines)


def several(*parts: str, kind: str = "mixed") -> str:
    lines = [f'{HEAD}Content-Type: multipart/{kind}; boundary="limite"\n']
    return "\n".join([*lines, *(f"--limite\n{each}" for each in parts), "--limite--\n"])


PLAIN = "Content-Type: text/plain; charset=utf-8\n\nUn trou rue Crébillon."


# --- who wrote -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "name", "address"),
    [
        ("From: Léa <lea@x.example>", "Léa", "lea@x.example"),
        ("From: lea@x.example (Léa)", "Léa", "lea@x.example"),
        ("From: Dupont, Jean <jean@x.example>", "Dupont, Jean", "jean@x.example"),
        ('From: "a@b" <jean@x.example>', "a@b", "jean@x.example"),
        ("From: =?utf-8?q?L=C3=A9a?= <lea@X.Example>", "Léa", "lea@x.example"),
        ("From: =?utf-8?b?TMOpYSA8bGVhQHguZXhhbXBsZT4=?=", "Léa", "lea@x.example"),
        ("From: nobody, jean@x.example, marie@y.example", "nobody", "jean@x.example"),
        ("From: undisclosed\nFrom: Jean <jean@x.example>", "Jean", "jean@x.example"),
        ("From: Jean\nReply-To: jean@x.example\nReturn-Path: <b@y.example>", "", "jean@x.example"),
        ("From: Jean\nReturn-Path: <jean@x.example>", "", "jean@x.example"),
        ("Return-Path: <jean@x.example>", "", "jean@x.example"),
        ("From: jean @ x.example", "", "jean@x.example"),
    ],
)
def test_the_sender_is_the_first_valid_address(head: str, name: str, address: str) -> None:
    read = message(f"{head}\nTo: guichet@nantes.example\n\nBonjour\n")
    assert (read.sender, read.address.value) == (address, address)
    assert read.sender_name == name or not name
    assert read.reachable


@pytest.mark.parametrize(
    "head", ["", "From: ", "From: Jean", "From: <>", "From: a@", "From: @b", "Return-Path: <>"]
)
def test_a_mail_of_nobody_is_read_and_cannot_be_answered(head: str) -> None:
    read = message(f"{head}\nSubject: Trou\nTo: guichet@nantes.example\n\nBonjour\n".lstrip("\n"))
    assert not read.reachable
    assert read.sender == ""
    assert read.text == "Bonjour"


# --- line ends and what servers put above --------------------------------------------------------

SHAPES = {
    "plain": HEAD + "\nUn trou rue Crébillon.\n\nIl est profond.\n",
    "multipart": several(PLAIN, part(PICTURE, 'image/jpeg; name="trou.jpg"')),
    "folded": HEAD + "References: <b@x.example>\n <c@x.example>\n\nBonjour\n",
    "quoted-printable": HEAD + "Content-Transfer-Encoding: quoted-printable\n\ncaf=C3=A9=\n noir\n",
}


@pytest.mark.parametrize("shape", SHAPES)
def test_the_same_mail_with_lf_crlf_and_cr_is_one(shape: str) -> None:
    same_by_line_ends(SHAPES[shape].encode())


@pytest.mark.parametrize("path", sorted((Path(__file__).parent / "mails").glob("*.eml")))
def test_every_mail_of_the_corpus_is_one_whatever_its_line_ends(path: Path) -> None:
    same_by_line_ends(path.read_bytes())


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("above", ["", "Return-Path: <lea@citoyens.example>\r\n"])
@pytest.mark.parametrize("mbox", ["", "From lea@citoyens.example Thu Nov 26 09:00:00 2026"])
def test_lines_of_servers_above_a_mail_change_nothing(end: str, above: str, mbox: str) -> None:
    mbox = mbox + end if mbox else ""
    raw = (above + mbox + (HEAD + "X-Odd: 1\n\nUn trou.\n").replace("\n", end)).encode()
    read = message(raw, "guichet+jeton@nantes.example")
    assert (read.sender, read.subject, read.text) == ("lea@citoyens.example", "Trou", "Un trou.")
    plain = CHANNEL.envelope((HEAD + "\nUn trou.\n").encode(), AT)
    assert read.provider_id == plain.provider_id


# --- text ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("charset", "raw"),
    [
        ("us-ascii", "très profond, œuf".encode("cp1252")),
        ("iso-8859-1", "très profond, œuf".encode("cp1252")),
        ("iso-8859-1", "très profond, œuf".encode()),
        ("utf-8", "très profond, œuf".encode("cp1252")),
        ("x-inconnu", "très profond, œuf".encode("cp1252")),
        ("x-inconnu", "très profond, œuf".encode()),
        ("", "très profond, œuf".encode()),
        ("iso-8859-15", "très profond, œuf".encode("iso-8859-15")),
        ("utf-16", "très profond, œuf".encode("utf-16")),
        ("unicode-1-1-utf-8", "très profond, œuf".encode()),
        ("utf8mb4", "très profond, œuf".encode()),
        ("unicode_escape", "très profond, œuf".encode()),
        ("macintosh", "très profond, œuf".encode("mac_roman")),
        ("cp-850", "très profond".encode("cp850")),
    ],
)
@pytest.mark.parametrize("coding", ["base64", "quoted-printable"])
def test_text_is_read_whatever_charset_it_claims(charset: str, raw: bytes, coding: str) -> None:
    content = base64.encodebytes(raw) if coding == "base64" else quopri.encodestring(raw)
    declared = f"; charset={charset}" if charset else ""
    head = f"{HEAD}Content-Type: text/plain{declared}\nContent-Transfer-Encoding: {coding}\n\n"
    text = message(head.encode() + content).text
    assert text in {"très profond, œuf", "très profond"}


@pytest.mark.parametrize("broken", ["Ã©", "\ufffd"])
def test_no_replacement_shows_where_a_letter_was_cut(broken: str) -> None:
    raw = (HEAD + "Content-Type: text/plain; charset=utf-8\n\n").encode()
    text = message(raw + "déjà".encode() * 30 + "é".encode()[:1]).text
    assert text.startswith("déjà" * 30)
    assert "Ã" not in text


def test_html_alone_is_read_as_it_is_seen() -> None:
    html = (
        "<html><head><style>p {color: red}</style><title>Sans titre</title></head><body>"
        "<p>Bonjour,</p><p>un&nbsp;<b>trou</b><br>rue Cr&eacute;billon &amp; alentour</p>"
        '<ul><li>profond</li><li>large</li></ul><div style="display:none">espion</div>'
        '<img src="https://suivi.example/p.gif"><script>alert(1)</script></body></html>'
    )
    read = message(f"{HEAD}Content-Type: text/html; charset=utf-8\n\n{html}\n")
    assert read.text == ("Bonjour,\n\nun trou\nrue Crébillon & alentour\n\n- profond\n- large")


def test_of_alternatives_the_plain_one_is_read_unless_it_says_nothing() -> None:
    html = "Content-Type: text/html\n\n<p>Un trou profond</p>"
    assert message(several(PLAIN, html, kind="alternative")).text == "Un trou rue Crébillon."
    dummy = "Content-Type: text/plain\n\nVotre messagerie ne supporte pas le HTML."
    assert message(several(dummy, html, kind="alternative")).text == "Un trou profond"


def test_flowed_lines_are_joined_and_quotations_kept_apart() -> None:
    text = "Un trou très \nprofond rue Scribe.\n> cité \n> encore\n-- \nLéa"
    head = f"{HEAD}Content-Type: text/plain; charset=utf-8; format=flowed\n\n"
    read = message(head + text)
    assert read.text == "Un trou très profond rue Scribe.\n> cité encore\n-- \nLéa"
    assert read.text_shown == "Un trou très profond rue Scribe."


def test_nul_and_lone_surrogates_are_gone() -> None:
    raw = HEAD.encode() + b"Content-Type: text/plain; charset=utf-16-le\n\n" + b"\x00\xd8a\x00"
    holds_for(raw)
    holds_for(HEAD.encode() + b"X: \x00\n\na\x00b\xed\xa0\x80c\n")


# --- files ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\\\..\\\\boot.ini", "boot.ini"),
        ("C:\\\\temp\\\\photo.jpg", "photo.jpg"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("\u2066photo\u2069.jpg", "photo.jpg"),
        ("..", "image.jpg"),
        ("", "image.jpg"),
        (" . ", "image.jpg"),
        ("/", "image.jpg"),
        ("=?utf-8?q?=C3=A9t=C3=A9.jpg?=", "été.jpg"),
        ("a" * 300 + ".jpg", "a" * 115 + ".jpg"),
        ("x\x00y.jpg", "xy.jpg"),
        ("e\u0301te\u0301.jpg", "été.jpg"),
    ],
)
def test_a_file_name_is_never_a_path_and_shows_as_it_reads(given: str, safe: str) -> None:
    read = message(several(PLAIN, part(PICTURE, "image/jpeg", f'attachment; filename="{given}"')))
    (file,) = read.attachments
    assert len(file.name) <= 120
    assert file.name == safe or (len(given) > 200 and file.name.endswith("a.jpg"))


def test_a_name_in_pieces_is_put_together() -> None:
    disposition = (
        "attachment; filename*0*=utf-8''t%C3%AAte; filename*1=\" de\"; filename*2*=%20rue.jpg"
    )
    (file,) = message(several(PLAIN, part(PICTURE, "image/jpeg", disposition))).attachments
    assert file.name == "tête de rue.jpg"


@pytest.mark.parametrize(
    ("content", "text", "kept"),
    [(LOGO, PLAIN, False), (PICTURE, PLAIN, True), (LOGO, "\n", True)],
)
def test_a_small_inline_picture_beside_text_is_a_logo(
    content: bytes, text: str, kept: bool
) -> None:
    picture = part(content, "image/png", "inline", "Content-ID: <logo>")
    assert bool(message(several(text, picture, kind="related")).attachments) is kept


def test_a_photo_without_a_word_is_a_message() -> None:
    head = HEAD.replace("Subject: Trou\n", "")
    lines = 'Content-Type: image/jpeg; name="trou.jpg"\nContent-Transfer-Encoding: base64\n'
    read = message(head + lines + "\n" + base64.encodebytes(PICTURE).decode())
    assert read.text == ""
    assert [(f.name, f.media_type, f.size) for f in read.attachments] == [
        ("trou.jpg", "image/jpeg", len(PICTURE))
    ]


async def test_the_bytes_of_a_file_come_back_as_they_were_sent() -> None:
    raw = several(PLAIN, part(PICTURE, "image/jpeg", 'attachment; filename="trou.jpg"')).encode()
    envelope = CHANNEL.envelope(raw, AT)
    (file,) = CHANNEL.message(envelope).attachments
    assert await CHANNEL.fetch_media(envelope, file, 10**6) == PICTURE


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("text/calendar; method=REQUEST", "invitation.ics"),
        ("application/pgp-signature", "signature.asc"),
        ("application/pkcs7-signature", "smime.p7s"),
        ("application/pkcs7-mime; smime-type=enveloped-data", "smime.p7m"),
    ],
)
def test_calendars_and_signed_parts_are_files(kind: str, name: str) -> None:
    read = message(several(PLAIN, part(b"x", kind, "inline")))
    assert [file.name for file in read.attachments] == [name]
    assert read.text == "Un trou rue Crébillon."


INNER = "From: Jean Dupont <jean@riverains.example>\nSubject: Nid de poule\n\nUn nid rue Scribe."


@pytest.mark.parametrize("words", ["Pour traitement", ""])
def test_of_a_mail_attached_to_a_mail_the_original_sender_is_offered(words: str) -> None:
    inner = f"Content-Type: message/rfc822\n\n{INNER}"
    read = message(several(f"Content-Type: text/plain\n\n{words}", inner))
    assert read.text == (words or "Un nid rue Scribe.")
    assert read.origin == "Jean Dupont <jean@riverains.example>"
    assert [file.name for file in read.attachments] == ["Nid de poule.eml"]
    assert read.sender == "lea@citoyens.example"


def test_of_a_forwarded_mail_the_original_sender_is_offered() -> None:
    mails = Path(__file__).parent / "mails"
    read = message((mails / "gmail-transfert.eml").read_bytes())
    assert read.origin == "Jean Dupont <jean@riverains.example>"
    assert message((mails / "outlook-desktop.eml").read_bytes()).origin == ""


def tnef(*attributes: tuple[int, bytes]) -> bytes:
    raw = struct.pack("<IH", 0x223E9F78, 1)
    for name, value in attributes:
        raw += (
            struct.pack("<BII", 2, name, len(value)) + value + struct.pack("<H", sum(value) % 65536)
        )
    return raw


def test_winmail_dat_is_opened() -> None:
    raw = tnef(
        (0x0002800C, "Un trou très profond\x00".encode("cp1252")),
        (0x00069002, b"\x00" * 14),
        (0x00018010, b"trou.jpg\x00"),
        (0x0006800F, PICTURE),
    )
    read = message(several("\n", part(raw, "application/ms-tnef; name=winmail.dat")))
    assert read.text == "Un trou très profond"
    photo, whole = read.attachments
    assert (photo.name, photo.media_type, photo.size) == ("trou.jpg", "image/jpeg", len(PICTURE))
    assert whole.name == "winmail.dat"


RTF = (
    rb"{\rtf1\ansi\ansicpg1252\fromtext\deff0{\fonttbl{\f0 Arial;}}\uc1\pard\f0 Un trou tr\'e8s"
    rb" profond\par rue Cr\u233?billon.\par}"
)


@pytest.mark.parametrize("damage", [0, 30])
def test_a_letter_that_outlook_wrote_as_rich_text_is_read(damage: int) -> None:
    packed = compress(RTF)
    packed = packed[: len(packed) - damage]
    value = struct.pack("<IHHII", 1, 0x102, 0x1009, 1, len(packed)) + packed
    value += b"\x00" * (-len(packed) % 4)
    raw = tnef((0x00069003, value))
    read = message(several("\n", part(raw, "application/ms-tnef; name=winmail.dat")))
    assert read.text == ("" if damage else "Un trou très profond\nrue Crébillon.")


@pytest.mark.parametrize("cut", [1, 6, 7, 14, 15, 16, 40, 60])
def test_half_a_winmail_dat_stops_nothing(cut: int) -> None:
    raw = tnef((0x0002800C, b"abc\x00"), (0x00069003, struct.pack("<IHHI", 9, 0x1E, 0x1000, 10**9)))
    holds_for(several("\n", part(raw[:cut], "application/ms-tnef; name=winmail.dat")).encode())


# --- limits --------------------------------------------------------------------------------------


def _nested(depth: int) -> str:
    """Give a mail whose words lie in so many containers."""
    return (
        HEAD
        + "".join(
            f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(depth)
        )
        + f"{PLAIN}\n"
        + "".join(f"--b{n}--\n" for n in reversed(range(depth)))
    )


FLAT = several(*["\nx"] * 10_000)
NESTED = HEAD + "".join(
    f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(1000)
)
MAILS_IN_MAILS = HEAD + "Content-Type: message/rfc822\n\n" * 1000


@pytest.mark.parametrize(("size", "listed"), [(9_999, False), (10_000, True)])
def test_a_picture_inside_a_text_counts_from_ten_kilobytes_on(size: int, listed: bool) -> None:
    picture = part(b"\x89PNG".ljust(size, b"x"), "image/png", "inline", "Content-ID: <logo>")
    assert bool(message(several(PLAIN, picture)).attachments) is listed


@pytest.mark.parametrize("evil", [FLAT, NESTED, MAILS_IN_MAILS], ids=["flat", "nested", "mails"])
def test_parts_without_end_are_read_so_far_and_no_further(evil: str) -> None:
    holds_for(evil.encode())
    assert len(leaves(*opened(evil.encode())).parts) <= MAX_PARTS


@pytest.mark.parametrize(
    ("evil", "said"),
    [
        (several(*["Content-Type: image/jpeg; name=x.jpg\n\nx"] * 500, PLAIN), True),
        (several(*["Content-Type: image/jpeg; name=x.jpg\n\nx"] * 499, PLAIN), False),
        (_nested(51), True),
        (_nested(50), False),
        (several(part(_nested(51).encode(), "message/rfc822")), True),
    ],
    ids=["501 parts", "500 parts", "51 deep", "50 deep", "51 deep in a mail"],
)
def test_what_lies_behind_500_parts_or_below_depth_50_is_said_to_be_unread(
    evil: str, said: bool
) -> None:
    read = message(evil)
    assert ([file.name for file in read.attachments][-1:] == ["parties non lues"]) is said
    assert bool(read.doubts) is said
    assert said or "Un trou" in read.text


def test_headers_without_end_are_read_so_far_and_no_further() -> None:
    raw = HEAD.encode() + b"X-Long: " + b"a" * 10_000_000 + b"\n\nUn trou.\n"
    tracemalloc.start()
    headers, _ = opened(raw)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sum(len(value) for _, value in headers.lines) <= MAX_HEADER
    assert peak < 3 * len(raw)


@pytest.mark.parametrize("forged", ["X-Guichet-Truncated: 9000000", "x-guichet-truncated:7"])
@pytest.mark.parametrize("recipient", [None, "guichet@nantes.example"])
@pytest.mark.parametrize("first", [True, False])
def test_a_sender_cannot_say_that_we_kept_only_a_part_of_his_mail(
    forged: str, recipient: str | None, first: bool
) -> None:
    whole = several(PLAIN, part(PICTURE, 'image/jpeg; name="trou.jpg"'))
    raw = f"{forged}\n{whole}" if first else whole.replace("\n", f"\n{forged}\n", 1)
    plain, read = message(whole, recipient), message(raw, recipient)
    assert [file.name for file in read.attachments] == ["trou.jpg"]
    assert (read.text, read.attachments) == (plain.text, plain.attachments)


def test_what_we_did_cut_is_told_whatever_the_sender_says_of_it() -> None:
    small = EmailChannel(
        EmailSettings(largest_mail=100_000), "guichet@nantes.example", Signer({"a": b"k"}, "a")
    )
    raw = "X-Guichet-Truncated: 0\n" + several(PLAIN, part(b"x" * 3_000_000, "image/jpeg"))
    read = small.message(small.envelope(raw.encode(), AT))
    assert [file.name for file in read.attachments] == ["pièce trop grande (4 Mo)"]


def test_of_a_mail_too_large_the_beginning_is_kept_and_said() -> None:
    channel = EmailChannel(
        EmailSettings(largest_mail=100_000), "guichet@nantes.example", Signer({"a": b"k"}, "a")
    )
    raw = several(PLAIN, part(b"x" * 3_000_000, "image/jpeg", "attachment; filename=grand.jpg"))
    envelope = channel.envelope(raw.encode(), AT)
    read = channel.message(envelope)
    assert len(envelope.payload) < 70_000
    assert read.text == "Un trou rue Crébillon."
    assert read.attachments[-1].name == "pièce trop grande (4 Mo)"


def test_of_a_mail_too_large_the_header_and_64_kib_are_kept() -> None:
    channel = EmailChannel(
        EmailSettings(largest_mail=100_000), "guichet@nantes.example", Signer({"a": b"k"}, "a")
    )
    raw = f"{HEAD}\n".encode() + b"x" * 200_000
    kept = channel.envelope(raw, AT).payload
    assert kept.partition(b"\n\n")[2] == b"x" * 65_536


def test_a_photo_that_is_cut_off_is_not_listed_as_if_it_were_whole() -> None:
    channel = EmailChannel(
        EmailSettings(largest_mail=100_000), "guichet@nantes.example", Signer({"a": b"k"}, "a")
    )
    small = part(PICTURE, "image/jpeg", "attachment; filename=petit.jpg")
    large = part(b"x" * 3_000_000, "image/jpeg", "attachment; filename=grand.jpg")
    read = channel.message(channel.envelope(several(PLAIN, small, large).encode(), AT))
    assert [file.name for file in read.attachments] == ["petit.jpg", "pièce trop grande (4 Mo)"]
    assert read.text == "Un trou rue Crébillon."


async def test_a_photo_of_25_mib_arrives_whole() -> None:
    photo = b"\xff\xd8\xff" + bytes(range(256)) * (25 * 1024 * 4)
    photo = photo[: 25 * 1024 * 1024]
    raw = several(PLAIN, part(photo, "image/jpeg", "attachment; filename=grand.jpg"))
    channel = EmailChannel(EmailSettings(), "guichet@nantes.example", Signer({"a": b"k"}, "a"))
    envelope = channel.envelope(raw.replace("\n", "\r\n").encode(), AT)
    [file] = channel.message(envelope).attachments
    assert (file.name, file.size) == ("grand.jpg", 26_214_400)
    assert await channel.fetch_media(envelope, file, 30_000_000) == photo


# --- trust and threads ---------------------------------------------------------------------------

SIGNER = Signer({"a": b"key"}, "a")
TOKEN = SIGNER.sign(REPLY, from_bits(123456789), "email|x")


def test_a_token_of_ours_is_found_and_a_forged_one_is_not() -> None:
    for token, known in ((TOKEN, (TOKEN,)), (TOKEN[:-1] + "2", ()), ("case.abc", ())):
        raw = f"From: lea@x.example\nTo: guichet+{token}@nantes.example\n\nOui\n"
        assert message(raw).thread.tokens == known
        assert message(f"{HEAD}\nOui\n", f"guichet+{token}@nantes.example").thread.tokens == known


def test_earlier_mails_are_named_from_the_last_to_the_first() -> None:
    head = "In-Reply-To: <3@x.example>\nReferences: <1@x.example>\n <2@x.example> <3@x.example>\n"
    refs = message(f"{HEAD}{head}\nOui\n").thread.refs
    assert refs == ("<3@x.example>", "<2@x.example>", "<1@x.example>")


RESULT = "Authentication-Results: {server}; dmarc={verdict} header.from=citoyens.example\n"


@pytest.mark.parametrize(
    ("above", "trust"),
    [
        (RESULT.format(server="mx.nantes.example", verdict="pass"), Trust.VERIFIED),
        (RESULT.format(server="mx.nantes.example", verdict="fail"), Trust.FAILED),
        (RESULT.format(server="evil.example", verdict="pass"), Trust.UNVERIFIED),
        (
            RESULT.format(server="mx.nantes.example", verdict="fail")
            + RESULT.format(server="mx.nantes.example", verdict="pass"),
            Trust.FAILED,
        ),
        (RESULT.format(server="evil.example (mx.nantes.example)", verdict="pass"), Trust.UNVERIFIED),
        ("Authentication-Results: mx.nantes.example; dkim=pass header.d=evil.example\n",
         Trust.UNVERIFIED),
    ],
)  # fmt: skip
def test_only_our_own_servers_word_counts_and_its_topmost(above: str, trust: Trust) -> None:
    settings = EmailSettings(trusted_authserv_ids=("mx.nantes.example",))
    channel = EmailChannel(settings, "guichet@nantes.example", SIGNER)
    raw = f"{above}{HEAD}\nUn trou\n".encode()
    assert channel.message(channel.envelope(raw, AT)).trust is trust


def lines_run(html: str) -> int:
    """Count the lines of our code that a page takes."""
    count = 0

    def tracing(_frame: object, event: str, _argument: object) -> object:
        nonlocal count
        count += event == "line"
        return tracing

    before = sys.gettrace()
    sys.settrace(tracing)
    try:
        text_of_html(html)
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize(
    "evil",
    ['<p style="display:none">', "<style>", "<svg>", "<x{n} style='display:none'>", "<!--", "<a '",
     "<", "&#", "<pre>\n", "<blockquote>", "</p", '<a ">', "<title><b>"],
)  # fmt: skip
def test_twice_the_page_takes_at_most_about_twice_the_lines(evil: str) -> None:
    """Half a megabyte of hidden elements that never end once took more than half a minute."""
    once, twice = (
        lines_run("".join(evil.replace("{n}", str(n)) for n in range(count)))
        for count in (500, 1000)
    )
    assert twice <= 2.2 * once + 500


def test_of_hundreds_of_attached_mails_all_are_files_and_some_are_read() -> None:
    inner = f"Content-Type: message/rfc822\n\n{INNER}"
    read = message(several("\n", *[inner] * 400))
    assert len(read.attachments) == 400
    assert read.text.count("Un nid rue Scribe.") == 5


@pytest.mark.parametrize(
    "evil",
    [
        "Content-Type: text/plain; format=flowed\n\n" + "a \n" * 1_000_000,
        "Content-Type: text/html\n\n" + "<p style='display:none'>" * 60_000,
        "Content-Type: text/plain; charset=utf-8" + "; a*0*=x" * 2_000 + "\n\nx",
        "X: y\n" + " z\n" * 200_000 + "\nx",
        "\n" + "> a\n" * 500_000,
    ],
    ids=["flowed", "hidden", "parameters", "folded", "quoted"],
)
def test_megabytes_of_one_trick_are_read_like_any_other_mail(evil: str) -> None:
    """Each would take minutes if the time grew with the square of the length."""
    assert message(HEAD + evil).sender == "lea@citoyens.example"
