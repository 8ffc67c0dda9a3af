"""`guichet try --raw`: what a provider would have sent, read by the channel that reads it in use."""

import json
from email.message import EmailMessage
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

LAMP = "Le lampadaire rue de la Poterie à Rezé est éteint"
WEB_FORM = {
    "id": "f1", "text": LAMP, "where": "rue de la Poterie", "commune": "44143", "lat": "47.19",
    "lon": "-1.54", "name": "Léa", "reply": "page", "email": "", "phone": "", "language": "fr",
    "website": "", "do": "send",
}  # fmt: skip


def mail(**fields) -> bytes:
    message = EmailMessage()
    message["From"] = "Léa Martin <lea@citoyens.example>"
    message["To"] = "guichet@nantes.example"
    message["Subject"] = "Panne"
    message["Message-ID"] = "<1@citoyens.example>"
    for name, value in fields.items():
        header = name.replace("_", "-")
        del message[header]
        message[header] = value
    message.set_content(LAMP)
    return message.as_bytes()


def multipart(fields: dict[str, str], file: bytes = b"\xff\xd8\xff\xe0 photo") -> bytes:
    mark = b"----WebKitFormBoundaryAaB03x"
    parts = [
        b'Content-Disposition: form-data; name="%s"\r\n\r\n%s' % (name.encode(), value.encode())
        for name, value in fields.items()
    ]
    parts.append(
        b'Content-Disposition: form-data; name="photo"; filename="IMG 1.jpg"\r\n'
        b"Content-Type: image/jpeg\r\n\r\n" + file
    )
    parts.append(
        b'Content-Disposition: form-data; name="photo"; filename=""\r\n'
        b"Content-Type: application/octet-stream\r\n\r\n"
    )
    return b"".join(b"--%s\r\n%s\r\n" % (mark, part) for part in parts) + b"--%s--\r\n" % mark


def sms(**fields: str) -> bytes:
    form = {"MessageSid": "SM1", "SmsSid": "SM1", "AccountSid": "AC1", "From": "+33612345678",
            "To": "+33756000044", "Body": LAMP, "NumMedia": "0"} | fields  # fmt: skip
    return urlencode(form).encode()


def update(**message) -> dict[str, object]:
    return {
        "update_id": 1,
        "message": {
            "message_id": 5, "date": 1795341600, "chat": {"id": 4242, "type": "private"},
            "from": {"id": 4242, "is_bot": False, "first_name": "Anne", "last_name": "Le Gall"},
        } | (message or {"text": LAMP}),
    }  # fmt: skip


MATRIX = {"event_id": "$e1", "room_id": "!r:nantes.example", "type": "m.room.message",
          "sender": "@lea:nantes.example", "origin_server_ts": 1795341600000,
          "content": {"msgtype": "m.text", "body": LAMP}}  # fmt: skip
MATRIX_SYNC = {"next_batch": "s1", "rooms": {"join": {"!r:nantes.example": {
    "timeline": {"events": [MATRIX], "limited": False}}}}}  # fmt: skip
V2_DM = {"id": "91", "event_type": "MessageCreate", "text": LAMP, "sender_id": "77",
         "dm_conversation_id": "77-1", "created_at": "2026-11-24T09:00:00.000Z"}  # fmt: skip
OLD_DM = {"type": "message_create", "id": "92", "created_timestamp": "1795341600000",
          "message_create": {"target": {"recipient_id": "1"}, "sender_id": "77",
                             "message_data": {"text": LAMP, "entities": {}}}}  # fmt: skip
V2_POST = {"id": "93", "text": f"@GuichetNantes {LAMP}", "author_id": "77",
           "created_at": "2026-11-24T09:00:00.000Z", "conversation_id": "93"}  # fmt: skip
OLD_POST = {"id": 94, "id_str": "94", "text": f"@GuichetNantes {LAMP}",
            "user": {"id": 77, "id_str": "77", "name": "Léa", "screen_name": "lea"}}  # fmt: skip
