"""A product in miniature, so that the demo's people can be tested without the real one."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from types import SimpleNamespace
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from demo.city import City
from demo.mail import Mail
from demo.server import LoopbackServer
from demo.story import numbers_in
from demo.talks import message_ids
from router.tracking import from_bits, printed

SERVICES = ("voirie@ville.example", "parcs@ville.example")


@dataclass
class TinyCase:
    """One case, the way to its citizen, and what its page shows."""

    number: str
    channel: str
    address: str
    text: str
    ref: str = ""
    kind: str = ""
    letters: list[str] = field(default_factory=list)
    status: str = "assigned"
    refused: int = 0


class TinyProduct:
    """Acknowledges, forwards to one service, and sends each answer back to where it came from.

    ``misdirect`` sends answers to another telephone, ``mute`` says nothing to these addresses.
    """

    def __init__(
        self, city: City, *, misdirect: str = "", mute: Sequence[str] = (), base_port: int = 0
    ) -> None:
        self.city, self.misdirect, self.mute = city, misdirect, mute
        self.cases: dict[str, TinyCase] = {}
        self.seen: set[str] = set()
        self.forms: dict[str, str] = {}
        self.http = LoopbackServer(
            [
                Route("/webhooks/sms/{number}", self._sms, methods=["POST"]),
                Route("/", self._form),
                Route("/signaler", self._send, methods=["POST"]),
                Route("/suivi/{number}", self._page),
                Route("/p/{token}", self._partner_page, methods=["GET"]),
                Route("/p/{token}", self._act, methods=["POST"]),
            ],
            base_port,
        )

    async def __aenter__(self) -> TinyProduct:
        self.client = httpx.AsyncClient()
        await self.http.start()
        self.http.spawn(self._poll())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.stop()
        await self.client.aclose()

    # --- in --------------------------------------------------------------------------------------

    async def _poll(self) -> None:
        while True:
            for address in self.city.mail.counters:
                for mail in self.city.mail.mailbox(address):
                    if self._new(str(mail.message["Message-ID"])):
                        await self._mail(mail)
            for message in self.city.telegram.messages():
                if not message["from"]["is_bot"] and self._new(f"tg{message['message_id']}"):
                    text = message.get("text", message.get("caption", "(position)"))
                    await self._receive("telegram", str(message["chat"]["id"]), text)
            for local in self.city.matrix.people():
                for event in self.city.matrix.spoken(local):
                    ours = event["sender"] == self.city.matrix.counter
                    if not ours and self._new(event["event_id"]):
                        await self._receive("matrix", local, event["content"]["body"])
            for user in self.city.x.usernames():
                for record in self.city.x.spoken(user):
                    me = self.city.x.user_id
                    wrote = record.get("sender_id", record.get("author_id"))
                    if wrote != me and self._new(record["id"]):
                        kind = "mention" if "author_id" in record else "dm"
                        await self._receive("x", user, record["text"], record["id"], kind)
            await asyncio.sleep(0.005)

    def _new(self, key: str) -> bool:
        new = key not in self.seen
        self.seen.add(key)
        return new

    async def _mail(self, mail: Mail) -> None:
        token = mail.recipient.partition("+")[2].partition("@")[0]
        if token:
            await self._tell(self.cases[token], mail.text.split("\n\nLe ")[0])
        elif not mail.message["Auto-Submitted"]:
            ref = str(mail.message["Message-ID"])
            await self._receive("email", mail.sender, f"{mail.subject}\n{mail.text}", ref)

    async def _sms(self, request: Request) -> Response:
        form = await request.form()
        if form["Body"] != "STOP":
            self.http.spawn(self._receive("sms", str(form["From"]), str(form["Body"])))
        return Response("<Response/>", media_type="text/xml")

    async def _receive(
        self, channel: str, address: str, text: str, ref: str = "", kind: str = ""
    ) -> TinyCase:
        for number in numbers_in(text):
            case = self.cases[printed(number)]
            case.ref = ref or case.ref
            await self._tell(case, f"Ajouté à {case.number}")
            return case
        case = TinyCase(printed(from_bits(secrets.randbits(50))), channel, address, text, ref, kind)
        self.cases[case.number] = case
        number = "" if kind == "mention" else case.number
        await self._tell(case, f"Bien reçu {number}")
        await self._forward(case, SERVICES[0])
        return case

    async def _forward(self, case: TinyCase, service: str) -> None:
        mail = EmailMessage()
        mail["From"], mail["To"] = "guichet@nantes.example", service
        mail["Reply-To"] = f"guichet+{case.number}@nantes.example"
        mail["Message-ID"] = f"<{secrets.token_hex(4)}@guichet.example>"
        mail["Subject"] = case.number
        mail.set_content(f"Ouvrir : http://ancien.example:1/p/{case.number}?act=accept\n")
        sheet = {"kind": "forward", "number_printed": case.number, "text": case.text, "added": ""}
        mail.add_attachment(
            json.dumps(sheet).encode(),
            maintype="application",
            subtype="json",
            filename="case.json",
        )
        await self.city.mail.citizen_sends(mail.as_bytes(), service)

    # --- pages -----------------------------------------------------------------------------------

    async def _form(self, request: Request) -> Response:
        form = f"<form><input type=hidden name=id value={secrets.token_hex(4)}></form>"
        return HTMLResponse(form)

    async def _send(self, request: Request) -> Response:
        form = {name: str(value) for name, value in (await request.form()).items()}
        if form["id"] not in self.forms:
            to = {"email": form.get("email", ""), "sms": form.get("phone", "")}
            case = await self._receive(form["reply"], to.get(form["reply"], ""), form["text"])
            self.forms[form["id"]] = case.number
        return RedirectResponse(f"/suivi/{self.forms[form['id']]}", 303)

    async def _page(self, request: Request) -> Response:
        case = self.cases[request.path_params["number"]]
        shown = "".join(f'<p class="words">{letter}</p>' for letter in case.letters)
        return HTMLResponse(f"<h1>{case.number}</h1>{shown}")

    async def _partner_page(self, request: Request) -> Response:
        forms = "".join(
            f"<form><input name=id value={secrets.token_hex(4)}><input name=act value={act}></form>"
            for act in ("accept", "close", "refuse")
        )
        return HTMLResponse(forms)

    async def _act(self, request: Request) -> Response:
        case = self.cases[request.path_params["token"]]
        form = {name: str(value) for name, value in (await request.form()).items()}
        if self._new(f"{form['id']}{form['act']}"):
            case.status = form["act"]
            if form["act"] == "refuse":
                case.refused += 1
                await self._forward(case, SERVICES[1])
            else:
                await self._tell(case, form.get("text") or f"Pris en charge {case.number}")
        return RedirectResponse(f"/p/{case.number}", 303)

    # --- out -------------------------------------------------------------------------------------

    async def _tell(self, case: TinyCase, words: str) -> None:
        text = words if case.kind == "mention" else f"{words}\n{case.number}"
        if case.address in self.mute:
            return
        match case.channel:
            case "page":
                case.letters.append(text)
            case "email":
                await self._write(case, text)
            case "sms":
                await self._text(self.misdirect or case.address, text)
            case "telegram":
                await self.client.post(
                    f"{self.city.telegram.base_url}{self.city.telegram.token}/sendMessage",
                    json={"chat_id": int(case.address), "text": text},
                )
            case "matrix":
                await self._write_room(case, text)
            case "x":
                await self._post(case, text)

    async def _write(self, case: TinyCase, text: str) -> None:
        mail = EmailMessage()
        mail["From"], mail["To"] = "guichet@nantes.example", case.address
        mail["Subject"] = f"Votre demande {case.number}"
        if case.ref:
            mail["In-Reply-To"] = case.ref
        mail.set_content(text)
        assert case.ref in message_ids(mail) or not case.ref
        await self.city.mail.citizen_sends(mail.as_bytes(), case.address)

    async def _text(self, to: str, text: str) -> None:
        twilio = self.city.twilio
        await self.client.post(
            f"{twilio.base_url}/2010-04-01/Accounts/{twilio.account_sid}/Messages.json",
            data={"To": to, "From": twilio.numbers[0], "Body": text},
            auth=(twilio.account_sid, twilio.auth_token),
        )

    async def _write_room(self, case: TinyCase, text: str) -> None:
        matrix = self.city.matrix
        url = f"{matrix.base_url}/_matrix/client/v3/rooms/{matrix.room_with(case.address)}"
        headers = {"authorization": f"Bearer {matrix.token}"}
        await self.client.post(f"{url}/join", json={}, headers=headers)
        body = {"msgtype": "m.text", "body": text}
        sending = f"{url}/send/m.room.message/{secrets.token_hex(8)}"
        (await self.client.put(sending, json=body, headers=headers)).raise_for_status()

    async def _post(self, case: TinyCase, text: str) -> None:
        x = self.city.x
        path = f"dm_conversations/with/{x.person(case.address)}/messages"
        body: dict[str, Any] = {"text": text}
        if case.kind == "mention":
            path, body = "tweets", {"text": text, "reply": {"in_reply_to_tweet_id": case.ref}}
        headers = {"authorization": f"Bearer {x.bearer}"}
        answer = await self.client.post(f"{x.base_url}/2/{path}", json=body, headers=headers)
        answer.raise_for_status()

    # --- what the tally asks of a store ----------------------------------------------------------

    async def cases_of(self, wanted: Any) -> list[Any]:
        return [
            SimpleNamespace(id=1, parent=None, channel=case.channel) for case in self.cases.values()
        ]

    async def list_deliveries(self, states: Any, limit: int = 100) -> list[Any]:
        return []
