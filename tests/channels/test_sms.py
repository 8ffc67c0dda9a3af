"""Text messages: what is read, what is refused, and what becomes of a send at a Twilio."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from pydantic import SecretStr
from twilio.request_validator import RequestValidator

from channels.phone.alphabet import segments, to_gsm7
from channels.sms import Sms, SmsSettings
from demo.twilio import TwilioSimulator
from router.delivery import (
    Delivery,
    DeliveryKind,
    DeliveryState,
    OptedOut,
    Permanent,
    Retry,
    Sent,
    Unknown,
)
from router.errors import InvalidInput, InvalidSignature, UnreadablePayload
from router.events import HelpAsked, Ignored, MessageReceived, OptedOutOf, ReceiptReceived
from router.message import Address, Attachment, Location, Message, WebhookRequest
from router.stated import Stated

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
CITIZEN, COUNTER = "+33612345678", "+33756000044"
URL = "https://guichet.example/webhooks/sms/nantes"
TOKEN, NEXT_TOKEN = "jeton", "prochain-jeton"
SETTINGS = SmsSettings(
    account_sid="AC1",
    auth_token=SecretStr(TOKEN),
    other_tokens=(SecretStr(NEXT_TOKEN),),
    public_url=URL,
)
SMS = Sms(SETTINGS, COUNTER)
FORM = {"MessageSid": "SM1", "From": CITIZEN, "To": COUNTER, "Body": "Un trou", "FromCity": ""}


def request(
    form: dict[str, str], *, token: str = TOKEN, url: str = URL, signed: str | None = None
) -> WebhookRequest:
    signature = RequestValidator(token).compute_signature(signed or url, form)
    return WebhookRequest("POST", url, {"x-twilio-signature": signature}, urlencode(form).encode())


def read(form: dict[str, str], url: str = URL) -> object:
    [envelope] = SMS.open(request(form, url=url), NOW)
    [event] = SMS.receive(envelope)
    return event


def message(**fields: str) -> Message:
    event = read({**FORM, **fields})
    assert isinstance(event, MessageReceived)
    return event.message


def delivery(text: str = "C'est noté.", **changes: object) -> Delivery:
    whole = Delivery(
        id=7,
        idem="i7",
        lane="l",
        kind=DeliveryKind.ACKNOWLEDGEMENT,
        address=Address("sms", COUNTER, CITIZEN),
        text=text,
        created_at=datetime(2026, 11, 1, tzinfo=UTC),
    )
    return replace(whole, **changes)  # type: ignore[arg-type]


# --- the signature -------------------------------------------------------------------------------


@pytest.mark.parametrize("token", [TOKEN, NEXT_TOKEN])
def test_both_tokens_are_valid_and_blank_fields_are_signed(token: str) -> None:
    SMS.verify(request(FORM, token=token))


def test_the_configured_address_counts_and_not_what_a_proxy_makes_of_it() -> None:
    behind = "http://10.0.0.3:8000/webhooks/sms/nantes"
    SMS.verify(request({**FORM, "MessageStatus": "sent"}, url=f"{behind}?d=7", signed=f"{URL}?d=7"))


@pytest.mark.parametrize("signature", [None, "", "short", "éé", "A" * 28])
def test_a_missing_short_or_wrong_signature_is_refused(signature: str | None) -> None:
    headers = {} if signature is None else {"x-twilio-signature": signature}
    with pytest.raises(InvalidSignature):
        SMS.verify(WebhookRequest("POST", URL, headers, urlencode(FORM).encode()))


def test_a_changed_field_or_another_token_is_refused() -> None:
    with pytest.raises(InvalidSignature):
        SMS.verify(request(FORM, token="other"))
    with pytest.raises(InvalidSignature):
        SMS.verify(replace(request(FORM), body=urlencode({**FORM, "Body": "x"}).encode()))


def test_without_a_token_nothing_is_authentic() -> None:
    with pytest.raises(InvalidSignature):
        Sms(SmsSettings(public_url=URL), COUNTER).verify(request(FORM, token=""))


def test_the_newer_signature_by_sha256_is_understood() -> None:
    signature = RequestValidator(TOKEN).compute_signature(URL, FORM, "HMAC_SHA256")
    headers = {
        "x-twilio-signature": signature,
        "x-twilio-webhooks-signature-settings": "key=k,algorithm=HMAC_SHA256",
    }
    SMS.verify(WebhookRequest("POST", URL, headers, urlencode(FORM).encode()))
    headers["x-twilio-webhooks-signature-settings"] = "algorithm=HMAC_MD5"
    with pytest.raises(InvalidSignature):
        SMS.verify(WebhookRequest("POST", URL, headers, urlencode(FORM).encode()))


# --- reading -------------------------------------------------------------------------------------


def test_a_message_keeps_its_words_and_its_number() -> None:
    read = message(Body="Nid de poule 🕳️ rue de la Paix")
    assert read.text_shown == "Nid de poule 🕳️ rue de la Paix"
    assert read.address == Address("sms", COUNTER, CITIZEN)
    assert (read.sender, read.provider_id, read.automatic) == (CITIZEN, "SM1", "")


def test_pictures_and_a_pin_come_with_an_empty_body() -> None:
    read = message(
        Body="", NumMedia="1", MediaUrl0="https://api.twilio.com/m/1", MediaContentType0="image/png",
        Latitude="47.2", Longitude="-1.55",
    )  # fmt: skip
    assert [(file.name, file.media_type) for file in read.attachments] == [
        ("mms-1.png", "image/png")
    ]
    assert read.location == Location(47.2, -1.55)


@pytest.mark.parametrize("sender", ["LAPOSTE", "36105"])
def test_senders_that_cannot_be_answered_are_machines(sender: str) -> None:
    assert message(From=sender).automatic


@pytest.mark.parametrize("word", ["STOP", "arret", " Arrêt. ", "UNSUBSCRIBE", "quit"])
def test_stop_is_understood_alone(word: str) -> None:
    event = read({**FORM, "Body": word})
    assert isinstance(event, OptedOutOf)
    assert not event.back_in


def test_stop_in_a_sentence_is_a_message_and_start_comes_back() -> None:
    assert isinstance(read({**FORM, "Body": "Le panneau STOP est tombé"}), MessageReceived)
    event = read({**FORM, "Body": "Start"})
    assert isinstance(event, OptedOutOf)
    assert event.back_in


def test_a_wish_in_words_is_understood_but_under_a_picture_it_is_a_caption() -> None:
    words = {**FORM, "Body": "Ne m'écrivez plus svp"}
    assert isinstance(read(words), OptedOutOf)
    picture = {
        "NumMedia": "1",
        "MediaUrl0": "https://x.example/1",
        "MediaContentType0": "image/png",
    }
    assert isinstance(read({**words, **picture}), MessageReceived)
    assert isinstance(read({**words, **picture, "Body": "STOP"}), OptedOutOf)


@pytest.mark.parametrize("word", ["AIDE", "help", "Info"])
def test_help_is_asked(word: str) -> None:
    assert isinstance(read({**FORM, "Body": word}), HelpAsked)


@pytest.mark.parametrize(
    ("status", "code", "state"),
    [
        ("queued", "", DeliveryState.SENT),
        ("sent", "", DeliveryState.SENT),
        ("delivered", "", DeliveryState.DELIVERED),
        ("undelivered", "30003", DeliveryState.BOUNCED),
        ("failed", "21610", DeliveryState.REJECTED),
    ],
)
def test_a_status_names_its_delivery(status: str, code: str, state: DeliveryState) -> None:
    form = {"MessageSid": "SM9", "MessageStatus": status, "From": COUNTER, "To": CITIZEN}
    event = read(form | ({"ErrorCode": code} if code else {}), url=f"{URL}?d=42")
    assert isinstance(event, ReceiptReceived)
    assert (event.state, event.delivery_id, event.provider_id, event.code) == (
        state,
        42,
        "SM9",
        code,
    )


def test_statuses_of_one_message_are_different_rows_of_the_citizen_s_conversation() -> None:
    form = {"MessageSid": "SM9", "From": COUNTER, "To": CITIZEN}
    [sent] = SMS.open_raw(urlencode(form | {"MessageStatus": "sent"}).encode(), NOW)
    [done] = SMS.open_raw(urlencode(form | {"MessageStatus": "delivered"}).encode(), NOW)
    assert sent.provider_id != done.provider_id
    assert sent.conversation == done.conversation == Address("sms", COUNTER, CITIZEN).key


def test_an_unknown_status_is_ignored() -> None:
    form = {"MessageSid": "SM9", "MessageStatus": "dancing", "From": COUNTER, "To": CITIZEN}
    assert isinstance(read(form), Ignored)


def test_a_form_without_an_id_is_kept_and_not_read() -> None:
    [envelope] = SMS.open_raw(b"Body=%ff&x=\x00", NOW)
    assert envelope.note
    assert envelope.payload == b"Body=%ff&x=\x00"
    with pytest.raises(UnreadablePayload):
        SMS.receive(envelope)


def test_what_is_composed_is_what_twilio_would_post() -> None:
    envelope = SMS.compose(
        Stated(
            account=COUNTER,
            sender=CITIZEN,
            text="Un arbre",
            at=NOW,
            location=Location(47.2, -1.5),
            attachments=("a.jpg",),
        )
    )
    [event] = SMS.receive(envelope)
    assert isinstance(event, MessageReceived)
    assert event.message.text == "Un arbre"
    assert event.message.location == Location(47.2, -1.5)
    assert SMS.open_raw(envelope.payload, NOW) == (envelope,)


# --- writing -------------------------------------------------------------------------------------


def test_french_is_written_in_the_cheap_alphabet_and_other_scripts_are_kept() -> None:
    assert to_gsm7("L’arrêt à la « forêt » — ça…") == 'L\'arret à la "foret" - ca...'
    assert to_gsm7("ê 🌳") == "ê 🌳"


@pytest.mark.parametrize(
    ("text", "count"),
    [("a" * 160, 1), ("a" * 161, 2), ("€" * 80, 1), ("€" * 81, 2), ("ê" * 70, 1), ("🌳" * 36, 2)],
)
def test_segments_are_counted_as_billed(text: str, count: int) -> None:
    assert segments(text) == count


@pytest.mark.parametrize("text", ["Un mot à la fois. " * 120, "شكرا جزيلا " * 80, "👨‍👩‍👧‍👦" * 90])
def test_a_long_text_becomes_several_messages_and_loses_nothing(text: str) -> None:
    parts = SMS.render(delivery(text))
    assert len(parts) > 1
    assert all(segments(part.text) <= SETTINGS.segments_each for part in parts)
    assert "".join("".join(part.text.split()) for part in parts) == "".join(text.split())
    assert not any(part.text.startswith("\u200d") for part in parts)


# --- sending -------------------------------------------------------------------------------------


@pytest.fixture
async def twilio() -> AsyncIterator[TwilioSimulator]:
    async with TwilioSimulator() as simulator:
        yield simulator


@pytest.fixture
async def sms(twilio: TwilioSimulator) -> AsyncIterator[Sms]:
    channel = Sms(
        SmsSettings(
            account_sid=twilio.account_sid,
            auth_token=SecretStr(twilio.auth_token),
            base_url=twilio.base_url,
            deadline_s=0.5,
        ),
        COUNTER,
    )
    yield channel
    await channel.close()


async def test_a_reply_reaches_the_phone(twilio: TwilioSimulator, sms: Sms) -> None:
    [part] = sms.render(delivery())
    outcome = await sms.send(part, "i7")
    [received] = await twilio.until_received(CITIZEN)
    assert outcome == Sent((received.sid,))
    assert (received.body, received.from_) == ("C'est noté.", COUNTER)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (21610, OptedOut),
        (21211, Permanent),
        (21614, Permanent),
        (30007, Permanent),
        (30003, Retry),
        (14107, Retry),
        (30022, Retry),
    ],
)
async def test_twilio_s_codes_say_what_to_do(
    twilio: TwilioSimulator, sms: Sms, code: int, expected: type
) -> None:
    twilio.faults.push("4xx", code=code)
    assert isinstance(await sms.send(sms.render(delivery())[0], "i"), expected)


async def test_a_limit_asks_everybody_to_wait(twilio: TwilioSimulator, sms: Sms) -> None:
    twilio.faults.push("429", retry_after=9)
    outcome = await sms.send(sms.render(delivery())[0], "i")
    assert isinstance(outcome, Retry)
    assert (outcome.throttled, outcome.after_s) == (True, 9.0)


@pytest.mark.parametrize("fault", ["hang", "cut-after-accept"])
async def test_an_unknown_outcome_is_settled_by_asking_twilio(
    twilio: TwilioSimulator, sms: Sms, fault: str
) -> None:
    twilio.faults.push(fault)
    outcome = await sms.send(sms.render(delivery())[0], "i")
    assert isinstance(outcome, Unknown)
    found = await sms.find(delivery(), "i")
    sent = twilio.sent_to(CITIZEN)
    assert found == (Sent((sent[0].sid,)) if fault == "cut-after-accept" else None)


async def test_a_like_message_of_last_month_is_not_taken_for_this_one(
    twilio: TwilioSimulator, sms: Sms
) -> None:
    await sms.send(sms.render(delivery())[0], "i")
    assert await sms.find(delivery(created_at=datetime(2999, 1, 1, tzinfo=UTC)), "i") is None


async def test_the_rest_of_a_long_text_follows_what_had_left(
    twilio: TwilioSimulator, sms: Sms
) -> None:
    long = delivery(" ".join(f"mot{n}" for n in range(300)))
    parts = sms.render(long)
    await sms.send(parts[0], "i")
    outcome = await sms.find(long, "i")
    assert isinstance(outcome, Sent)
    assert [s.body for s in await twilio.until_received(CITIZEN, len(parts))] == [
        part.text for part in parts
    ]


async def test_a_server_that_is_not_there_has_sent_nothing() -> None:
    lost = Sms(SETTINGS.model_copy(update={"base_url": "http://127.0.0.1:9"}), COUNTER)
    assert isinstance(await lost.send(lost.render(delivery())[0], "i"), Retry)
    assert not (await lost.health()).ok
    await lost.close()


async def test_pictures_are_fetched_with_the_password_and_followed_without_it(
    twilio: TwilioSimulator, sms: Sms
) -> None:
    sid = await twilio.citizen_sends(CITIZEN, COUNTER, "", [("image/jpeg", b"\xff\xd8photo")])
    record = twilio._ledger.data["messages"][sid]
    url = f"{twilio.base_url}/2010-04-01/Accounts/{twilio.account_sid}/Messages/{sid}/Media/"
    form = {**FORM, "NumMedia": "1", "MediaUrl0": url + record["media"][0][0]}
    [envelope] = sms.open_raw(urlencode(form).encode(), NOW)
    [event] = sms.receive(envelope)
    assert isinstance(event, MessageReceived)
    [file] = event.message.attachments
    assert await sms.fetch_media(envelope, file, 100) == b"\xff\xd8photo"
    with pytest.raises(InvalidInput):
        await sms.fetch_media(envelope, file, 3)
    elsewhere = replace(file, ref="http://169.254.169.254/latest")
    with pytest.raises(InvalidInput):
        await sms.fetch_media(envelope, elsewhere, 100)


async def test_a_photo_lies_where_twilio_redirects_to_and_no_password_goes_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[tuple[str, bool]] = []
    redirect = "https://mms.twiliocdn.com/AC1/photo?Signature=x"

    async def download(http: object, url: str, limit: int, auth: object) -> bytes | str:
        asked.append((url, auth is not None))
        return redirect if url.startswith("https://api.") else b"photo"

    monkeypatch.setattr("channels.phone.twilio_files._download", download)
    [envelope] = SMS.open_raw(urlencode(FORM).encode(), NOW)
    for url in ("https://api.twilio.com/1", "https://media.twiliocdn.com/1"):
        photo = Attachment("mms-1.jpg", "image/jpeg", None, url)
        assert await SMS.fetch_media(envelope, photo, 100) == b"photo"
    assert asked == [
        ("https://api.twilio.com/1", True),
        (redirect, False),
        ("https://media.twiliocdn.com/1", False),
    ]


@pytest.mark.parametrize(
    "url",
    [
        "http://api.twilio.com/1", "https://127.0.0.1/1", "https://169.254.169.254/latest",
        "https://api.twilio.com.evil.example/1", "https://evil.example/twilio.com", "file:///etc/x",
        "", "::", "https://[::1]/1",
    ],
)  # fmt: skip
async def test_no_other_address_is_ever_fetched(url: str) -> None:
    [envelope] = SMS.open_raw(urlencode(FORM).encode(), NOW)
    with pytest.raises(InvalidInput):
        await SMS.fetch_media(envelope, Attachment("a", "image/jpeg", None, url), 100)


@pytest.mark.parametrize(
    ("fields", "confirmed"),
    [
        ({"Body": "STOP"}, True),
        ({"Body": "revoke"}, True),
        ({"Body": "ARRET"}, False),
        ({"Body": "Basta", "OptOutType": "STOP"}, True),
    ],
)
def test_twilio_confirms_its_own_words_and_no_others(
    fields: dict[str, str], confirmed: bool
) -> None:
    event = read({**FORM, **fields})
    assert isinstance(event, OptedOutOf)
    assert event.confirmed is confirmed
    quiet = Sms(SETTINGS.model_copy(update={"answers_stop": True}), COUNTER)
    [envelope] = quiet.open_raw(urlencode({**FORM, **fields}).encode(), NOW)
    [event] = quiet.receive(envelope)
    assert isinstance(event, OptedOutOf)
    assert not event.confirmed


def test_help_that_twilio_has_given_is_not_given_twice() -> None:
    assert isinstance(read({**FORM, "Body": "Hulp", "OptOutType": "HELP"}), Ignored)


@pytest.mark.parametrize(
    ("written", "number"),
    [("06 12 34 56 78", "+33612345678"), ("+44 7911 123456", "+447911123456"), ("AMELI", "AMELI")],
)
def test_a_composed_message_comes_from_a_number_as_twilio_writes_it(
    written: str, number: str
) -> None:
    [event] = SMS.receive(
        SMS.compose(Stated(account=COUNTER, sender=written, text="Un trou", at=NOW))
    )
    assert isinstance(event, MessageReceived)
    assert (event.message.sender, event.message.address.value) == (number, number)
