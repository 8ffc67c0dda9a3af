"""Each trouble that text messages are known for, on the whole way from phone to phone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from sms_town import CITIZEN, COUNTER, NEIGHBOUR, SmsTown, sms_town
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from twilio.request_validator import RequestValidator

from channels.phone.alphabet import segments
from channels.sms import Sms, SmsSettings
from demo.server import LoopbackServer
from router.archive import Action
from router.case import EventKind
from router.delivery import DeliveryState, SendOutcome
from router.errors import InvalidInput
from router.events import ReceiptReceived
from router.message import Attachment, Envelope, WebhookRequest
from router.ports import OutboundPart

HOLE = "Un lampadaire cassé"


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[SmsTown]:
    async with sms_town(tmp_path) as town:
        yield town


def form(sid: str, text: str = HOLE, **more: str) -> dict[str, str]:
    return {"MessageSid": sid, "From": CITIZEN, "To": COUNTER, "Body": text, **more}


def status(sid: str, status: str, code: str = "") -> dict[str, str]:
    said = {"MessageSid": sid, "MessageStatus": status, "From": COUNTER, "To": CITIZEN}
    return said | ({"ErrorCode": code} if code else {})


async def post(town: SmsTown, fields: dict[str, str], *, query: str = "", **headers: str) -> int:
    """Post a form as Twilio does; a header given here stands in place of the right signature."""
    url = f"{town.http.url}/webhooks/sms/{COUNTER}{query}"
    signed = RequestValidator(town.twilio.auth_token).compute_signature(url, fields)
    async with httpx.AsyncClient() as http:
        answer = await http.post(
            url, data=fields, headers=headers or {"x-twilio-signature": signed}
        )
    return answer.status_code


# --- in ------------------------------------------------------------------------------------------


async def test_same_id_twice_and_at_once(town: SmsTown) -> None:
    town.twilio.faults.push("redeliver")
    await town.texted(HOLE)
    codes = await asyncio.gather(*(post(town, form("SM7")) for _ in range(8)))
    await town.route()
    assert set(codes) == {200}
    assert len(await town.deliveries()) == 2  # one receipt for each of two messages


@pytest.mark.parametrize(
    "headers",
    [
        {"x-other": "1"},
        {"x-twilio-signature": ""},
        {"x-twilio-signature": "c2hvcnQ="},
        {"x-twilio-signature": "A" * 28},
        {"x-twilio-signature": "A" * 400},
        {"x-twilio-signature": "AAAA", "x-twilio-webhooks-signature-settings": "algorithm=MD5"},
    ],
)
async def test_bad_missing_or_short_signature(town: SmsTown, headers: dict[str, str]) -> None:
    assert await post(town, form("SM1"), **headers) == 403
    assert await town.store.pending() == 0


async def test_blank_fields_are_signed_and_lost_ones_are_noticed(town: SmsTown) -> None:
    blank = form("SM1", "", FromCity="", ToZip="", NumMedia="0")
    assert await post(town, blank) == 200
    kept = RequestValidator(town.twilio.auth_token).compute_signature(
        f"{town.http.url}/webhooks/sms/{COUNTER}", blank
    )
    bare = {name: value for name, value in blank.items() if value}
    assert await post(town, bare, **{"x-twilio-signature": kept}) == 403


@pytest.mark.parametrize(
    ("public", "signed"),
    [
        ("https://g.example/webhooks/sms/1", "https://g.example/webhooks/sms/1"),
        ("https://g.example/webhooks/sms/1", "https://g.example:443/webhooks/sms/1"),
        ("https://g.example:443/webhooks/sms/1", "https://g.example/webhooks/sms/1"),
        ("https://g.example:8443/webhooks/sms/1", "https://g.example:8443/webhooks/sms/1"),
        ("http://g.example/webhooks/sms/1", "http://g.example:80/webhooks/sms/1"),
    ],
)
async def test_behind_a_proxy_http_or_https_makes_no_difference(
    tmp_path: Path, public: str, signed: str
) -> None:
    async with sms_town(tmp_path, public_url=public) as town:
        right = RequestValidator(town.twilio.auth_token).compute_signature(signed, form("SM1"))
        assert await post(town, form("SM1"), **{"x-twilio-signature": right}) == 200


async def test_an_empty_body_is_answered_and_opens_nothing(town: SmsTown) -> None:
    worked = await town.texted("   ")
    assert (worked.action, worked.case) == (Action.IGNORE, None)
    await town.send()
    assert len(town.twilio.sent_to(CITIZEN)) == 1


async def test_emoji_only_is_a_request_and_is_kept_as_it_is(town: SmsTown) -> None:
    worked = await town.texted("🕳️😡👨‍👩‍👧‍👦")
    assert worked.case is not None
    assert worked.message is not None
    assert worked.message.text == "🕳️😡👨‍👩‍👧‍👦"


async def test_arabic_goes_both_ways_and_is_billed_by_seventy(town: SmsTown) -> None:
    worked = await town.texted("مصباح الشارع لا يعمل أمام المدرسة")
    assert worked.message is not None
    assert worked.message.text_shown == "مصباح الشارع لا يعمل أمام المدرسة"
    [part] = town.sms.render(
        replace((await town.deliveries())[0], text="شكرا لكم، وصلت رسالتكم. " * 4)
    )
    assert "شكرا" in part.text
    assert segments(part.text) == 2


async def test_an_alphanumeric_sender_is_kept_and_never_answered(town: SmsTown) -> None:
    for count, name in enumerate(("LAPOSTE", "38200", "Ameli.fr")):
        assert await post(town, form(f"SM{count}", "Votre colis arrive") | {"From": name}) == 200
    await town.route()
    assert [worked.case for worked in town.seen] == [None] * 3
    assert {worked.action for worked in town.seen} == {Action.IGNORE}
    await town.send()
    assert [sms for sms in town.twilio.messages() if sms.from_ == COUNTER] == []


async def test_a_number_that_another_person_took_over_is_told_nothing_of_the_former(
    town: SmsTown,
) -> None:
    first = await town.texted("Un lampadaire cassé rue Lambert, Jean Dupont, code 4512")
    await town.send()
    town.clock.pass_(days=200)
    other = await town.texted("Bonjour, ma poubelle n'est pas passée rue Voltaire")
    await town.send()
    assert first.case is not None
    assert other.case is not None
    assert other.case.id != first.case.id
    last = town.twilio.sent_to(CITIZEN)[-1].body
    assert "Dupont" not in last
    assert "Lambert" not in last


async def test_a_number_whose_former_owner_said_stop_is_not_written_to_until_start(
    town: SmsTown,
) -> None:
    await town.texted(HOLE)
    await town.texted("STOP")
    town.clock.pass_(days=200)
    other = await town.texted("ma poubelle est pleine")
    assert other.case is not None
    assert other.reply is None
    await town.texted("START")
    assert (await town.texted("une poubelle rue Kervégan")).reply is not None


# --- pictures ------------------------------------------------------------------------------------


async def picture(town: SmsTown, *routes: Route) -> tuple[LoopbackServer, Envelope]:
    server = LoopbackServer(routes)
    await server.start()
    [envelope] = town.sms.open_raw(urlencode(form("SM1")).encode(), town.clock.now())
    return server, envelope


async def test_an_mms_that_is_gone_leaves_the_message_whole(town: SmsTown) -> None:
    server, envelope = await picture(town)
    town.connect(base_url=server.url)
    gone = Attachment("mms-1.jpg", "image/jpeg", None, f"{server.url}/gone")
    with pytest.raises(InvalidInput, match="404"):
        await town.sms.fetch_media(envelope, gone, 1000)
    await server.stop()
    worked = await town.texted("un lampadaire en photo", ("image/jpeg", b"\xff\xd8"))
    assert worked.case is not None


async def test_an_mms_redirected_to_another_host_is_not_fetched_from_there(town: SmsTown) -> None:
    asked: list[str] = []

    async def moved(request: Request) -> Response:
        return RedirectResponse("https://169.254.169.254/latest/meta-data", 307)

    async def seen(request: Request) -> Response:
        asked.append(request.headers.get("authorization", ""))
        return Response(b"photo")

    other = LoopbackServer([Route("/stolen", seen)])
    await other.start()

    async def stolen(request: Request) -> Response:
        return RedirectResponse(f"{other.url}/stolen", 307)

    server, envelope = await picture(town, Route("/private", moved), Route("/other", stolen))
    town.connect(base_url=server.url)
    for path in ("private", "other"):
        file = Attachment("mms-1.jpg", "image/jpeg", None, f"{server.url}/{path}")
        with pytest.raises(InvalidInput, match="may not be fetched"):
            await town.sms.fetch_media(envelope, file, 1000)
    assert asked == []
    await server.stop()
    await other.stop()


# --- out -----------------------------------------------------------------------------------------


class Slow(Sms):
    """Hears of the status before the call that sent the message has ended."""

    town: SmsTown

    async def send(self, part: OutboundPart, idem: str) -> SendOutcome:
        outcome = await super().send(part, idem)
        await self.town.twilio.until_quiet()
        await self.town.route()
        return outcome


async def test_status_before_sent_is_not_undone_by_sent(tmp_path: Path) -> None:
    async with sms_town(tmp_path, Slow) as town:
        town.sms.town = town  # type: ignore[attr-defined]
        await town.texted(HOLE)
        await town.send()
        [delivery] = await town.deliveries()
        assert delivery.state is DeliveryState.DELIVERED


async def test_statuses_in_the_wrong_order_never_go_back(town: SmsTown) -> None:
    town.twilio.faults.push("reorder", on="status")
    await town.texted(HOLE)
    await town.send()
    assert [d.state for d in await town.deliveries()] == [DeliveryState.DELIVERED]


async def test_an_unknown_sid_is_noted_and_disturbs_nobody(town: SmsTown) -> None:
    assert await post(town, status("SMx", "failed", "30003")) == 200
    assert await post(town, status("SMx", "delivered"), query="?d=999999") == 200
    assert await post(town, status("SMx", "sent"), query="?d=abc") == 200
    await town.route()
    assert {worked.action for worked in town.seen} == {Action.RECEIPT}
    assert await town.deliveries() == []


async def test_create_times_out_and_the_callback_arrives(town: SmsTown) -> None:
    await town.texted(HOLE)
    town.twilio.faults.push("cut-after-accept")
    await town.courier.run_once()
    [left] = await town.deliveries()
    assert left.state is DeliveryState.SENDING
    await town.twilio.until_quiet()
    await town.route()
    [told] = await town.deliveries()
    assert told.state is DeliveryState.DELIVERED
    town.clock.pass_(hours=1)
    await town.send()
    assert len(town.twilio.sent_to(CITIZEN)) == 1


async def test_create_times_out_and_no_callback_comes(tmp_path: Path) -> None:
    async with sms_town(tmp_path, public_url="") as town:
        await town.texted(HOLE)
        town.twilio.faults.push("cut-after-accept")
        await town.courier.run_once()
        town.clock.pass_(hours=1)
        await town.send()
        [delivery] = await town.deliveries()
        assert delivery.state is DeliveryState.SENT
        assert len(town.twilio.sent_to(CITIZEN)) == 1


async def test_stop_then_a_reply_that_was_on_its_way(town: SmsTown) -> None:
    worked = await town.texted(HOLE)  # its receipt waits to be sent
    await town.texted("STOP")
    await town.send()
    [delivery] = await town.deliveries()
    assert delivery.state is DeliveryState.REJECTED  # 21610: Twilio knew before us
    assert town.twilio.sent_to(CITIZEN) == []
    assert worked.case is not None
    assert any("STOP" in line for line in await town.lines(worked.case.id))


async def test_21610_is_an_opt_out_that_is_told_and_not_repeated(town: SmsTown) -> None:
    worked = await town.texted(HOLE)
    town.twilio.faults.push("4xx", code=21610)
    await town.send()
    town.clock.pass_(days=1)
    await town.send()
    [delivery] = await town.deliveries()
    assert (delivery.state, delivery.tries) == (DeliveryState.REJECTED, 1)
    assert worked.case is not None
    assert any("21610" in line for line in await town.lines(worked.case.id))


@pytest.mark.parametrize("late", [False, True], ids=["refused at once", "told by a status"])
async def test_30007_is_shown_to_an_agent_and_not_repeated(town: SmsTown, late: bool) -> None:
    worked = await town.texted(HOLE)
    if late:
        town.twilio.unreachable[CITIZEN] = 30007
    else:
        town.twilio.faults.push("4xx", code=30007)
    await town.send()
    town.clock.pass_(days=1)
    await town.send()
    [delivery] = await town.deliveries()
    assert delivery.state in {DeliveryState.DEAD, DeliveryState.BOUNCED}
    assert len(town.twilio.sent_to(CITIZEN)) == int(late)
    assert worked.case is not None
    assert any("30007" in line for line in await town.lines(worked.case.id))


@pytest.mark.parametrize("late", [False, True], ids=["refused at once", "told by a status"])
async def test_30007_is_told_to_the_operator_and_at_the_desk_for_an_hour(
    town: SmsTown, caplog: pytest.LogCaptureFixture, late: bool
) -> None:
    await town.texted(HOLE)
    assert town.sms.trouble == ""
    if late:
        town.twilio.unreachable[CITIZEN] = 30007
    else:
        town.twilio.faults.push("4xx", code=30007)
    with caplog.at_level("WARNING", "channels.phone"):
        await town.send()
    assert "30007" in caplog.text
    assert CITIZEN not in caplog.text
    assert "l'opérateur filtre nos messages" in town.sms.trouble
    town.clock.pass_(minutes=61)
    assert town.sms.trouble == ""


@pytest.mark.parametrize("code", ["30007", "14107"])
def test_a_status_alarms_when_it_comes_and_not_each_time_it_is_read(
    town: SmsTown, caplog: pytest.LogCaptureFixture, code: str
) -> None:
    raw = urlencode(status("SM1", "undelivered", code)).encode()
    [envelope] = town.sms.open_raw(raw, town.clock.now())
    [receipt] = town.sms.receive(envelope)
    assert isinstance(receipt, ReceiptReceived)
    assert (receipt.code, town.sms.trouble, caplog.text) == (code, "", "")
    called = WebhookRequest("POST", "https://g.example/", {}, raw)
    assert town.sms.open(called, town.clock.now()) == (envelope,)
    assert code in town.sms.trouble
    assert code in caplog.text


@pytest.mark.parametrize(("code", "waits_s"), [(30003, 3600), (30001, 60), (30022, 60)])
async def test_what_a_status_tells_to_pass_is_sent_once_more_and_not_before(
    town: SmsTown, code: int, waits_s: int
) -> None:
    worked = await town.texted(HOLE)
    town.twilio.unreachable[CITIZEN] = code
    await town.send()
    [delivery] = await town.deliveries()
    assert (delivery.state, delivery.tries) == (DeliveryState.DEFERRED, 1)
    town.twilio.unreachable.clear()
    town.clock.pass_(seconds=waits_s - 1)
    await town.send()
    assert len(town.twilio.sent_to(CITIZEN)) == 1
    town.clock.pass_(seconds=2)
    await town.send()
    [delivery] = await town.deliveries()
    assert (delivery.state, delivery.tries) == (DeliveryState.DELIVERED, 2)
    assert len(town.twilio.sent_to(CITIZEN)) == 2
    assert worked.case is not None
    assert any("un autre envoi suivra" in line for line in await town.lines(worked.case.id))


async def test_a_late_word_of_the_send_before_does_not_stop_the_next_one(town: SmsTown) -> None:
    await town.texted(HOLE)
    town.twilio.unreachable[CITIZEN] = 30003
    await town.send()
    [sent] = town.twilio.sent_to(CITIZEN)
    [delivery] = await town.deliveries()
    late = status(sent.sid, "accepted", "30003")
    assert await post(town, late, query=f"?d={delivery.id}") == 200
    await town.route()
    [delivery] = await town.deliveries()
    assert delivery.state is DeliveryState.DEFERRED


async def test_a_phone_that_stays_off_is_given_up_within_two_days_and_an_agent_is_told(
    town: SmsTown,
) -> None:
    worked = await town.texted(HOLE)
    town.twilio.unreachable[CITIZEN] = 30003
    for _ in range(60):
        await town.send()
        town.clock.pass_(hours=1)
    [delivery] = await town.deliveries()
    assert delivery.state is DeliveryState.BOUNCED
    assert len(town.twilio.sent_to(CITIZEN)) == 6  # after 1, 2, 4, 8 and 16 hours
    assert worked.case is not None
    events = await town.store.events(worked.case.id)
    assert [event.kind for event in events].count(EventKind.DELIVERY_FAILED) == 1


async def test_429_makes_the_whole_number_wait_and_loses_nothing(town: SmsTown) -> None:
    await town.texted(HOLE)
    await town.texted(HOLE, sender=NEIGHBOUR)
    town.twilio.faults.push("429", retry_after=40)
    town.courier = replace(town.courier, lanes=1)
    await town.courier.run_once()
    assert await town.courier.run_once() == 0
    town.clock.pass_(seconds=60)
    await town.send()
    assert len(town.twilio.sent_to(CITIZEN)) == len(town.twilio.sent_to(NEIGHBOUR)) == 1


@pytest.mark.parametrize(
    ("code", "waits_s"),
    [(20429, 60), (30001, 60), (30022, 60), (14107, 30), (30003, 3600)],
)
async def test_a_code_that_passes_is_tried_again_and_not_before(
    town: SmsTown, code: int, waits_s: int
) -> None:
    await town.texted(HOLE)
    town.twilio.faults.push("4xx", code=code)
    await town.courier.run_once()
    [delivery] = await town.deliveries()
    assert delivery.state is DeliveryState.DEFERRED
    assert str(code) in delivery.error
    assert delivery.not_before is not None
    assert (delivery.not_before - town.clock.now()).total_seconds() >= waits_s
    town.clock.pass_(seconds=waits_s * 1.2)
    await town.send()
    assert len(town.twilio.sent_to(CITIZEN)) == 1


@pytest.mark.parametrize("code", [21211, 21614])
async def test_a_number_that_cannot_be_is_given_up_at_once(town: SmsTown, code: int) -> None:
    await town.texted(HOLE)
    town.twilio.faults.push("4xx", code=code)
    await town.send()
    [delivery] = await town.deliveries()
    assert (delivery.state, delivery.tries) == (DeliveryState.DEAD, 1)
    assert str(code) in delivery.error


async def test_a_long_french_text_arrives_whole_in_the_cheap_alphabet(town: SmsTown) -> None:
    await town.texted(HOLE)
    [waiting] = await town.deliveries()
    text = "Vos encombrants seront enlevés à l’arrêt « Chêne » : ça ne coûte rien. " * 25
    parts = town.sms.render(replace(waiting, text=text))
    assert len(parts) > 1
    assert all(segments(part.text) <= SmsSettings().segments_each for part in parts)
    assert all(part.text.isascii() or "à" in part.text for part in parts)
    for part in parts:
        await town.sms.send(part, f"i-{part.index}")
    received = " ".join(sms.body for sms in town.twilio.sent_to(CITIZEN))
    assert received.split() == " ".join(part.text for part in parts).split()


async def test_two_robots_that_text_each_other_fall_silent(town: SmsTown) -> None:
    said: Any = HOLE
    for _ in range(25):
        worked = await town.texted(said)
        said = worked.reply.text if worked.reply else said
        town.clock.pass_(seconds=20)
    await town.send()
    assert len(town.twilio.sent_to(CITIZEN)) == 1


async def test_what_twilio_takes_for_a_loop_is_told_to_the_operator(
    town: SmsTown, caplog: pytest.LogCaptureFixture
) -> None:
    await town.texted(HOLE)
    town.twilio.faults.push("4xx", code=14107)
    with caplog.at_level("WARNING", "channels.phone"):
        await town.send()
    assert "14107" in caplog.text
    assert "14107" in town.sms.trouble
    assert CITIZEN not in caplog.text
    [waiting] = await town.deliveries()
    assert waiting.state is DeliveryState.DEFERRED
