"""Files of a case on their way to its service: what goes along, what is named, what is never told."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from typing import Any

import pytest

import channels.enclosures as partner_files
from channels.enclosures import enclose, files_of, told
from channels.partners.email import PartnerEmail, PartnerEmailSettings
from demo.mail import MailSimulator
from router.case import CaseFile
from router.delivery import Delivery, DeliveryKind, Sent
from router.errors import InvalidInput
from router.message import Address
from router.tokens import Signer

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
ACCOUNT = "guichet@nantes.example"


@dataclass
class Shelf:
    """Gives files by their reference: bytes, a refusal, or nothing for a long time."""

    known: dict[str, bytes] = field(default_factory=dict)
    limits: list[int] = field(default_factory=list)

    async def open_file(self, file: CaseFile, limit: int) -> bytes:
        self.limits.append(limit)
        if file.ref == "hang":
            await asyncio.Event().wait()
        if file.ref not in self.known:
            raise InvalidInput("gone")
        if len(self.known[file.ref]) > limit:
            raise InvalidInput(f"larger than {limit} bytes")
        return self.known[file.ref]


def photo(ref: str, size: int | None = None, name: str = "", kind: str = "image/jpeg") -> CaseFile:
    return CaseFile(7, ref, name or f"{ref}.jpg", kind, size)


async def test_files_go_along_while_there_is_room_and_the_others_are_named() -> None:
    shelf = Shelf({"a": b"x" * 60, "b": b"x" * 60, "c": b"x" * 40})
    enclosed = await enclose([photo("a"), photo("b", 60), photo("c"), photo("d")], shelf, 100)
    assert [name for name, _, _ in enclosed.files] == ["a.jpg", "c.jpg"]
    assert [file.name for file, _ in enclosed.missing] == ["b.jpg", "d.jpg"]
    assert shelf.limits == [100, 40, 0]  # what is known to be too large is not even asked for
    for name in ("a.jpg", "b.jpg", "c.jpg", "d.jpg"):
        assert name in told(enclosed, "")


async def test_a_silent_provider_costs_a_bounded_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partner_files, "_DEADLINE_S", 0.05)
    async with asyncio.timeout(2):
        enclosed = await enclose([photo("hang"), photo("hang", name="b.jpg")], Shelf(), 100)
    assert [file.name for file, _ in enclosed.missing] == ["hang.jpg", "b.jpg"]


async def test_no_more_than_ten_files_go_along() -> None:
    files = [photo(str(number)) for number in range(14)]
    enclosed = await enclose(files, Shelf({file.ref: b"x" for file in files}), 100)
    assert (len(enclosed.files), len(enclosed.missing)) == (10, 4)


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        ("image/png", "image/png"),
        ("Application/PDF", "application/pdf"),
        ("text/html", "application/octet-stream"),
        ("image/x\r\nBcc: all", "application/octet-stream"),
        ("", "application/octet-stream"),
        ("message/rfc822", "application/octet-stream"),
    ],
)
async def test_what_could_act_is_only_to_be_saved(kind: str, sent: str) -> None:
    enclosed = await enclose([photo("a", kind=kind)], Shelf({"a": b"x"}), 9)
    assert enclosed.files[0][1] == sent


@pytest.mark.parametrize("files", [None, "x", [1], [{"ref": "a"}], [{"inbound": "7"}], {}])
def test_a_misshapen_list_is_no_file(files: object) -> None:
    assert files_of({"files": files}) == ()


async def test_the_mail_carries_them_and_tells_nobody_where_they_lay() -> None:
    kept = [photo("https://api.twilio.com/secret", name="trou é\ud800.jpg"), photo("gone")]
    sheet: dict[str, Any] = {"number_printed": "7K4M-Q2XD-9TC", "text": "Un trou"}
    sheet["files"] = [asdict(file) for file in kept]
    delivery = Delivery(
        7, "ab" * 20, "lane", DeliveryKind.FORWARD,
        Address("partner_email", ACCOUNT, "voirie@metropole.example"), "Un trou", NOW,
        data=json.dumps(sheet), reply_token="a.token",
    )  # fmt: skip
    async with MailSimulator() as server:
        settings = PartnerEmailSettings(smtp_host="127.0.0.1", smtp_port=server.smtp_port)
        shelf = Shelf({kept[0].ref: b"\xff\xd8\xff jpeg"})
        signer = Signer({"a": b"key"}, "a")
        channel = PartnerEmail(settings, ACCOUNT, "https://guichet.example", signer, shelf)
        [part] = channel.render(delivery)
        assert isinstance(await channel.send(part, delivery.idem), Sent)
        [mail] = server.mailbox("voirie@metropole.example")
        await channel.close()
    message = message_from_bytes(mail.raw, policy=policy.default)
    found = {each.get_filename(): each.get_content() for each in message.iter_attachments()}
    assert found["trou é?.jpg"] == b"\xff\xd8\xff jpeg"
    assert "gone.jpg" in mail.text
    gone = f"https://guichet.example/p/a.token/fichier/{kept[1].key}"
    assert gone in mail.text
    assert b"twilio" not in mail.raw
    assert "twilio" not in str(found["case.json"])


@pytest.mark.parametrize(
    ("silence", "line"),
    [
        ({"means": "refused", "on": "2027-01-26"}, "refusée le 26/01/2027"),
        ({"means": "accepted", "on": "2027-01-26"}, "acceptée le 26/01/2027"),
        ({"means": "depends"}, ""),
        ("nonsense", ""),
    ],
)
def test_the_sheet_says_what_the_person_answered_and_when_silence_decides(
    silence: object, line: str
) -> None:
    sheet = {"silence": silence, "answers": [{"fact": "date", "text": "hier soir"}]}
    delivery = Delivery(
        7, "ab" * 20, "lane", DeliveryKind.FORWARD,
        Address("partner_email", ACCOUNT, "voirie@metropole.example"), "Un trou", NOW,
        data=json.dumps(sheet),
    )  # fmt: skip
    channel = PartnerEmail(
        PartnerEmailSettings(), ACCOUNT, "https://guichet.example", Signer({"a": b"key"}, "a")
    )
    [part] = channel.render(delivery)
    assert "Quand c'est arrivé : hier soir" in part.text
    assert ("Sans réponse :" in part.text) is bool(line)
    assert line in part.text
