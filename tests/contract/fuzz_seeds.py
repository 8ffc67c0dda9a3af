"""What providers say when all is well, from which the fuzzing starts; more than one message each.

Every channel of the registry also brings its own genuine call and message.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from channel_harnesses import Harness


def seeds(name: str, harness: Harness) -> list[bytes]:
    """List what a channel is told."""
    found = list(SEEDS.get(name, ()))
    if harness.message is not None:
        found += [
            harness.message("Un trou", (), "1").payload,
            harness.message("Deux trous", ("trou.jpg",), "2").payload,
        ]
    if harness.genuine is not None:
        found.append(harness.genuine.body)
    return found


def _json(said: Any) -> bytes:
    return json.dumps(said).encode()


def _form(**fields: str) -> bytes:
    return urlencode(fields).encode()


# --- Telegram ------------------------------------------------------------------------------------

_LEA = {"id": 42, "is_bot": False, "first_name": "Léa", "last_name": "M.", "language_code": "fr"}
_CHAT = {"id": 42, "type": "private", "first_name": "Léa"}
_GROUP = {"id": -1001, "type": "supergroup", "title": "Rue du Puits"}
_FILE = {"file_id": "abc", "file_unique_id": "d", "file_size": 1000}
_SIZES = [{**_FILE, "width": 90, "height": 67}, {**_FILE, "width": 1280, "height": 960}]
_PLACE = {"latitude": 47.2, "longitude": -1.55, "horizontal_accuracy": 12.0}


def _update(**parts: Any) -> dict[str, Any]:
    message = {"message_id": 7, "date": 1_795_512_900, "chat": _CHAT, "from": _LEA, **parts}
    return {"update_id": 1, "message": message}


_EDITED = {**_update(text="Deux trous")["message"], "edit_date": 1_795_512_999}
_PRESS = {"id": "9", "from": _LEA, "data": "oui", "chat_instance": "1"}
_MEMBER = {"chat": _CHAT, "from": _LEA, "date": 1, "new_chat_member": {"status": "kicked"}}
_TELEGRAM = (
    *(_json(_update(**parts)) for parts in (
        {"text": "/start rue-1"},
        {"photo": _SIZES, "caption": "Un trou", "media_group_id": "album"},
        {"document": {**_FILE, "file_name": "trou.pdf", "mime_type": "application/pdf"}},
        {"voice": {**_FILE, "duration": 3, "mime_type": "audio/ogg"}},
        {"location": _PLACE},
        {"venue": {"location": _PLACE, "title": "Mairie", "address": "2 rue de l'Hôtel"}},
        {"contact": {"phone_number": "+33612345678", "first_name": "Léa", "user_id": 42}},
        {"text": "@GuichetNantesBot un trou", "chat": _GROUP},
        {"text": "oui", "reply_to_message": _update(text="?")["message"]},
        {"sticker": {**_FILE, "emoji": "👍"}},
    )),
    _json({"update_id": 2, "edited_message": _EDITED}),
    _json({"update_id": 3, "callback_query": {**_PRESS, "message": _update()["message"]}}),
    _json({"update_id": 4, "my_chat_member": _MEMBER}),
    _json({"ok": True, "result": [_update(text="Un"), _update(text="Deux")]}),
)  # fmt: skip

# --- X -------------------------------------------------------------------------------------------

_USERS = [{"id": "42", "name": "Anne", "username": "anne"}]
_MEDIA = [{"media_key": "3_1", "type": "photo", "url": "https://pbs.twimg.com/media/a.jpg"}]
_KEYS = {"media_keys": ["3_1"]}
_DM = {
    "id": "100", "event_type": "MessageCreate", "text": "Un trou &amp; un autre", "sender_id": "42",
    "dm_conversation_id": "42-1", "created_at": "2026-11-24T09:15:00.000Z", "attachments": _KEYS,
}  # fmt: skip
_POST = {
    "id": "101", "text": "@GuichetNantes un trou", "author_id": "42", "conversation_id": "101",
    "created_at": "2026-11-24T09:15:00.000Z", "attachments": _KEYS,
    "referenced_tweets": [{"type": "replied_to", "id": "99"}],
}  # fmt: skip
_INCLUDES = {"users": _USERS, "media": _MEDIA}
_OLD_DM = {
    "type": "message_create", "id": "100", "created_timestamp": "1795512900000",
    "message_create": {
        "sender_id": "42", "target": {"recipient_id": "1"},
        "message_data": {
            "text": "Un trou",
            "attachment": {"media": {"type": "photo", "media_url_https": "https://pbs.twimg.com/a"}},
        },
    },
}  # fmt: skip
_OLD_POST = {
    "id_str": "101", "text": "@GuichetNantes un trou", "in_reply_to_status_id_str": "99",
    "user": {"id_str": "42", "name": "Anne", "screen_name": "anne"},
    "extended_tweet": {"full_text": "@GuichetNantes un trou, un grand"},
}  # fmt: skip
_OLD_USERS = {"42": {"name": "Anne", "screen_name": "anne"}}
_X = tuple(
    map(
        _json,
        (
            {"data": [_DM], "includes": _INCLUDES, "meta": {"result_count": 1, "next_token": "t"}},
            {"data": [_POST], "includes": _INCLUDES},
            {"direct_message_events": [_OLD_DM], "users": _OLD_USERS, "for_user_id": "1"},
            {"tweet_create_events": [_OLD_POST], "for_user_id": "1"},
            {**_DM, "includes": _INCLUDES},
            _OLD_POST,
        ),
    )
)

# --- Matrix --------------------------------------------------------------------------------------

_ME, _ANNE, _ROOM = "@guichet:nantes.example", "@anne:citoyens.example", "!r:nantes.example"
_HERE = {"direct": True, "empty": False, "name": "Anne", "me": "Guichet"}


def _event(kind: str, content: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    event = {"event_id": "$e", "room_id": _ROOM, "type": kind, "sender": _ANNE, **more}
    return {**event, "content": content, "origin_server_ts": 1_795_341_600_123}


def _said(body: str = "Un trou", kind: str = "m.text", **more: Any) -> dict[str, Any]:
    return _event("m.room.message", {"msgtype": kind, "body": body, **more})


_REPLACES = {"rel_type": "m.replace", "event_id": "$first"}
_ANSWERS = {"rel_type": "m.thread", "event_id": "$t", "m.in_reply_to": {"event_id": "$q"}}
_EVENTS = (
    _said("* Deux", **{"m.new_content": {"msgtype": "m.text", "body": "Deux"},
                       "m.relates_to": _REPLACES}),
    _said("> <@g:x.example> Où ?\n\nRue Scribe", **{"m.relates_to": _ANSWERS}),
    _said(f"{_ME} un banc", **{"m.mentions": {"user_ids": [_ME]}, "formatted_body": "<b>x</b>"}),
    _said("Ici", "m.location", geo_uri="geo:47.2,-1.55;u=12",
          **{"m.location": {"uri": "geo:47.2,-1.55", "description": "devant l'école"}}),
    _said("Voilà", "m.image", filename="trou.jpg", url="mxc://nantes.example/abc",
          info={"mimetype": "image/jpeg", "size": 1000, "w": 640, "h": 480}),
    _said("voix.ogg", "m.audio", url="mxc://nantes.example/abc",
          **{"org.matrix.msc3245.voice": {}, "info": {"duration": 3000}}),
    _event("m.room.redaction", {"redacts": "$first"}, redacts="$first"),
    _event("m.room.encrypted", {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "AwgA"}),
    _event("m.room.member", {"membership": "leave"}, state_key=_ME),
    _event("m.reaction", {"m.relates_to": {"rel_type": "m.annotation", "event_id": "$e"}}),
)  # fmt: skip
_TIMELINE = {"events": list(_EVENTS), "limited": False, "prev_batch": "t1"}
_SYNC = {"next_batch": "s2", "rooms": {"join": {_ROOM: {"timeline": _TIMELINE}}}}
_MATRIX = (*(_json({"event": event, "room": _HERE}) for event in _EVENTS), _json(_SYNC))

# --- desk ----------------------------------------------------------------------------------------

_LETTER = {"by": "letter", "to": "Léa Martin, 12, rue de la Paix, 44000 Nantes"}
_DESK = tuple(
    map(
        _json,
        (
            {"id": "1", "kind": "case", "source": "letter", "text": "Un trou", "reply": _LETTER,
             "agent": "anne", "behalf_of": "M. Paul", "received_at": "2026-11-20T09:00:00+01:00",
             "name": "Léa", "language": "fr", "commune": "44109", "category": "voirie",
             "where": "2 rue du Puits", "case": "7K4M-Q2XD-9TC",
             "attachments": [{"name": "a.jpg", "media_type": "image/jpeg", "size": 9, "ref": "r"}]},
            {"id": "2", "source": "missed_call", "reply": {"by": "callback", "to": "0240000000"}},
            {"id": "3", "kind": "done", "task": 7, "outcome": "read", "agent": "anne"},
            {"id": "4", "kind": "done", "task": 8, "outcome": "instead", "reply": {"by": "page"}},
        ),
    )
)  # fmt: skip

# --- texts, forms, partners ----------------------------------------------------------------------

_TWILIO = {"MessageSid": "SM1", "From": "+33612345678", "To": "+33756000044", "Body": "Un trou"}
_RECEIPT = {"MessageSid": "SM2", "To": "+33612345678", "MessageStatus": "undelivered"}
_PICTURE = {"NumMedia": "1", "MediaUrl0": "https://api.twilio.com/m/1"}
_SMS = (
    _form(**_TWILIO, **_PICTURE, MediaContentType0="image/jpeg"),
    _form(**{**_TWILIO, "Body": "STOP", "OptOutType": "STOP"}),
    _form(**_RECEIPT, ErrorCode="30007", GuichetDelivery="7"),
    _form(**{**_TWILIO, "Body": ""}, Latitude="47.2", Longitude="-1.55", Label="Mairie"),
)
_OVH = (
    _json({"id": 7, "sender": "+33612345678", "message": "Un trou", "tag": "t", "credits": 1}),
    _form(id="7", ptt="3", date="2026-11-24", description="ok", senderid="x", cle="s"),
)
_ACT = {
    "case": "p" * 30, "act": "close", "reason": "fini", "text": "Réparé.", "reference": "R-1",
    "attachments": [{"name": "a.jpg", "media_type": "image/jpeg", "size": 10, "ref": "r"}],
}  # fmt: skip
_REQUEST = {
    "service_request_id": "638344", "status": "closed", "status_notes": "Duplicate",
    "service_name": "Trou", "service_code": 6, "updated_datetime": "2026-11-24T09:15:00Z",
    "update_id": "u1", "description": "Réparé", "media_url": None,
}  # fmt: skip
_REPORT = {
    "id": "f1", "text": "Un trou", "where": "2 rue du Puits", "lat": 47.2, "lon": -1.55,
    "accuracy": 12, "reply": "email", "email": "lea@x.example", "phone": "0612345678",
    "name": "Léa", "language": "fr", "annoyance": 7, "commune": "44109", "postcode": "44000",
    "attachments": [{"name": "a.jpg", "media_type": "image/jpeg", "size": 10, "ref": "r"}],
}  # fmt: skip
_PARTED = (
    b"--b\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\nUn trou\r\n"
    b"--b\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"a.jpg\"\r\n"
    b"Content-Type: image/jpeg\r\n\r\n\xff\xd8\xff\xe0\r\n--b--\r\n"
)  # fmt: skip
_MAILS = Path(__file__).parents[1] / "channels" / "mails"

_WORD = {"from": "metropole", "to": "nantes", "number": "7000000000R", "epoch": 1}
_CELL = tuple(
    _json({"transfer": {**_WORD, "word": word, **more}, "case": case})
    for word, more, case in (
        ("offer", {"hops": ["metropole"], "people": [{"channel": "sms", "value": "+33612345678"}]},
         {"text": "Un trou", "urgency": "high", "received_at": "2026-11-22T10:00:00+00:00",
          "place": {"street": "2 rue du Puits", "lat": 47.2, "lon": -1.55, "precision_m": 5,
                    "communes": [{"insee": "44109", "name": "Nantes"}]},
          "answers": [{"fact": "date", "text": "hier"}],
          "files": [{"name": "a.jpg", "media_type": "image/jpeg", "size": 10,
                     "path": "/p/p.a.b.c.d/fichier/1-abcdef01"}]}),
        ("addition", {}, {"added": "Toujours là"}),
        ("status", {"incarnation": 1, "sequence": 2, "status": "resolved", "text": "Fait"}, {}),
        ("return", {"text": "Pas nous", "instead": "eau"}, {}),
        ("offer", {"hops": ["a", "metropole"], "public_number": "7000000000R", "confidential": True},
         {"text": "", "category_name": "Eau", "due_at": "2026-11-30", "proposals": ["Voirie"],
          "service": {"name": "Eau"}, "reporters": [{"name": "Léa"}]}),
        *((word, {"text": "Rien"}, {}) for word in ("withdraw", "recall", "decline", "end", "ping")),
        ("accept", {"incarnation": 1_795_512_900, "sequence": 1, "speaks": True}, {}),
        ("question", {"incarnation": 1, "sequence": 2, "text": "Où ?"}, {}),
    )
)  # fmt: skip

SEEDS: Mapping[str, tuple[bytes, ...]] = {
    "telegram": _TELEGRAM,
    "x": _X,
    "matrix": _MATRIX,
    "desk": _DESK,
    "sms": _SMS,
    "whatsapp": tuple(seed.replace(b"From=", b"From=whatsapp%3A") for seed in _SMS),
    "sms-ovh": _OVH,
    "partner_webhook": (_json(_ACT),),
    "cell": _CELL,
    "partner_open311": tuple(
        _json({"forward": "https://x#1", "kind": kind, "record": _REQUEST})
        for kind in ("request", "update")
    ),
    "partner_email": (_json({**_ACT, "token": "a-x-y"}),),
    "open311": (
        _form(service_code="voirie", description="Un trou", lat="47.2", long="-1.55",
              address_string="2 rue du Puits", email="lea@x.example", first_name="Léa",
              media_url="https://photos.example/a.jpg", **{"attribute[taille]": "grand"}),
        _form(service_request_id="7K4M", update_id="u1", description="Toujours là"),
    ),
    "web": (_json(_REPORT), _form(text="Un trou", reply="sms", phone="0612345678"), _PARTED),
    "email": tuple(path.read_bytes() for path in sorted(_MAILS.glob("*.eml"))),
}  # fmt: skip
