"""Mailboxes that no password opens any more: tokens from a provider, against a real Dovecot."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from urllib.parse import parse_qs

import pytest
from post_office import KEY, PostOffice, access_token
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from channels.email import EmailChannel, EmailSettings
from channels.smtp.oauth import TokenSource
from channels.smtp.relay import Relay
from channels.smtp.settings import SmtpSettings
from demo.server import LoopbackServer
from router.delivery import Retry, Sent
from router.tokens import Signer


def now() -> datetime:
    return datetime(2026, 11, 26, 9, 0, tzinfo=UTC)


class Provider:
    """Gives tokens; ``answer`` makes the next one from what was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        self.answer: Callable[[], Response] = lambda: JSONResponse(
            {"access_token": f"jeton-{len(self.asked)}", "expires_in": 3600}
        )
        self.http = LoopbackServer([Route("/token", self._token, methods=["POST"])], 0)

    @property
    def url(self) -> str:
        return f"{self.http.url}/token"

    async def _token(self, request: Request) -> Response:
        form = parse_qs((await request.body()).decode())
        self.asked.append({name: values[0] for name, values in form.items()})
        return self.answer()


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    made = Provider()
    await made.http.start()
    yield made
    await made.http.stop()


def settings(provider: Provider, **more: str) -> SmtpSettings:
    return SmtpSettings(
        oauth_token_url=provider.url, oauth_client_id="guichet", oauth_client_secret="s", **more
    )


async def test_the_program_s_own_right_is_asked_for_without_a_person(provider: Provider) -> None:
    source = TokenSource(settings(provider, oauth_scope="https://outlook.example/.default"))
    assert await source.token() == "jeton-1"
    assert provider.asked == [
        {
            "client_id": "guichet",
            "client_secret": "s",
            "scope": "https://outlook.example/.default",
            "grant_type": "client_credentials",
        }
    ]


async def test_a_person_s_consent_is_used_where_there_is_one(provider: Provider) -> None:
    await TokenSource(settings(provider, oauth_refresh_token="r")).token()
    assert provider.asked[0]["grant_type"] == "refresh_token"
    assert provider.asked[0]["refresh_token"] == "r"


async def test_a_token_is_renewed_when_four_fifths_of_its_life_are_over(
    provider: Provider,
) -> None:
    moments = iter([0.0, 2879.0, 2881.0])
    source = TokenSource(settings(provider), lambda: next(moments))
    assert [await source.token() for _ in range(3)] == ["jeton-1", "jeton-1", "jeton-2"]


async def test_many_who_want_a_token_ask_once(provider: Provider) -> None:
    source = TokenSource(settings(provider))
    tokens = await asyncio.gather(*(source.token() for _ in range(20)))
    assert set(tokens) == {"jeton-1"}
    assert len(provider.asked) == 1


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (lambda: JSONResponse({"error": "invalid_client"}, 401), PermissionError),
        (lambda: JSONResponse({"error": "invalid_grant"}, 400), PermissionError),
        (lambda: JSONResponse({}, 503), ConnectionError),
        (lambda: JSONResponse({}), ConnectionError),
        (lambda: JSONResponse([]), ConnectionError),
        (lambda: Response("<html>"), ConnectionError),
    ],
)
async def test_without_a_token_nothing_is_hidden_and_no_secret_told(
    provider: Provider, answer: Callable[[], Response], expected: type[Exception]
) -> None:
    provider.answer = answer
    with pytest.raises(expected) as caught:
        await TokenSource(settings(provider, oauth_refresh_token="tres-secret")).token()
    assert "tres-secret" not in repr(caught.value)


@pytest.fixture
async def box(office: PostOffice, provider: Provider) -> AsyncIterator[EmailChannel]:
    address = office.new_mailbox()
    office.put(address, f"From: lea@citoyens.example\nTo: {address}\n\nUn trou.\n".encode())
    given = {"imap_host": "127.0.0.1", "imap_port": office.imap_port, "imap_tls": False}
    given |= {"imap_wait_s": 0.1, "oauth_token_url": provider.url, "imap_timeout_s": 10}
    channel = EmailChannel(EmailSettings(**given), address, Signer({"a": b"key"}, "a"))
    yield channel
    await channel.close()


async def test_a_mailbox_is_read_by_token(box: EmailChannel, provider: Provider) -> None:
    provider.answer = lambda: JSONResponse(
        {"access_token": access_token(box.account), "expires_in": 3600}
    )
    pulled = await box.pull("", now)
    assert len(pulled.envelopes) == 1
    await box.settle(pulled)
    assert (await box.pull(pulled.cursor, now)).envelopes == ()


async def test_a_token_that_the_server_refuses_is_told_at_once_and_not_used_again(
    box: EmailChannel, provider: Provider
) -> None:
    forged = access_token(box.account, b"une autre clef")
    provider.answer = lambda: JSONResponse({"access_token": forged, "expires_in": 3600})
    async with asyncio.timeout(8):  # the library alone would wait for its time-out of 10 s
        with pytest.raises(PermissionError):
            await box.pull("", now)
    assert "jeton OAuth 2" in box._inbox.trouble
    box._inbox._refused_until = 0.0  # the pause is over
    provider.answer = lambda: JSONResponse({"access_token": access_token(box.account)})
    assert len((await box.pull("", now)).envelopes) == 1


async def test_a_check_does_not_use_a_refused_token_again(
    box: EmailChannel, provider: Provider
) -> None:
    forged = access_token(box.account, b"une autre clef")
    provider.answer = lambda: JSONResponse({"access_token": forged, "expires_in": 3600})
    assert "refuse notre jeton OAuth 2" in await box._inbox.check()
    provider.answer = lambda: JSONResponse({"access_token": access_token(box.account)})
    assert await box._inbox.check() == ""


@pytest.mark.parametrize(("key", "outcome"), [(KEY, Sent), (b"une autre clef", Retry)])
async def test_mail_leaves_by_token(
    office: PostOffice, provider: Provider, key: bytes, outcome: type
) -> None:
    address = office.new_mailbox()
    provider.answer = lambda: JSONResponse({"access_token": access_token(address, key)})
    relay = Relay(
        SmtpSettings(
            smtp_host="127.0.0.1",
            smtp_port=office.smtp_port,
            smtp_user=address,
            oauth_token_url=provider.url,
        ),
        address,
    )
    mail = b"Subject: Bonjour\r\n\r\nBonjour\r\n"
    sent = [await relay.deliver(address, "oa@citoyens.example", mail, "<1@x>") for _ in range(2)]
    relay.close()
    assert [type(each) for each in sent] == [outcome, outcome]
    assert len(provider.asked) == (1 if outcome is Sent else 2)  # a refused token is not kept


async def test_a_provider_that_is_away_is_waited_for(office: PostOffice) -> None:
    given = {"smtp_host": "127.0.0.1", "smtp_port": office.smtp_port, "smtp_user": "a@b.example"}
    relay = Relay(SmtpSettings(**given, oauth_token_url="http://127.0.0.1:1/token"), "a@b.example")
    outcome = await relay.deliver("a@b.example", "c@citoyens.example", b"x", "<1@x>")
    assert isinstance(outcome, Retry)
    assert "le serveur des jetons ne répond pas à 127.0.0.1:1" in outcome.reason
