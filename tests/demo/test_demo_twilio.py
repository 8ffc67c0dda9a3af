"""The Twilio simulator, driven by Twilio's own library."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
from aiohttp import ClientConnectionError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from twilio.base.exceptions import TwilioRestException
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.request_validator import RequestValidator, get_signature_algorithm
from twilio.rest import Client

from demo.server import LoopbackServer
from demo.twilio import TwilioSimulator

# the vendor's library uses parts of aiohttp that are going away
pytestmark = [
    pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The 'auth' parameter is deprecated:DeprecationWarning"),
]

CITIZEN, COUNTER = "+33612345678", "+33756000044"


class _Redirected(AsyncTwilioHttpClient):
    def __init__(self, base_url: str) -> None:
        super().__init__()
        self._base_url = base_url

    async def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        url = url.replace("https://api.twilio.com", self._base_url)
        return await super().request(method, url, *args, **kwargs)


@asynccontextmanager
async def vendor_client(simulator: TwilioSimulator, token: str = "") -> AsyncIterator[Client]:
    async with _Redirected(simulator.base_url) as http:
        token = token or simulator.auth_token
        yield Client(simulator.account_sid, token, http_client=http)


class Product:
    """Stands for the product: keeps the webhooks that it is sent."""

    def __init__(self, port: int = 0) -> None:
        self.posts: list[tuple[str, dict[str, str], str]] = []
        self.settings: list[str | None] = []
        self.refusals = 0
        self.http = LoopbackServer([Route("/{path:path}", self._take, methods=["POST"])], port)

    async def _take(self, request: Request) -> Response:
        if self.refusals:
            self.refusals -= 1
            return Response(status_code=503)
        form = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
        self.settings.append(request.headers.get("x-twilio-webhooks-signature-settings"))
        self.posts.append((str(request.url), form, request.headers["x-twilio-signature"]))
        return Response("<Response/>", media_type="text/xml")

    def valid(self, token: str) -> bool:
        check = RequestValidator(token).validate
        return all(
            check(url, form, signature, get_signature_algorithm(settings))
            for (url, form, signature), settings in zip(self.posts, self.settings, strict=True)
        )


@pytest.fixture
async def product() -> AsyncIterator[Product]:
    product = Product()
    await product.http.start()
    yield product
    await product.http.stop()


@pytest.fixture
async def twilio() -> AsyncIterator[TwilioSimulator]:
    async with TwilioSimulator() as simulator:
        yield simulator


async def test_a_sent_message_reaches_the_phone_and_its_statuses_are_signed(
    twilio: TwilioSimulator, product: Product
) -> None:
    async with vendor_client(twilio) as client:
        sent = await client.messages.create_async(
            from_=COUNTER,
            to=CITIZEN,
            body="Bonjour, c’est noté.",
            status_callback=f"{product.http.url}/sms/status?delivery=7",
        )
        assert (sent.status, sent.direction, sent.num_segments) == ("queued", "outbound-api", "1")
        await twilio.until_quiet()
        fetched = await client.messages(sent.sid).fetch_async()
        found = await client.messages.list_async(to=CITIZEN, from_=COUNTER)
    assert fetched.status == "delivered"
    assert [m.sid for m in found] == [sent.sid]
    assert [form["MessageStatus"] for _, form, _ in product.posts] == [
        "queued",
        "sent",
        "delivered",
    ]
    assert product.valid(twilio.auth_token)
    assert not product.valid("another token")
    assert [sms.body for sms in twilio.sent_to(CITIZEN)] == ["Bonjour, c’est noté."]


async def test_a_citizen_s_message_is_posted_until_the_product_answers(
    twilio: TwilioSimulator, product: Product
) -> None:
    product.refusals = 2
    twilio.connect(COUNTER, f"{product.http.url}/webhooks/sms")
    sid = await twilio.citizen_sends(CITIZEN, COUNTER, "Un trou devant l'école 🕳️")
    await twilio.until_quiet()
    [(_, form, _)] = product.posts
    assert (form["MessageSid"], form["From"], form["FromCity"]) == (sid, CITIZEN, "")
    assert form["Body"] == "Un trou devant l'école 🕳️"
    assert product.valid(twilio.auth_token)


async def test_a_shared_key_signs_by_sha_256(twilio: TwilioSimulator, product: Product) -> None:
    twilio.shared_key = ("webhooks_sharedkey_1", "another secret")
    twilio.connect(COUNTER, f"{product.http.url}/in")
    await twilio.citizen_sends(CITIZEN, COUNTER, "Bonjour")
    await twilio.until_quiet()
    assert product.valid("another secret")
    assert not product.valid(twilio.auth_token)


async def test_media_need_the_password_and_lie_behind_a_redirect_that_refuses_it(
    twilio: TwilioSimulator, product: Product
) -> None:
    twilio.connect(COUNTER, product.http.url + "/")
    await twilio.citizen_sends(CITIZEN, COUNTER, "", [("image/jpeg", b"\xff\xd8photo")])
    await twilio.until_quiet()
    [(_, form, _)] = product.posts
    assert (form["NumMedia"], form["MediaContentType0"], form["Body"]) == ("1", "image/jpeg", "")
    auth = (twilio.account_sid, twilio.auth_token)
    async with httpx.AsyncClient() as http:
        assert (await http.get(form["MediaUrl0"])).status_code == 401
        moved = await http.get(form["MediaUrl0"], auth=auth)
        assert moved.status_code == 307
        assert (await http.get(moved.headers["location"], auth=auth)).status_code == 400
        assert (await http.get(moved.headers["location"])).content == b"\xff\xd8photo"


@pytest.mark.parametrize(
    ("to", "body", "code"),
    [("0612", "x", 21211), (CITIZEN, "", 21602), (CITIZEN, "x" * 1601, 21617)],
)
async def test_what_twilio_would_refuse_is_refused(
    twilio: TwilioSimulator, to: str, body: str, code: int
) -> None:
    async with vendor_client(twilio) as client:
        with pytest.raises(TwilioRestException) as refused:
            await client.messages.create_async(from_=COUNTER, to=to, body=body)
    assert (refused.value.code, refused.value.status) == (code, 400)


async def test_after_stop_nothing_more_is_sent_until_start(twilio: TwilioSimulator) -> None:
    await twilio.citizen_sends(CITIZEN, COUNTER, " Stop ")
    async with vendor_client(twilio) as client:
        with pytest.raises(TwilioRestException) as refused:
            await client.messages.create_async(from_=COUNTER, to=CITIZEN, body="x")
        await twilio.citizen_sends(CITIZEN, COUNTER, "START")
        await client.messages.create_async(from_=COUNTER, to=CITIZEN, body="x")
    assert refused.value.code == 21610
    assert len(twilio.sent_to(CITIZEN)) == 1


async def test_faults_are_committed_once_each_in_order(twilio: TwilioSimulator) -> None:
    twilio.faults.push("429", retry_after=2)
    twilio.faults.push("5xx")
    twilio.faults.push("cut-after-accept")
    async with vendor_client(twilio) as client:
        create = client.messages.create_async
        with pytest.raises(TwilioRestException) as busy:
            await create(from_=COUNTER, to=CITIZEN, body="a")
        with pytest.raises(TwilioRestException) as broken:
            await create(from_=COUNTER, to=CITIZEN, body="b")
        with pytest.raises(ClientConnectionError):
            await create(from_=COUNTER, to=CITIZEN, body="c")
    assert (busy.value.code, broken.value.status) == (20429, 503)
    assert [sms.body for sms in twilio.sent_to(CITIZEN)] == ["c"]


async def test_a_hanging_call_ends_with_the_client_or_the_server(twilio: TwilioSimulator) -> None:
    twilio.faults.push("hang")
    url = f"{twilio.base_url}/2010-04-01/Accounts/{twilio.account_sid}/Messages.json"
    async with httpx.AsyncClient(timeout=0.05) as http:
        with pytest.raises(httpx.ReadTimeout):
            await http.post(url, auth=(twilio.account_sid, twilio.auth_token))


async def test_statuses_may_come_backwards_and_messages_twice_or_crossed(
    twilio: TwilioSimulator, product: Product
) -> None:
    twilio.connect(COUNTER, f"{product.http.url}/in")
    twilio.faults.push("redeliver")
    await twilio.citizen_sends(CITIZEN, COUNTER, "a")
    await twilio.until_quiet()
    twilio.faults.push("reorder")
    await twilio.citizen_sends(CITIZEN, COUNTER, "b")
    await twilio.citizen_sends(CITIZEN, COUNTER, "c")
    await twilio.until_quiet()
    assert [form["Body"] for _, form, _ in product.posts] == ["a", "a", "c", "b"]
    product.posts.clear()
    twilio.faults.push("reorder", on="status")
    async with vendor_client(twilio) as client:
        await client.messages.create_async(
            from_=COUNTER, to=CITIZEN, body="x", status_callback=f"{product.http.url}/st"
        )
    await twilio.until_quiet()
    assert [form["SmsStatus"] for _, form, _ in product.posts] == ["delivered", "sent", "queued"]
    assert twilio.sent_to(CITIZEN)[0].status == "delivered"


async def test_an_unreachable_phone_is_told_by_its_status(
    twilio: TwilioSimulator, product: Product
) -> None:
    twilio.unreachable[CITIZEN] = 30003
    async with vendor_client(twilio) as client:
        await client.messages.create_async(
            from_=COUNTER, to=CITIZEN, body="x", status_callback=f"{product.http.url}/st"
        )
    await twilio.until_quiet()
    last = product.posts[-1][1]
    assert (last["MessageStatus"], last["ErrorCode"]) == ("undelivered", "30003")


async def test_a_wrong_password_is_refused(twilio: TwilioSimulator) -> None:
    async with vendor_client(twilio, "wrong") as client:
        with pytest.raises(TwilioRestException) as refused:
            await client.messages("SM0").fetch_async()
    assert (refused.value.status, refused.value.code) == (401, 20003)


async def test_a_killed_demo_resumes_with_what_was_not_yet_handed_over(
    tmp_path: Path, product: Product
) -> None:
    async with TwilioSimulator(state_dir=tmp_path) as before:
        await before.citizen_sends(CITIZEN, COUNTER, "avant", [("image/png", b"png")])
    async with TwilioSimulator(state_dir=tmp_path) as after:
        assert after.sent_by(CITIZEN) == ["avant"]
        after.connect(COUNTER, f"{product.http.url}/in")
        await after.until_quiet()
        url = product.posts[0][1]["MediaUrl0"]
        auth = (after.account_sid, after.auth_token)
        async with httpx.AsyncClient(follow_redirects=True) as http:
            moved = (await http.get(url, auth=auth, follow_redirects=False)).headers["location"]
            assert (await http.get(moved)).content == b"png"
    assert [form["Body"] for _, form, _ in product.posts] == ["avant"]
