"""Text messages by a provider that a definition describes: OVHcloud's, and one of one's own."""

from __future__ import annotations

import hashlib
import hmac
import json
import tomllib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx
import ovh
import pytest
import yaml
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from channels.phone import http_answers
from channels.phone.definition import load
from channels.phone.http_client import ovh_headers
from channels.sms import Sms, SmsSettings
from channels.sms_polled import PolledSms
from demo.clock import WallClock
from demo.ovh import APPLICATION_KEY, APPLICATION_SECRET, CONSUMER_KEY, OvhSimulator
from demo.server import LoopbackServer
from router.delivery import (
    Delivery,
    DeliveryKind,
    DeliveryState,
    OnUnknown,
    OptedOut,
    Permanent,
    Retry,
    Sent,
    Unknown,
)
from router.errors import ConfigurationError, InvalidInput, InvalidSignature, UnreadablePayload
from router.events import Ignored, MessageReceived, OptedOutOf, ReceiptReceived
from router.message import Address, Attachment, WebhookRequest
from router.ports import Polls, TakesGets

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
CITIZEN, COUNTER = "+33612345678", "+33756000055"
KEYS = {
    "application_key": APPLICATION_KEY,
    "application_secret": APPLICATION_SECRET,
    "consumer_key": CONSUMER_KEY,
    "webhook": "mot-de-passe",
}


def delivery(text: str = "C'est noté.", idem: str = "i7") -> Delivery:
    address = Address("sms", COUNTER, CITIZEN)
    return Delivery(7, idem, "l", DeliveryKind.ACKNOWLEDGEMENT, address, text, NOW)


def secrets(**changed: str) -> dict[str, SecretStr]:
    return {name: SecretStr(value) for name, value in (KEYS | changed).items()}


def by_ovh(simulator: OvhSimulator, **more: Any) -> PolledSms:
    given = {"account_sid": simulator.service, "base_url": simulator.base_url, "keys": secrets()}
    settings = SmsSettings(provider="ovh", deadline_s=0.5, poll_s=0, **(given | more))
    return PolledSms(settings, COUNTER, WallClock())


@pytest.fixture
async def simulator() -> AsyncIterator[OvhSimulator]:
    async with OvhSimulator(WallClock().now().timestamp, number=COUNTER) as simulator:
        yield simulator


@pytest.fixture
async def sms(simulator: OvhSimulator) -> AsyncIterator[PolledSms]:
    channel = by_ovh(simulator)
    yield channel
    await channel.close()


# --- OVHcloud ------------------------------------------------------------------------------------


class Recorded:
    """Stands for the vendor's connection: keeps what would have been sent."""

    def request(self, method: str, url: str, headers: dict[str, str], data: str, timeout: object):
        self.call = method, url, headers, data


@pytest.mark.parametrize("body", [None, {"message": "L'été est là", "receivers": [CITIZEN]}])
def test_our_signature_is_the_one_of_the_vendor_s_own_library(body: object) -> None:
    vendor = ovh.Client("ovh-eu", APPLICATION_KEY, APPLICATION_SECRET, CONSUMER_KEY)
    vendor._session, vendor._time_delta = Recorded(), 0
    vendor.raw_call("POST" if body else "GET", "/sms/sms-ab12345-1/jobs?tag=x", body)
    method, url, headers, sent = vendor._session.call
    at = int(headers["X-Ovh-Timestamp"])
    ours = ovh_headers(KEYS, method, url, sent.encode(), at)
    assert {name: headers[name.title()] for name in ours} == ours


async def test_a_text_is_handed_over_as_the_api_wants_it(
    simulator: OvhSimulator, sms: PolledSms
) -> None:
    [part] = sms.render(delivery("L’été à Nantes"))
    assert await sms.send(part, "i7") == Sent(("26929925",))
    [job] = simulator.jobs.values()
    assert job["message"] == "L'été à Nantes"
    assert (job["receivers"], job["coding"]) == ([CITIZEN], "7bit")
    assert len(job["tag"]) == 20
    await sms.send(sms.render(delivery("شكرا"))[0], "i8")
    assert [job["coding"] for job in simulator.jobs.values()] == ["7bit", "8bit"]


