"""Mails that a provider posts: who may, and for whom they are."""

from __future__ import annotations

import base64

import pytest
from mail_laws import AT

from channels.email import EmailChannel, EmailSettings
from router.errors import InvalidSignature
from router.message import WebhookRequest
from router.tokens import REPLY, Signer
from router.tracking import from_bits

SECRET = "secret"
SIGNER = Signer({"a": b"key"}, "a")
TOKEN = SIGNER.sign(REPLY, from_bits(123456789), "email|x")
RAW = b"From: lea@citoyens.example\r\nSubject: Trou\r\n\r\nUn trou.\r\n"


def channel(secret: str = SECRET) -> EmailChannel:
    return EmailChannel(EmailSettings(webhook_secret=secret), "guichet@nantes.example", SIGNER)


def request(authorization: str, query: str = "") -> WebhookRequest:
    url = f"https://guichet.example/webhooks/email/guichet@nantes.example{query}"
    return WebhookRequest("POST", url, {"authorization": authorization}, RAW)


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.mark.parametrize(
    "given", ["Bearer secret", "bearer secret", basic("x", "secret"), basic("", "secret")]
)
def test_who_shows_the_secret_may_post(given: str) -> None:
    channel().verify(request(given))


@pytest.mark.parametrize(
    "given",
    ["", "secret", "Bearer", "Bearer ", "Bearer Secret", "Basic secret", "Basic é", basic("secret", ""),
     basic("x", "y"), "Digest secret", "Bearer \udcff"],
)  # fmt: skip
def test_nobody_else_may(given: str) -> None:
    with pytest.raises(InvalidSignature):
        channel().verify(request(given))


@pytest.mark.parametrize("given", ["", "Bearer ", "Bearer", basic("", "")])
def test_without_a_secret_nobody_may(given: str) -> None:
    with pytest.raises(InvalidSignature):
        channel("").verify(request(given))


def test_a_posted_mail_is_the_same_as_one_that_was_fetched() -> None:
    box = channel()
    (posted,) = box.open(request("Bearer secret", f"?to=guichet%2B{TOKEN}@nantes.example"), AT)
    assert posted.provider_id == box.envelope(RAW, AT).provider_id
    assert box.message(posted).thread.tokens == (TOKEN,)
    assert box.message(posted).text == "Un trou."
