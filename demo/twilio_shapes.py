"""Shape what Twilio says: its JSON, the forms of its webhooks and their signature."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse


def sign(token: str, url: str, form: Mapping[str, str], digest: str = "sha1") -> str:
    """Sign a webhook as Twilio does: the URL, then every field, sorted, name and value joined.

    Source: https://www.twilio.com/docs/usage/security
    """
    text = url + "".join(name + form[name] for name in sorted(form))
    return base64.b64encode(hmac.digest(token.encode(), text.encode("utf-8"), digest)).decode()


def signature_headers(
    token: str, shared_key: tuple[str, str] | None, url: str, form: Mapping[str, str]
) -> dict[str, str]:
    """Sign by the account's token (HMAC-SHA1) or a shared key of (id, secret) (HMAC-SHA256)."""
    if shared_key is None:
        return {"X-Twilio-Signature": sign(token, url, form)}
    key_id, secret = shared_key
    return {
        "X-Twilio-Signature": sign(secret, url, form, "sha256"),
        "X-Twilio-Webhooks-Signature-Settings": f"key={key_id},algorithm=HMAC_SHA256",
    }


def inbound_form(message: Mapping[str, Any], base_url: str) -> dict[str, str]:
    """Fill the form that announces an inbound message, blank fields included."""
    sid = message["sid"]
    form = dict.fromkeys(
        ("FromCity", "FromState", "FromZip", "ToCity", "ToState", "ToZip"),
        "",  # a French number tells no place, but the fields are sent, and signed, all the same
    )
    form |= {"FromCountry": "FR", "ToCountry": "FR", "ApiVersion": "2010-04-01"}
    form |= {"MessageSid": sid, "SmsSid": sid, "SmsMessageSid": sid, "SmsStatus": "received"}
    form |= {"AccountSid": message["account_sid"], "From": message["from"], "To": message["to"]}
    form |= {"Body": message["body"], "NumMedia": message["num_media"]}
    form["NumSegments"] = message["num_segments"]
    for place, (media_sid, content_type) in enumerate(message["media"]):
        form[f"MediaUrl{place}"] = f"{base_url}{path_of(message)}/Media/{media_sid}"
        form[f"MediaContentType{place}"] = content_type
    if message["from"].startswith("whatsapp:"):
        form |= {"WaId": message["from"].removeprefix("whatsapp:+"), "ProfileName": ""}
        form |= {"MessageType": "text", "ChannelMetadata": "{}"}
    return {**form, **message.get("extra", {})}


def status_form(message: Mapping[str, Any], status: str) -> dict[str, str]:
    """Fill the form that tells how far an outbound message came."""
    sid = message["sid"]
    form = {"MessageSid": sid, "SmsSid": sid, "MessageStatus": status, "SmsStatus": status}
    form |= {"AccountSid": message["account_sid"], "From": message["from"], "To": message["to"]}
    form["ApiVersion"] = "2010-04-01"
    if status in {"undelivered", "failed"}:
        form["ErrorCode"] = str(message["error_code"])
    return form


def path_of(message: Mapping[str, Any]) -> str:
    """Give the path of a message in the API."""
    return f"/2010-04-01/Accounts/{message['account_sid']}/Messages/{message['sid']}"


def public(message: Mapping[str, Any]) -> dict[str, Any]:
    """Show a message as the API does."""
    shown = {name: value for name, value in message.items() if name not in {"media", "extra"}}
    path = path_of(message)
    return shown | {
        "api_version": "2010-04-01",
        "error_message": None,
        "messaging_service_sid": None,
        "price": None,
        "price_unit": "USD",
        "subresource_uris": {"media": f"{path}/Media.json"},
        "uri": f"{path}.json",
    }


def error(
    status: int, code: int, message: str, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """Refuse as Twilio does."""
    body = {"code": code, "message": message, "status": status}
    body["more_info"] = f"https://www.twilio.com/docs/errors/{code}"
    return JSONResponse(body, status, headers=headers)
