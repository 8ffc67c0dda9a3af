"""Stand in for Twilio: its Messages API, its signed webhooks and the phones of citizens."""

from __future__ import annotations

import asyncio
import base64
import hmac
import re
import secrets
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from demo.clock import WallClock
from demo.faults import Fault, FaultKind, Faults
from demo.ledger import Ledger
from demo.server import LoopbackServer, cut
from demo.sms_lengths import segments
from demo.twilio_shapes import error, inbound_form, public, signature_headers, status_form
from demo.twilio_templates import NOT_ITS_FIELDS, Templates
from demo.webhooks import hand_over
from router.ports import Clock

AUTH_TOKEN = "jeton-de-demonstration"
STOP_WORDS = frozenset(
    {"STOP", "STOPALL", "ARRET", "ARRÊT", "UNSUBSCRIBE", "CANCEL", "END", "QUIT"}
)
START_WORDS = frozenset({"START", "UNSTOP", "YES"})
LONGEST_BODY = 1600
WHATSAPP = "whatsapp:"
WINDOW = timedelta(hours=24)
"""How long after a person's last message WhatsApp takes free text."""
OUTSIDE_WINDOW = 63016
MACHINE = 30039
_FAILS = {OUTSIDE_WINDOW, NOT_ITS_FIELDS}
"""What WhatsApp refuses, as it says after the message was taken."""
STATUS_TRIES = 40
"""Twilio gives up on a status callback sooner than on a message; the status can be asked for."""


@dataclass(frozen=True, slots=True)
class Sms:
    """A text message as the citizen's phone shows it."""

    sid: str
    from_: str
    to: str
    body: str
    status: str