async def test_what_came_in_is_fetched_once_in_order_and_a_gone_one_is_passed_over(
    simulator: OvhSimulator, sms: PolledSms
) -> None:
    assert isinstance(sms, Polls)
    assert (await sms.pull("", lambda: NOW)).envelopes == ()
    for text in ("Un trou", "STOP", "Un arbre"):
        simulator.citizen_sends("0033612345678", text)
    pulled = await sms.pull("", lambda: NOW)
    events = [event for envelope in pulled.envelopes for event in sms.receive(envelope)]
    assert [type(event) for event in events] == [MessageReceived, OptedOutOf, MessageReceived]
    assert {envelope.conversation for envelope in pulled.envelopes} == {
        Address("sms", COUNTER, CITIZEN).key
    }
    again = await sms.pull(pulled.cursor, lambda: NOW)
    assert (again.envelopes, again.cursor) == ((), pulled.cursor)


async def test_a_message_that_was_deleted_does_not_hold_up_those_behind_it(
    simulator: OvhSimulator, sms: PolledSms
) -> None:
    gone = simulator.citizen_sends(CITIZEN, "Un trou")
    simulator.citizen_sends(CITIZEN, "Un arbre")
    listed = dict(simulator.incoming)

    async def list_all(request: Request) -> Response:
        return JSONResponse([*listed])

    simulator._list = list_all  # type: ignore[method-assign]
    simulator.incoming[gone] = {}
    pulled = await sms.pull("", lambda: NOW)
    assert [sms.receive(envelope)[0].message.text for envelope in pulled.envelopes] == ["Un arbre"]  # type: ignore[union-attr]
    assert pulled.cursor == str(gone + 1)