PEOPLE = {"users": [{"id": "77", "name": "Léa", "username": "lea"}]}
OLD_PEOPLE = {"77": {"id": "77", "name": "Léa", "screen_name": "lea"}}
FORMS_OF_X = {
    "dm alone": V2_DM,
    "dm in its object": {"data": V2_DM, "includes": PEOPLE},
    "page of dms": {"data": [V2_DM], "includes": PEOPLE, "meta": {"result_count": 1}},
    "older dm alone": OLD_DM,
    "older webhook": {"for_user_id": "1", "direct_message_events": [OLD_DM], "users": OLD_PEOPLE},
    "post alone": V2_POST,
    "post in its object": {"data": V2_POST, "includes": PEOPLE},
    "page of mentions": {"data": [V2_POST], "includes": PEOPLE, "meta": {"newest_id": "93"}},
    "older post alone": OLD_POST,
    "older webhook of posts": {"for_user_id": "1", "tweet_create_events": [OLD_POST]},
}


@pytest.mark.parametrize("raw", FORMS_OF_X.values(), ids=FORMS_OF_X)
async def test_every_form_in_which_x_tells_of_a_message(try_raw, raw):
    result = await try_raw("x", raw)
    assert (result["action"], result["place"]["insee"]) == ("create", "44143")
    assert result["message"]["text_shown"] == LAMP
    assert result["message"]["from"] == ("@lea" if "lea" in json.dumps(raw) else "77")
    public = "GuichetNantes" in json.dumps(raw)
    assert (result["case"] in result["replies"][0]["text"]) is not public


@pytest.mark.parametrize(
    ("channel", "raw", "sender"),
    [
        ("email", mail(), "lea@citoyens.example"),
        ("email", mail().replace(b"\n", b"\r\n"), "lea@citoyens.example"),
        ("sms", sms(), "+33612345678"),
        ("sms", sms(From="whatsapp:+33612345678"), "+33612345678"),
        ("telegram", json.dumps(update()).encode(), "4242"),
        ("telegram", json.dumps({"ok": True, "result": [update()]}).encode(), "4242"),
        ("matrix", json.dumps(MATRIX).encode(), "@lea:nantes.example"),
        ("matrix", json.dumps({"event": MATRIX}).encode(), "@lea:nantes.example"),
        ("matrix", json.dumps(MATRIX_SYNC).encode(), "@lea:nantes.example"),
        ("web", urlencode(WEB_FORM).encode(), "f1"),
        ("web", multipart(WEB_FORM), "f1"),
        ("web", json.dumps(WEB_FORM).encode(), "f1"),
    ],
)
async def test_the_raw_form_is_read_by_its_channel(try_raw, channel, raw, sender):
    result = await try_raw(channel, raw, text="ce texte ne compte pas")
    assert result["action"] == "create"
    assert (result["message"]["from"], result["message"]["text_shown"]) == (sender, LAMP)
    assert result["decision"]["owner"] == "eclairage-metropole"
    assert [reply["channel"] for reply in result["replies"]] == [channel]


async def test_the_form_is_answered_where_it_says(try_raw):
    form = WEB_FORM | {"reply": "email", "email": "lea@citoyens.example"}
    result = await try_raw("web", urlencode(form).encode())
    reply = result["replies"][0]
    assert (reply["channel"], reply["to"]) == ("email", "lea@citoyens.example")
    form = WEB_FORM | {"id": "f2", "reply": "sms", "phone": "06 12 34 56 78"}
    result = await try_raw("web", urlencode(form).encode())
    assert result["replies"][0]["to"] == "+33612345678"


async def test_a_browsers_form_keeps_its_photos_and_no_empty_file_field(try_raw):
    result = await try_raw("web", multipart(WEB_FORM | {"text": ""}))
    assert result["message"]["attachments"] == ["IMG 1.jpg"]
    assert result["case"]


async def test_photos_of_every_channel_are_named_even_without_a_word(try_raw):
    message = EmailMessage()
    message["From"], message["To"] = "lea@citoyens.example", "guichet@nantes.example"
    message.add_attachment(b"\xff\xd8\xff", "image", "jpeg", filename="trou.jpg")
    media = {"NumMedia": "2", "Body": "", "MediaUrl0": "https://api.twilio.com/1",
             "MediaContentType0": "image/jpeg", "MediaUrl1": "https://api.twilio.com/2",
             "MediaContentType1": "image/png"}  # fmt: skip
    photo = {"photo": [{"file_id": "A", "width": 90, "height": 60, "file_size": 10}]}
    voice = {"chat": {"id": 7, "type": "private"}, "voice": {"file_id": "B"}}
    for channel, raw, names in (
        ("email", message.as_bytes(), ["trou.jpg"]),
        ("sms", sms(**media), ["mms-1.jpg", "mms-2.png"]),
        ("telegram", update(**photo), ["photo.jpg"]),
        ("telegram", update(**voice), ["message-vocal.ogg"]),
    ):
        result = await try_raw(channel, raw)
        assert result["message"]["attachments"] == names
        assert result["action"] in {"create", "ask"}