class TwilioSimulator:
    """One Twilio account with its numbers, as a server on loopback.

    Faults: ``send`` (429, 403, 4xx with a code, 5xx, hang, cut-after-accept), ``lookup`` (429, 5xx,
    hang), ``media`` (5xx, hang), ``deliver`` (redeliver, reorder: inbound webhooks), ``status``
    (redeliver, reorder: status callbacks).
    """

    def __init__(
        self,
        account_sid: str = "AC" + "0123456789abcdef" * 2,
        auth_token: str = AUTH_TOKEN,
        numbers: Sequence[str] = ("+33756000044", "+33756000047"),
        *,
        state_dir: Path | None = None,
        port: int = 0,
        clock: Clock | None = None,
    ) -> None:
        self.account_sid, self.auth_token, self.numbers = account_sid, auth_token, tuple(numbers)
        self.faults = Faults()
        self.templates = Templates(account_sid)
        self.shared_key: tuple[str, str] | None = None
        """Id and secret of a key that signs the webhooks instead of the account's token."""
        self.unreachable: dict[str, int] = {}
        """Numbers whose messages end as ``undelivered``, with Twilio's error code (30003 …)."""
        self._clock = clock or WallClock()
        self._webhooks: dict[str, str] = {}
        self._held: list[str] = []
        self._phones: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._ledger = Ledger(
            "twilio", state_dir, {"messages": {}, "opted_out": [], "inbound": {}, "statuses": {}}
        )
        account = f"/2010-04-01/Accounts/{account_sid}"
        self._http = LoopbackServer(
            [
                Route(f"{account}/Messages.json", self._create, methods=["POST"]),
                Route(f"{account}/Messages.json", self._list, methods=["GET"]),
                Route(f"{account}/Messages/{{sid}}.json", self._fetch, methods=["GET"]),
                Route(f"{account}/Messages/{{sid}}/Media/{{media}}", self._media),
                Route("/content/{media}", self._content),
                Route(f"{account}/IncomingPhoneNumbers.json", self._numbers, methods=["GET"]),
                Route("/v1/Content/{sid}/ApprovalRequests", self._approval, methods=["GET"]),
            ],
            port,
        )

    # --- life ------------------------------------------------------------------------------------

    @property
    def base_url(self) -> str:
        """What stands for https://api.twilio.com."""
        return self._http.url

    @property
    def port(self) -> int:
        return self._http.port

    async def start(self) -> None:
        self._ledger.load()
        self._client = httpx.AsyncClient(timeout=15.0)
        await self._http.start()
        for sid in self._ledger.data["inbound"]:
            self._http.spawn(self._deliver_inbound(sid))
        for sid in self._ledger.data["statuses"]:
            self._http.spawn(self._report_statuses(sid))

    async def stop(self) -> None:
        await self._http.stop()
        await self._client.aclose()

    async def __aenter__(self) -> TwilioSimulator:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def connect(self, number: str, webhook_url: str) -> None:
        """Say where messages to this number are posted, as in Twilio's console."""
        self._webhooks[number] = webhook_url

    # --- citizens --------------------------------------------------------------------------------

    async def citizen_sends(
        self,
        from_: str,
        to: str,
        body: str,
        media: Sequence[tuple[str, bytes]] = (),
        *,
        machine: bool = False,
        **extra: str,
    ) -> str:
        """Text a number of the account, with media as (type, bytes); give the message's id.

        On WhatsApp both numbers begin with ``whatsapp:``. ``extra`` are further fields of the form
        (ProfileName, Latitude, ButtonText …). The webhook is posted in the background, in order for
        each phone, until it is answered; for what looks like a machine it never is (30039).
        """
        word = body.strip().upper()
        if word in STOP_WORDS and not from_.startswith(WHATSAPP):
            self._opt(from_, to, out=True)
        elif word in START_WORDS:
            self._opt(from_, to, out=False)
        sid = ("MM" if media else "SM") + secrets.token_hex(16)
        record = self._record(sid, from_, to, body, "inbound", "received")
        for content_type, content in media:
            media_sid = "ME" + secrets.token_hex(16)
            self._ledger.keep_file(media_sid, content)
            record["media"].append([media_sid, content_type])
        record["num_media"] = str(len(media))
        record["extra"] = extra
        if machine:
            record |= {"status": "failed", "error_code": MACHINE}
            self._ledger.changed()
            return sid
        self._ledger.data["inbound"][sid] = True
        self._ledger.changed()
        self._schedule(sid)
        return sid

    def sent_to(self, number: str) -> list[Sms]:
        """List what this phone received, oldest first."""
        return [
            Sms(m["sid"], m["from"], m["to"], m["body"], m["status"])
            for m in self._ledger.data["messages"].values()
            if m["direction"] == "outbound-api" and m["to"] == number
        ]

    def sent_by(self, number: str) -> list[str]:
        """List what this phone wrote, so that a script can resume where it was killed."""
        return [
            m["body"]
            for m in self._ledger.data["messages"].values()
            if m["direction"] == "inbound" and m["from"] == number
        ]

    def messages(self) -> list[Sms]:
        """List all that went between the account and phones, in either direction, oldest first."""
        return [
            Sms(m["sid"], m["from"], m["to"], m["body"], m["status"])
            for m in self._ledger.data["messages"].values()
        ]

    async def until(self, condition: Callable[[], object], seconds: float = 10.0) -> None:
        """Wait until a condition holds, looking again after each change; raises TimeoutError."""
        await self._ledger.until(condition, seconds)

    async def until_received(self, number: str, count: int = 1, seconds: float = 10.0) -> list[Sms]:
        """Wait until this phone has received so many messages."""
        await self._ledger.until(lambda: len(self.sent_to(number)) >= count, seconds)
        return self.sent_to(number)

    async def until_quiet(self, seconds: float = 10.0) -> None:
        """Wait until every webhook has been answered."""
        data = self._ledger.data
        await self._ledger.until(lambda: not data["inbound"] and not data["statuses"], seconds)

    def _opt(self, citizen: str, number: str, *, out: bool) -> None:
        pairs: list[list[str]] = self._ledger.data["opted_out"]
        if out and [citizen, number] not in pairs:
            pairs.append([citizen, number])
        elif not out and [citizen, number] in pairs:
            pairs.remove([citizen, number])

    # --- webhooks --------------------------------------------------------------------------------

    def _schedule(self, sid: str) -> None:
        fault = self.faults.take("deliver")
        if fault and fault.kind is FaultKind.REORDER:
            self._held.append(sid)  # goes out after the next one
            return
        self._http.spawn(self._deliver_inbound(sid, times=1 + _doubled(fault)))
        held, self._held = self._held, []
        for late in held:
            self._http.spawn(self._deliver_inbound(late))

    async def _deliver_inbound(self, sid: str, times: int = 1) -> None:
        message = self._ledger.data["messages"][sid]
        async with self._phones[message["from"]]:
            for _ in range(times):
                form = inbound_form(message, self.base_url)
                await self._post(lambda: self._webhooks.get(message["to"]), form)
        self._ledger.data["inbound"].pop(sid, None)
        self._ledger.changed()

    async def _report_statuses(self, sid: str) -> None:
        message, data = self._ledger.data["messages"][sid], self._ledger.data
        url: str = data["statuses"][sid]
        last = "undelivered" if message["error_code"] else "delivered"
        last = "failed" if message["error_code"] in _FAILS else last
        statuses = ["queued", "sent", last]
        fault = self.faults.take("status")
        if fault and fault.kind is FaultKind.REORDER:
            statuses.reverse()
        for status in statuses * (1 + _doubled(fault)):
            message["status"] = status if fault is None else last
            if url:
                await self._post(lambda: url, status_form(message, status), STATUS_TRIES)
        data["statuses"].pop(sid, None)
        self._ledger.changed()

    async def _post(self, url: Any, form: Mapping[str, str], tries: int | None = None) -> None:
        await hand_over(
            self._client,
            url,
            urlencode(form).encode(),
            lambda target: {
                "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
                "User-Agent": "TwilioProxy/1.1",
                **signature_headers(self.auth_token, self.shared_key, target, form),
            },
            tries=tries,
        )

    # --- the Messages API ------------------------------------------------------------------------

    async def _create(self, request: Request) -> Response:
        if not self._authorised(request):
            return error(401, 20003, "Authenticate")
        fault = self.faults.take("send")
        if fault and fault.kind is not FaultKind.CUT_AFTER_ACCEPT:
            return await self._fail(fault)
        form = {name: str(value) for name, value in (await request.form()).items()}
        refusal = self._refusal(form)
        if refusal:
            return refusal
        sid = "SM" + secrets.token_hex(16)
        body, wrong = form.get("Body", ""), self.unreachable.get(form["To"])
        if "ContentSid" in form:
            body, odd = self.templates.filled(form)
            wrong = odd or wrong
        message = self._record(sid, form["From"], form["To"], body, "outbound-api", "queued")
        message["error_code"] = wrong
        late = form["To"].startswith(WHATSAPP) and not self._wrote_lately(form["To"], form["From"])
        if late and not self.templates.is_approved(form):
            message["error_code"] = OUTSIDE_WINDOW
        self._ledger.data["statuses"][sid] = form.get("StatusCallback", "")
        self._ledger.changed()
        answer = JSONResponse(public(message), 201)  # says `queued`, before the status moves on
        self._http.spawn(self._report_statuses(sid))
        return await cut(request) if fault else answer

    def _wrote_lately(self, person: str, number: str) -> bool:
        now = self._clock.now()
        return any(
            message["direction"] == "inbound"
            and (message["from"], message["to"]) == (person, number)
            and now - parsedate_to_datetime(message["date_created"]) < WINDOW
            for message in self._ledger.data["messages"].values()
        )

    def _refusal(self, form: Mapping[str, str]) -> Response | None:
        to, from_, body = form.get("To", ""), form.get("From", ""), form.get("Body", "")
        if not to:
            return error(400, 21604, "A 'To' phone number is required.")
        if not re.fullmatch(rf"({WHATSAPP})?\+[1-9][0-9]{{6,14}}", to):
            return error(400, 21211, f"Invalid 'To' Phone Number: {to}")
        if to.startswith(WHATSAPP) is not from_.startswith(WHATSAPP):
            return error(400, 21910, "Invalid 'From' and 'To' pair: different channels.")
        if from_.startswith(WHATSAPP) and from_ not in self._webhooks:
            return error(400, 63007, "Twilio could not find a Channel with this From address")
        if from_.removeprefix(WHATSAPP) not in self.numbers:
            return error(
                400, 21606, f"The 'From' phone number {from_} is not a valid, SMS-capable number."
            )
        if refused := self.templates.refusal(form):
            return refused
        if not (body or "MediaUrl" in form or "ContentSid" in form):
            return error(400, 21602, "Message body is required.")
        if len(body) > LONGEST_BODY:
            return error(400, 21617, "The concatenated message body exceeds the 1600 limit.")
        if [to, from_] in self._ledger.data["opted_out"]:
            return error(400, 21610, "Attempt to send to unsubscribed recipient")
        return None

    async def _approval(self, request: Request) -> Response:
        refused = await self._refuse_lookup(request)
        return refused or self.templates.approval(request.path_params["sid"])

    async def _numbers(self, request: Request) -> Response:
        """List the account's numbers with the address that is called for each."""
        refused = await self._refuse_lookup(request)
        if refused:
            return refused
        wanted = request.query_params.get("PhoneNumber")
        found = [
            {"phone_number": number, "sms_url": self._webhooks.get(number, "")}
            for number in self.numbers
            if wanted in (None, number)
        ]
        return JSONResponse({"incoming_phone_numbers": found, "page": 0, "next_page_uri": None})

    async def _list(self, request: Request) -> Response:
        refused = await self._refuse_lookup(request)
        if refused:
            return refused
        query = request.query_params
        found = [
            public(message)
            for message in reversed(self._ledger.data["messages"].values())
            if query.get("To") in (None, message["to"])
            and query.get("From") in (None, message["from"])
        ]
        size, page = int(query.get("PageSize", 50)), int(query.get("Page", 0))
        shown, uri = found[page * size : (page + 1) * size], request.url.path
        pages = {
            name: f"{uri}?{urlencode({**query, 'PageSize': size, 'Page': number})}"
            if wanted
            else None
            for name, number, wanted in (
                ("first_page_uri", 0, True),
                ("previous_page_uri", page - 1, page > 0),
                ("next_page_uri", page + 1, len(found) > (page + 1) * size),
            )
        }
        place = {"page": page, "page_size": size, "start": page * size, "uri": uri}
        last = page * size + max(len(shown) - 1, 0)
        return JSONResponse({"messages": shown, **pages, **place, "end": last})

    async def _fetch(self, request: Request) -> Response:
        refused = await self._refuse_lookup(request)
        if refused:
            return refused
        message = self._ledger.data["messages"].get(request.path_params["sid"])
        return (
            JSONResponse(public(message))
            if message
            else error(404, 20404, f"The requested resource {request.url.path} was not found")
        )

    async def _media(self, request: Request) -> Response:
        if not self._authorised(request):
            return error(401, 20003, "Authenticate")
        if fault := self.faults.take("media"):
            return await self._fail(fault)
        # as on the real service, the bytes lie with somebody else, who must not see the password
        return RedirectResponse(f"{self.base_url}/content/{request.path_params['media']}", 307)

    async def _content(self, request: Request) -> Response:
        if "authorization" in request.headers:
            return Response("Only one auth mechanism allowed", 400)
        media_sid = request.path_params["media"]
        for message in self._ledger.data["messages"].values():
            for known, content_type in message["media"]:
                if known == media_sid:
                    return Response(self._ledger.file(known), media_type=content_type)
        return Response(status_code=404)

    async def _refuse_lookup(self, request: Request) -> Response | None:
        if not self._authorised(request):
            return error(401, 20003, "Authenticate")
        fault = self.faults.take("lookup")
        return await self._fail(fault) if fault else None

    async def _fail(self, fault: Fault) -> Response:
        if fault.kind is FaultKind.HANG:
            return await self._http.hang()
        if fault.kind is FaultKind.TOO_MANY:
            headers = {"Retry-After": str(fault.retry_after)}
            return error(429, fault.code or 20429, "Too Many Requests", headers)
        if fault.kind is FaultKind.FORBIDDEN:
            return error(403, fault.code or 21408, "Permission to send has not been enabled.")
        if fault.kind is FaultKind.TEMPORARY:
            return error(400, fault.code or 21614, "'To' number is not a valid mobile number")
        return error(503, fault.code or 20503, "Service unavailable")

    def _authorised(self, request: Request) -> bool:
        pair = base64.b64encode(f"{self.account_sid}:{self.auth_token}".encode()).decode()
        given = request.headers.get("authorization", "")
        return hmac.compare_digest(given.encode(), f"Basic {pair}".encode())

    def _record(
        self, sid: str, from_: str, to: str, body: str, direction: str, status: str
    ) -> dict[str, Any]:
        now = format_datetime(self._clock.now())
        record: dict[str, Any] = {"sid": sid, "from": from_, "to": to, "body": body, "media": []}
        record |= {"direction": direction, "status": status, "account_sid": self.account_sid}
        record |= {"date_created": now, "date_updated": now, "date_sent": now}
        record |= {"num_media": "0", "num_segments": str(segments(body)), "error_code": None}
        self._ledger.data["messages"][sid] = record
        return record


def _doubled(fault: Fault | None) -> int:
    return int(fault is not None and fault.kind is FaultKind.REDELIVER)