@pytest.mark.parametrize("odd", [10**17, 10**30, "9" * 5000, "²", -1, True, {}])
async def test_an_odd_number_in_the_list_leads_past_no_message(
    simulator: OvhSimulator, sms: PolledSms, odd: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = http_answers.told
    with monkeypatch.context() as patched:
        patched.setattr(http_answers, "told", lambda answer: [odd, *told(answer)])
        simulator.citizen_sends(CITIZEN, "Un trou")
        first = await sms.pull("", lambda: NOW)
        again = await sms.pull(first.cursor, lambda: NOW)
    simulator.citizen_sends(CITIZEN, "Un arbre")
    second = await sms.pull(again.cursor, lambda: NOW)
    pulled = (*first.envelopes, *again.envelopes, *second.envelopes)
    assert [sms.receive(envelope)[0].message.text for envelope in pulled] == ["Un trou", "Un arbre"]  # type: ignore[union-attr]


async def test_more_messages_that_are_gone_than_are_fetched_at_once_hold_up_nobody(
    simulator: OvhSimulator, sms: PolledSms
) -> None:
    ids = [simulator.citizen_sends(CITIZEN, f"Un trou {n}") for n in range(30)]
    for gone in ids[:25]:
        simulator.incoming[gone] = {}
    cursor, found = "", []
    for _ in range(3):
        pulled = await sms.pull(cursor, lambda: NOW)
        cursor = pulled.cursor
        found += pulled.envelopes
    assert len(found) == 5


async def test_a_provider_in_trouble_is_waited_for(simulator: OvhSimulator, sms: PolledSms) -> None:
    simulator.faults.push("5xx", on="lookup")
    with pytest.raises(OSError, match="503"):
        await sms.pull("", lambda: NOW)


async def test_a_piece_that_had_left_is_not_sent_again(
    simulator: OvhSimulator, sms: PolledSms
) -> None:
    long = delivery(" ".join(f"mot{n}" for n in range(300)))
    parts = sms.render(long)
    simulator.faults.push("cut-after-accept")
    assert isinstance(await sms.send(parts[0], "i"), Unknown)
    assert isinstance(await sms.find(long, "i7"), Sent)
    assert [job["message"] for job in simulator.jobs.values()] == [part.text for part in parts]
    assert await sms.find(delivery(idem="never"), "never") is None


@pytest.mark.parametrize(
    ("ptt", "state"),
    [("4", DeliveryState.DELIVERED), ("3", DeliveryState.SENT), ("24", DeliveryState.BOUNCED)],
)
async def test_a_receipt_comes_by_get_with_our_secret(
    sms: PolledSms, ptt: str, state: DeliveryState
) -> None:
    assert isinstance(sms, TakesGets)
    assert sms.takes_gets
    url = f"https://g.example/webhooks/sms/{COUNTER}?cle=mot-de-passe&id=26929925&ptt={ptt}"
    request = WebhookRequest("GET", url, {}, b"")
    sms.verify(request)
    [envelope] = sms.open(request, NOW)
    assert b"mot-de-passe" not in envelope.payload
    [event] = sms.receive(envelope)
    assert isinstance(event, ReceiptReceived)
    assert (event.state, event.provider_id) == (state, "26929925")


async def test_a_receipt_that_says_nothing_final_is_ignored(sms: PolledSms) -> None:
    [envelope] = sms.open_raw(b"id=26929925&ptt=6", NOW)
    assert isinstance(sms.receive(envelope)[0], Ignored)


@pytest.mark.parametrize("query", ["", "?cle=", "?cle=faux", "?autre=mot-de-passe"])
def test_a_receipt_without_the_secret_is_refused(query: str) -> None:
    settings = SmsSettings(provider="ovh", keys=secrets())
    with pytest.raises(InvalidSignature):
        Sms(settings, COUNTER).verify(WebhookRequest("GET", f"https://g.example/{query}", {}, b""))


def test_without_a_secret_set_nothing_is_authentic() -> None:
    settings = SmsSettings(provider="ovh", keys=secrets(webhook=""))
    with pytest.raises(InvalidSignature):
        Sms(settings, COUNTER).verify(WebhookRequest("GET", "https://g.example/?cle=", {}, b""))


async def test_a_receipt_of_the_simulator_goes_through_the_product_s_own_page(
    simulator: OvhSimulator, sms: PolledSms
) -> None:
    taken: list[str] = []

    async def take(request: Request) -> Response:
        asked = WebhookRequest("GET", str(request.url), dict(request.headers), b"")
        sms.verify(asked)
        taken.extend(envelope.provider_id for envelope in sms.open(asked, NOW))
        return Response(status_code=sms.answer(True).status)

    server = LoopbackServer([Route("/in", take)])
    await server.start()
    simulator.callback = f"{server.url}/in?cle=mot-de-passe"
    assert await simulator.report(26929925, "4") == 200
    assert taken == ["26929925:4"]
    await server.stop()


async def test_doctor_says_what_is_wrong_in_one_sentence(simulator: OvhSimulator) -> None:
    right = by_ovh(simulator)
    assert (await right.health()).ok
    wrong_key = by_ovh(simulator, keys=secrets(application_secret="faux"))
    assert "refuse nos clés" in (await wrong_key.health()).sentence
    lost = by_ovh(simulator, base_url="http://127.0.0.1:9")
    assert "ne répond pas" in (await lost.health()).sentence
    other = PolledSms(right._settings, "+33756000099", WallClock())  # type: ignore[arg-type]
    assert "ne connaît pas" in (await other.health()).sentence
    for channel in (right, wrong_key, lost, other):
        await channel.close()


# --- a definition of one's own -------------------------------------------------------------------

OWN = """
name = "Relais"
base_url = "https://relais.example"

[send]
url = "{base_url}/messages"
sign = "basic"
format = "form"
id = "message.id"
code = "error.code"
[send.fields]
number = "{to}"
content = "{text}"
reference = "{delivery}"

[codes]
opted_out = ["stopped"]
permanent = ["unknown_number"]
later = ["busy"]

[message]
id = "id"
sender = "from.number"
text = "content"

[receipt]
id = "id"
status = "status"
delivery = "reference"
code = "reason"
[receipt.states]
done = "delivered"
lost = "bounced"

[webhook.signature]
header = "X-Relais-Signature"
prefix = "sha256="
"""


@pytest.fixture
def own(tmp_path: Path) -> Sms:
    (tmp_path / "relais.toml").write_text(OWN, encoding="utf-8")
    provider = str(tmp_path / "relais.toml")
    return Sms(SmsSettings(provider=provider, keys=secrets()), COUNTER)


def posted(body: bytes, key: str = "mot-de-passe") -> WebhookRequest:
    mac = hmac.new(key.encode(), body, hashlib.sha256).hexdigest()
    return WebhookRequest(
        "POST", "https://g.example/x", {"x-relais-signature": f"sha256={mac}"}, body
    )


def test_a_message_signed_over_its_raw_body_is_read(own: Sms) -> None:
    body = json.dumps({"id": 5, "from": {"number": "0612345678"}, "content": "Un trou"}).encode()
    own.verify(posted(body))
    [envelope] = own.open(posted(body), NOW)
    [event] = own.receive(envelope)
    assert isinstance(event, MessageReceived)
    assert (event.message.sender, event.message.text) == (CITIZEN, "Un trou")
    assert not own.takes_gets
    for forged in (posted(body, "faux"), WebhookRequest("POST", "https://g.example/x", {}, body)):
        with pytest.raises(InvalidSignature):
            own.verify(forged)


def test_a_receipt_finds_its_delivery_by_our_reference(own: Sms) -> None:
    body = b'{"id": "m1", "status": "lost", "reference": "42", "reason": "spam"}'
    [event] = own.receive(own.open(posted(body), NOW)[0])
    assert isinstance(event, ReceiptReceived)
    assert (event.state, event.delivery_id, event.code) == (DeliveryState.BOUNCED, 42, "spam")


@pytest.mark.parametrize(
    "raw", [b"{", b"[]", b'{"id": 1}', b'{"id": 1, "from": 3, "content": "x"}', b"[" * 50_000]
)
def test_what_is_no_message_is_kept_for_an_agent(own: Sms, raw: bytes) -> None:
    [envelope] = own.open_raw(raw, NOW)
    assert envelope.payload == raw
    with pytest.raises(UnreadablePayload):
        own.receive(envelope)


@pytest.mark.parametrize(
    ("status", "answer", "expected"),
    [
        (200, {"message": {"id": "m1"}}, Sent),
        (200, {"message": {}}, Unknown),
        (400, {"error": {"code": "stopped"}}, OptedOut),
        (400, {"error": {"code": "unknown_number"}}, Permanent),
        (400, {"error": {"code": "busy"}}, Retry),
        (422, {}, Permanent),
        (401, {}, Retry),
        (429, {}, Retry),
        (503, {}, Retry),
        (504, {}, Unknown),
    ],
)
async def test_codes_mean_what_the_definition_says(
    own: Sms, status: int, answer: dict[str, Any], expected: type
) -> None:
    seen: list[tuple[dict[str, str], str]] = []

    async def take(request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        seen.append((form, request.headers["authorization"]))
        return JSONResponse(answer, status)

    server = LoopbackServer([Route("/messages", take, methods=["POST"])])
    await server.start()
    settings = own._settings.model_copy(update={"base_url": server.url, "account_sid": "ville"})
    channel = Sms(settings, COUNTER)  # type: ignore[arg-type]
    outcome = await channel.send(channel.render(delivery())[0], "i")
    await channel.close()
    await server.stop()
    assert isinstance(outcome, expected)
    [(form, auth)] = seen
    assert form == {"number": CITIZEN, "content": "C'est noté.", "reference": "7"}
    assert httpx.BasicAuth("ville", "")._auth_header == auth


async def test_a_provider_that_cannot_be_asked_leaves_the_unknown_to_an_agent(own: Sms) -> None:
    assert own.on_unknown is OnUnknown.HOLD
    [envelope] = own.open_raw(b'{"id": 5, "from": {"number": "0612345678"}, "content": "x"}', NOW)
    with pytest.raises(InvalidInput, match="no files"):
        await own.fetch_media(envelope, Attachment("a", "image/png", None, "https://a/b"), 9)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (("", ""), ""),
        (("[send]", "[sned]"), "sned|send"),
        (("{to}", "{tot}"), "tot"),
        (('base_url = "https', 'keys = ["jeton"]\nbase_url = "https'), "keys.jeton"),
        (('done = "delivered"', 'done = "arrived"'), "done"),
        (('[webhook.signature]\nheader = "X-Relais-Signature"\nprefix = "sha256="', "[webhook]"), "secret"),
        (("name = ", "name "), "relais.toml"),
    ],
)  # fmt: skip
def test_a_wrong_definition_is_told_in_one_sentence(
    tmp_path: Path, change: tuple[str, str], why: str
) -> None:
    path = tmp_path / "relais.toml"
    path.write_text(OWN.replace(*change) if change[0] else OWN, encoding="utf-8")
    settings = SmsSettings(provider=str(path), keys=secrets())
    if not why:
        Sms(settings, COUNTER)
        return
    with pytest.raises(ConfigurationError, match=why) as told:
        Sms(settings, COUNTER)
    assert "\n" not in str(told.value).strip()