@pytest.mark.parametrize(
    ("channel", "raw", "action"),
    [
        ("telegram", update(sticker={"file_id": "S"}), "ignore"),
        ("telegram", update(text="/start"), "ignore"),
        ("telegram", update(text="/stop"), "opt_out"),
        ("telegram", update(text="   "), "ignore"),
        ("telegram", {"update_id": 3, "poll": {}}, "ignore"),
        ("telegram", {"update_id": 3, "message": {"text": "sans conversation"}}, "quarantine"),
        ("telegram", {"message": "non"}, "quarantine"),
        ("telegram", b"", "quarantine"),
        ("matrix", MATRIX | {"type": "m.reaction"}, "ignore"),
        ("matrix", MATRIX | {"type": "m.room.encrypted"}, "ignore"),
        ("matrix", MATRIX | {"content": ["x"]}, "quarantine"),
        ("matrix", {"rooms": []}, "quarantine"),
        ("sms", sms(Body="STOP"), "opt_out"),
        ("sms", sms(Body="Stopp", OptOutType="STOP"), "opt_out"),
        ("sms", sms(Body=""), "ignore"),
        ("sms", sms(MessageStatus="delivered"), "ignore"),
        ("sms", b"Body=sans+numero", "quarantine"),
        ("sms", b"", "quarantine"),
        ("x", {"for_user_id": "1", "favorite_events": [{"id": "1"}]}, "ignore"),
        ("x", {"data": [], "meta": {"result_count": 0}}, "ignore"),
        ("x", {"rien": "de X"}, "quarantine"),
        ("x", [1, 2], "quarantine"),
        ("x", {"data": V2_DM | {"event_type": "ParticipantsJoin"}}, "ignore"),
        ("x", {"data": V2_POST | {"text": f"RT @lea: {LAMP}"}}, "ignore"),
        ("x", {"data": V2_DM | {"sender_id": "1\n2"}}, "quarantine"),
        ("email", b"", "quarantine"),
        ("email", b"\x00\xff\xfe\x00", "quarantine"),
        ("email", mail(Auto_Submitted="auto-replied"), "ignore"),
        ("email", mail(Subject="Out of office"), "ignore"),
        ("web", b"", "quarantine"),
        ("web", b"{", "quarantine"),
        ("web", urlencode(WEB_FORM | {"text": ""}).encode(), "create"),
        ("web", b"text=&name=", "ignore"),
        ("web", b"name=Jean&couleur=bleu", "quarantine"),
        ("web", b"--x", "quarantine"),
    ],
)
async def test_what_is_no_request_opens_no_case(try_raw, channel, raw, action):
    result = await try_raw(channel, raw)
    if action == "create":  # a place and no word is still something to look at
        assert result["action"] in {"create", "ask"}
        return
    assert (result["action"], result["case"]) == (action, None)
    assert result["reason"]


async def test_a_bounce_is_no_case_and_is_not_answered(try_raw):
    raw = (
        b"Return-Path: <>\nFrom: MAILER-DAEMON@relais.example\nTo: guichet@nantes.example\n"
        b"Subject: Undelivered Mail Returned to Sender\nMIME-Version: 1.0\n"
        b'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
        b"--b\nContent-Type: text/plain\n\nI could not deliver.\n"
        b"--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; relais.example\n\n"
        b"Final-Recipient: rfc822; lea@citoyens.example\nAction: failed\nStatus: 5.1.1\n\n--b--\n"
    )
    result = await try_raw("email", raw)
    assert (result["action"], result["case"], result["replies"]) == ("ignore", None, [])
    assert result["message"]["automatic"] is True


