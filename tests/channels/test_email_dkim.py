"""Where no relay signs, mails leave with a signature that any reader can check (RFC 6376)."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from pydantic import ValidationError

from channels.email import EmailSettings
from channels.partners.email import PartnerEmailSettings
from channels.smtp.letter import Letter, written
from channels.smtp.relay import Relay
from channels.smtp.settings import SmtpSettings
from demo.mail import MailSimulator
from router.delivery import Sent

ACCOUNT = "guichet@nantes.example"
KEY = rsa.generate_private_key(65537, 2048)
LETTER = Letter(
    ACCOUNT,
    "Guichet de Nantes, été",
    "lea@citoyens.example",
    "Votre demande est reçue : rue de la Fosse, éclairage public éteint depuis trois jours",
    "Bonjour,\n\n.Une ligne qui commence par un point\nMerci  \n\n\n",
    "fr",
    "ab" * 20,
    refs=("<m0@citoyens.example>",),
    files=(("trou.jpg", "image/jpeg", bytes(range(256)) * 40),),
)


def pem(key: Any, form: PrivateFormat = PrivateFormat.PKCS8) -> bytes:
    written_: bytes = key.private_bytes(Encoding.PEM, form, NoEncryption())
    return written_


def dns(domain: str, selector: str) -> Any:
    """The zone of a domain that shows the other half of the key under one name."""
    shown = KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    record = b"v=DKIM1; k=rsa; p=" + base64.b64encode(shown)
    name = f"{selector}._domainkey.{domain}.".encode()
    return lambda asked, timeout=5: record if asked == name else None


async def sent(folder: Path, form: PrivateFormat = PrivateFormat.PKCS8, **given: Any) -> bytes:
    """Send the letter by real SMTP; gives the mail as its server took it."""
    file = folder / "dkim.pem"
    file.write_bytes(pem(KEY, form))
    async with MailSimulator() as server:
        settings = SmtpSettings(
            smtp_host="127.0.0.1", smtp_port=server.smtp_port,
            dkim_key_file=file, dkim_selector="guichet", **given,
        )  # fmt: skip
        relay = Relay(settings, ACCOUNT)
        mail = written(LETTER, "Thu, 26 Nov 2026 21:00:00 +0000")
        outcome = await relay.deliver(ACCOUNT, LETTER.recipient, mail, LETTER.message_id)
        relay.close()
        assert outcome == Sent((LETTER.message_id,))
        [arrived] = server.mailbox(LETTER.recipient)
    return arrived.raw


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
async def test_the_signature_of_a_mail_holds_where_it_arrives(
    tmp_path: Path, form: PrivateFormat
) -> None:
    raw = await sent(tmp_path, form)
    assert dkim.verify(raw, dnsfunc=dns("nantes.example", "guichet"))
    for changed in (
        raw.replace(b"trou.jpg", b"autre.js"),
        raw.replace(b"Subject: ", b"Subject: X"),
    ):
        assert changed != raw
        assert not dkim.verify(changed, dnsfunc=dns("nantes.example", "guichet"))


async def test_another_domain_may_sign(tmp_path: Path) -> None:
    raw = await sent(tmp_path, dkim_domain="envois.example")
    assert dkim.verify(raw, dnsfunc=dns("envois.example", "guichet"))


@pytest.mark.parametrize("settings", [SmtpSettings, EmailSettings, PartnerEmailSettings])
@pytest.mark.parametrize(
    ("content", "given", "said"),
    [
        (None, {"dkim_selector": "s"}, "ne peut pas être lue : ce chemin n'existe pas"),
        (b"", {"dkim_selector": "s"}, "n'est pas une clé privée RSA"),
        (
            b"-----BEGIN RSA PRIVATE KEY-----\nAAAA\n",
            {"dkim_selector": "s"},
            "n'est pas une clé privée RSA",
        ),
        (
            pem(ec.generate_private_key(ec.SECP256R1())),
            {"dkim_selector": "s"},
            "n'est pas une clé privée RSA",
        ),
        (pem(KEY), {}, "vont ensemble : donnez les deux"),
    ],
)
def test_a_key_that_cannot_sign_is_told_when_the_settings_are_read(
    tmp_path: Path, settings: type[SmtpSettings], content: bytes | None, given: Any, said: str
) -> None:
    file = tmp_path / "dkim.pem"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ValidationError, match=said.replace("(", r"\(").replace(")", r"\)")):
        settings(dkim_key_file=file, **given)
