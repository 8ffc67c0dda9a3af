"""STOP and START by mail: in the words, in the subject, and nowhere else."""

from __future__ import annotations

import pytest
from mail_laws import AT, CHANNEL

from channels.email import EmailChannel, EmailSettings
from router.events import InboundEvent, MessageReceived, OptedOutOf
from router.message import Address
from router.tokens import PARTNER, REPLY, Signer
from router.tracking import from_bits

LEA = Address("email", "guichet@nantes.example", "lea@citoyens.example")
QUOTED = "\n\nLe 24 nov. 2026, Guichet <guichet@nantes.example> a écrit :\n> Votre demande\n"
ANSWER = "In-Reply-To: <x@nantes.example>\n"


def mail(subject: str, body: str, head: str = "") -> bytes:
    return (
        "From: Léa Martin <lea@citoyens.example>\nTo: guichet@nantes.example\n"
        f"Subject: {subject}\nMessage-ID: <a@citoyens.example>\n{head}"
        f"Content-Type: text/plain; charset=utf-8\n\n{body}"
    ).encode()


def event(
    raw: bytes, channel: EmailChannel = CHANNEL, recipient: str | None = None
) -> InboundEvent:
    [found] = channel.receive(channel.envelope(raw, AT, recipient))
    return found


@pytest.mark.parametrize(
    ("subject", "body", "head"),
    [
        ("Stop", "", ""),
        ("STOP", "stop", ""),
        ("unsubscribe", "unsubscribe", ""),
        ("", "Arrêt", ""),
        ("Arret", "", ""),
        ("Désinscription", "Bonjour, merci de ne plus m'écrire.\nCordialement,\nLéa Martin", ""),
        ("Re: Votre demande", "stop", ""),
        ("Re: Votre demande", f"Ne m'écrivez plus svp{QUOTED}", ANSWER),
        ("Votre demande", f"Please stop emailing me{QUOTED}", ANSWER),
    ],
)
def test_a_mail_that_says_only_that_opts_its_address_out(
    subject: str, body: str, head: str
) -> None:
    found = event(mail(subject, body, head))
    assert isinstance(found, OptedOutOf)
    assert (found.address, found.back_in, found.confirmed) == (LEA, False, False)


def test_start_takes_it_back() -> None:
    found = event(mail("Re: C'est noté", f"START{QUOTED}", ANSWER))
    assert isinstance(found, OptedOutOf)
    assert found.back_in


@pytest.mark.parametrize(
    ("subject", "body", "head"),
    [
        ("Lampadaire rue Scribe", "stop", ""),
        ("Stop", "Il y a un trou rue Scribe", ""),
        ("Stop aux poubelles", "", ""),
        ("Re: Votre demande", f"Cancel{QUOTED}", ANSWER),
        ("Re: Votre demande", f"Ne m'écrivez plus à l'ancienne adresse{QUOTED}", ANSWER),
        ("Re: Votre demande", f"Merci{QUOTED}\n> stop\n", ANSWER),
        ("Stop", "stop", "Auto-Submitted: auto-replied\n"),
        ("Stop", "", "List-Id: <voisins.example>\nPrecedence: list\n"),
    ],
)
def test_a_mail_that_says_anything_else_is_a_message(subject: str, body: str, head: str) -> None:
    assert isinstance(event(mail(subject, body, head)), MessageReceived)


@pytest.mark.parametrize(("kind", "read_as"), [(PARTNER, MessageReceived), (REPLY, OptedOutOf)])
def test_an_answer_of_a_service_wishes_nothing(kind: str, read_as: type) -> None:
    signer = Signer({"a": b"key"}, "a")
    channel = EmailChannel(EmailSettings(), "guichet@nantes.example", signer)
    to = f"guichet+{signer.sign(kind, from_bits(7), 'voirie')}@nantes.example"
    raw = mail("Re: demande", "stop").replace(b"To: guichet@nantes.example", f"To: {to}".encode())
    assert isinstance(event(raw, channel), read_as)


def test_a_forged_sender_wishes_nothing() -> None:
    trusting = EmailSettings(trusted_authserv_ids=["mx.nantes.example"])
    channel = EmailChannel(trusting, "guichet@nantes.example", Signer({"a": b"key"}, "a"))
    failed = "Authentication-Results: mx.nantes.example; dmarc=fail header.from=citoyens.example\n"
    raw = failed.encode() + mail("Stop", "stop")
    assert isinstance(event(raw, channel), MessageReceived)