async def test_a_raw_form_names_its_own_counter_unless_one_is_given(try_raw):
    raw = mail(To="Guichet <guichet@orvault.example>", Message_ID="<2@c>")
    text = raw.replace(LAMP.encode(), b"Un trou dans la chaussee")
    assert (await try_raw("email", text))["place"]["insee"]
    hole = sms(Body="Un trou dans la chaussée", To="+33756000047", MessageSid="SM7")
    assert (await try_raw("sms", hole))["place"]["insee"] == "44114"
    hole = sms(Body="Un trou dans la chaussée", To="+33756000047", MessageSid="SM8")
    assert (await try_raw("sms", hole, to="+33756000044"))["place"]["insee"] == "44109"


async def test_half_a_surrogate_pair_can_be_printed(try_raw):
    raw = json.dumps(update(text=f"{LAMP} \ud83d", message_id=77))
    result = await try_raw("telegram", raw.encode())
    assert result["message"]["text"] == f"{LAMP} \ufffd"
    json.dumps(result, ensure_ascii=False, default=str).encode()


async def test_a_plus_that_nobody_encoded_is_still_a_number(try_raw):
    raw = f"MessageSid=SM5&From=+33612345678&To=+33756000047&Body={LAMP}"
    result = await try_raw("sms", raw.encode())
    assert result["message"]["from"] == "+33612345678"
    assert result["replies"][0]["to"] == "+33612345678"


async def test_an_automatic_answer_on_a_known_case_is_ignored(try_one, try_raw):
    number = (await try_one(id="a", channel="email", sender="lea@b.example", text=LAMP))["case"]
    raw = mail(Subject=f"Re: [#{number}] absent", Auto_Submitted="auto-replied")
    result = await try_raw("email", raw)
    assert (result["action"], result["case"], result["replies"]) == ("ignore", None, [])


async def test_quotes_and_signatures_are_left_out_of_what_is_shown(try_raw):
    raw = (
        b"From: lea@b.example\nTo: guichet@nantes.example\nSubject: Re: Rue\n\n"
        b"Le lampadaire est toujours eteint rue de la Poterie a Reze.\n\n"
        b"Le 24 nov. 2026, Guichet a \xc3\xa9crit :\n> Bonjour, \xc3\xa7a sent le gaz ici.\n"
    )
    result = await try_raw("email", raw)
    assert "gaz" in result["message"]["text"]
    assert "gaz" not in result["message"]["text_shown"]
    assert result["urgency"] != "immediate"


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
NAMES = ("id", "channel", "kind", "from", "to", "text", "subject", "at", "location", "commune",
         "category", "raw", "attachments")  # fmt: skip
SEEDS = {
    "email": [mail(), mail().replace(b"text/plain", b"multipart/mixed; boundary=b")],
    "sms": [sms(), sms(NumMedia="9", MediaUrl0="x")],
    "telegram": [json.dumps(update(photo=[{"file_id": "A", "width": 9}])).encode()],
    "matrix": [json.dumps(raw).encode() for raw in (MATRIX, MATRIX_SYNC)],
    "x": [json.dumps(raw).encode() for raw in FORMS_OF_X.values()],
    "web": [urlencode(WEB_FORM).encode(), multipart(WEB_FORM)],
}
_fuzz = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@_fuzz
@given(fields=st.dictionaries(st.sampled_from(NAMES), ANYTHING))
async def test_no_line_whatever_breaks_the_run(try_one, fields):
    result = await try_one(**fields)
    json.dumps(result, ensure_ascii=False, default=str).encode()
    assert result["action"] in {
        "create", "append", "ask", "ignore", "redirect", "emergency", "opt_out", "quarantine",
    }  # fmt: skip


@pytest.mark.parametrize("channel", SEEDS)
@_fuzz
@given(data=st.data())
async def test_no_bytes_whatever_break_the_run(try_raw, channel, data):
    raw = bytearray(data.draw(st.sampled_from(SEEDS[channel])))
    for _ in range(data.draw(st.integers(0, 6))):
        at = data.draw(st.integers(0, len(raw)))
        raw[at : at + data.draw(st.integers(0, 12))] = data.draw(st.binary(max_size=12))
    result = await try_raw(channel, bytes(raw))
    json.dumps(result, ensure_ascii=False, default=str).encode()
    assert "échoué" not in result["reason"]