def test_the_same_definition_is_read_in_yaml(tmp_path: Path) -> None:
    (tmp_path / "relais.toml").write_text(OWN, encoding="utf-8")
    written = yaml.safe_dump(tomllib.loads(OWN), allow_unicode=True)
    (tmp_path / "relais.yaml").write_text(written, encoding="utf-8")
    assert load(str(tmp_path / "relais.yaml")) == load(str(tmp_path / "relais.toml"))


def test_what_is_no_number_and_no_true_or_false_stays_text(tmp_path: Path) -> None:
    path = tmp_path / "relais.yml"
    own = yaml.safe_dump(tomllib.loads(OWN), allow_unicode=True)
    fields = "    number: no\n    from: on\n    at: 22:00\n    day: 2026-11-28\n    zip: 01001\n"
    fields += "    most: 2880\n    flash: true\n"
    path.write_text(own.replace("  fields:\n", f"  fields:\n{fields}", 1).replace(
        "    number: '{to}'\n", "", 1).replace("- stopped", "- 410"), encoding="utf-8")  # fmt: skip
    read = load(str(path))
    assert dict(read.send.fields) | {"content": "", "reference": ""} == {
        "number": "no", "from": "on", "at": "22:00", "day": "2026-11-28", "zip": "01001",
        "most": 2880, "flash": True, "content": "", "reference": "",
    }  # fmt: skip
    assert read.codes.opted_out == ("410",)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "vide"),
        ("- a", "suite de clés"),
        ("name: a\nname: b", "ligne 2"),
        ("name: &x a\nbase_url: *x", "ligne 2"),
        ("name: !!python/object:os.system a", "ligne 1"),
        ("name: [a", "ligne"),
        ("name: a\n\tbase_url: b", "ligne 2"),
        ("[" * 3_000, "YAML"),
    ],
)
def test_yaml_that_is_none_is_told_in_one_sentence_with_its_line(
    tmp_path: Path, text: str, why: str
) -> None:
    path = tmp_path / "relais.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=why) as told:
        load(str(path))
    assert "\n" not in str(told.value).strip()


@pytest.mark.parametrize(
    "provider", ["nobody", "../providers/ovh", "/nowhere/x.toml", "/nowhere/x.yaml"]
)
def test_an_unknown_provider_is_told(provider: str) -> None:
    with pytest.raises(ConfigurationError):
        Sms(SmsSettings(provider=provider), COUNTER)


def test_a_definition_whose_keys_are_missing_is_told() -> None:
    with pytest.raises(ConfigurationError, match=r"keys\.application_key"):
        Sms(SmsSettings(provider="ovh"), COUNTER)
