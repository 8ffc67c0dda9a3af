"""Let people play: show every simulated phone and mailbox, and write as anybody, on one web page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from email.message import EmailMessage
from email.utils import format_datetime
from html import escape
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from demo.city import City
from demo.console_page import DESK, FORM, PAGE, TALK
from demo.ledger import Ledger
from demo.mail import Mail
from demo.server import LoopbackServer, is_free
from demo.talks import CHANNELS, Said, addresses, talk, when
from demo.twilio_book import WHATSAPP

SERVICES = "services"
NAMES = {
    "email": "✉ Courriel",
    "sms": "☎ SMS",
    "whatsapp": "✆ WhatsApp",
    "telegram": "➤ Telegram",
    "matrix": "⊞ Matrix",
    "x": "𝕏 X",
    SERVICES: "◆ Services",
}
_EXAMPLES = {
    "email": "vous@citoyens.example",
    "sms": "+33612349999",
    "whatsapp": "+33612349998",
    "telegram": "7999",
    "matrix": "vous",
    "x": "votre_nom",
}
_LONGEST = 4000
_LINK = re.compile(r"(https?://[^\s<>\"']+)")


class Console:
    """The page on which people write as citizens; it belongs to the city, not to the product."""

    def __init__(self, city: City) -> None:
        self._city = city
        self._ledger = Ledger("console", city.folder, {"port": 0})
        self._ledger.load()
        port = int(self._ledger.data["port"])
        self._http = LoopbackServer(
            [
                Route("/", self._show, methods=["GET"]),
                Route("/", self._write, methods=["POST"]),
            ],
            port if is_free(port) else 0,
        )

    @property
    def url(self) -> str:
        return self._http.url

    async def __aenter__(self) -> Console:
        await self._http.start()
        self._ledger.data["port"] = self._http.port
        self._ledger.changed()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.stop()

    # --- showing ---------------------------------------------------------------------------------

    async def _show(self, request: Request) -> Response:
        chosen = request.query_params.get("canal", "sms")
        chosen = chosen if chosen in NAMES else "sms"
        address = request.query_params.get("adresse", "")
        tabs = "".join(
            f'<a href="/?canal={channel}"{" aria-current=page" if channel == chosen else ""}>'
            f"{name}</a>"
            for channel, name in NAMES.items()
        )
        # the page looks again by itself, except while somebody may be typing
        watched = "voir" in request.query_params
        here = {"canal": chosen} | ({"adresse": address} if address else {})
        page = PAGE.substitute(
            refresh='<meta http-equiv="refresh" content="4">' if watched else "",
            tabs=tabs,
            form=self._form(chosen, address or _EXAMPLES[chosen]) if chosen != SERVICES else DESK,
            talks=self._talks(chosen, address) or "<p>Personne n'a encore écrit ici.</p>",
            product=escape(self._city.browser.base_url),
            watching="Arrêter l'actualisation" if watched else "Actualiser toutes les 4 secondes",
            watch_link=escape(f"/?{urlencode(here | ({} if watched else {'voir': '1'}))}"),
        )
        return HTMLResponse(page)

    def _talks(self, chosen: str, address: str) -> str:
        """Show everybody on one channel, whoever is being played first."""
        if chosen == SERVICES:
            boxes = [(box, self._city.mail.mailbox(box)) for box in self._city.services]
            boxes.sort(key=lambda box: when(box[1][-1]) if box[1] else "", reverse=True)
            return "".join(
                TALK.substitute(
                    name="◆", address=escape(box), link="",
                    lines="".join(_letter(mail) for mail in reversed(mails)),
                )
                for box, mails in boxes if mails
            )  # fmt: skip
        known = sorted(addresses(self._city, chosen), key=lambda one: one != address)
        return "".join(self._talk(chosen, one) for one in known)

    def _form(self, channel: str, address: str) -> str:
        counters = self._counters(channel)
        options = "".join(f"<option>{escape(counter)}</option>" for counter in counters)
        return FORM.substitute(
            channel=channel,
            name=NAMES[channel],
            address=escape(address),
            options=options,
            subject=(
                '<label>Objet <input name="objet" value="" maxlength="200"></label>'
                if channel == "email"
                else ""
            ),
            public=(
                '<label class="tick"><input type="checkbox" name="public" value="1"> '
                "En public (mention)</label>"
                if channel == "x"
                else ""
            ),
        )

    def _counters(self, channel: str) -> Sequence[str]:
        match channel:
            case "email":
                return tuple(self._city.mail.counters)
            case "sms":
                return self._city.twilio.numbers
            case "whatsapp":
                return self._city.twilio.numbers[:1]
            case "telegram":
                return (self._city.telegram.username,)
            case "matrix":
                return (self._city.matrix.counter,)
            case _:
                return (self._city.x.username,)

    def _talk(self, channel: str, address: str) -> str:
        lines = "".join(_bubble(said) for said in talk(self._city, channel, address))
        link = escape(f"/?{urlencode({'canal': channel, 'adresse': address})}")
        return TALK.substitute(
            name=NAMES[channel],
            address=escape(address),
            link=f'<a href="{link}">Répondre</a>',
            lines=lines,
        )

    # --- writing ---------------------------------------------------------------------------------

    async def _write(self, request: Request) -> Response:
        if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
            return Response("Ce formulaire vient d'une autre page.", 403)
        form = await request.form()
        typed = {name: str(value).strip()[:_LONGEST] for name, value in form.items()}
        channel, address = typed.get("canal", ""), typed.get("adresse", "")
        text = typed.get("texte", "")
        if channel not in CHANNELS or not address or not text:
            return RedirectResponse("/", 303)
        problem = await self._send(channel, address, text, typed)
        if problem:
            return HTMLResponse(f"<p>{escape(problem)}</p><p><a href='/'>Retour</a></p>", 422)
        here = urlencode({"voir": "1", "canal": channel, "adresse": address})
        return RedirectResponse(f"/?{here}", 303)

    async def _send(self, channel: str, address: str, text: str, typed: dict[str, str]) -> str:
        counters = self._counters(channel)
        to = typed.get("a", "") if typed.get("a", "") in counters else counters[0]
        if channel == "email":
            if "@" not in address or any(character in address for character in "\r\n <>"):
                return "Ce n'est pas une adresse de courriel."
            await self._mail(address, to, typed.get("objet", ""), text)
        elif channel in {"sms", "whatsapp"}:
            if not (address.startswith("+") and address[1:].isdigit()):
                return "Un numéro s'écrit ainsi : +33612345678."
            prefix = WHATSAPP if channel == "whatsapp" else ""
            await self._city.twilio.citizen_sends(prefix + address, prefix + to, text)
        elif channel == "telegram":
            if not address.isdigit():
                return "Une conversation Telegram est un nombre."
            await self._city.telegram.citizen_sends(int(address), text, name="Vous")
        elif channel == "matrix":
            if not (address.isascii() and address.isalnum()):
                return "Un nom Matrix est fait ici de lettres et de chiffres."
            await self._city.matrix.citizen_sends(address.lower(), text, name="Vous")
        elif typed.get("public"):
            await self._city.x.mention(address, text)
        else:
            await self._city.x.dm(address, text)
        return ""

    async def _mail(self, address: str, to: str, subject: str, text: str) -> None:
        mail = EmailMessage()
        mail["From"], mail["To"] = address, to
        mail["Subject"] = " ".join(subject.split()) or "Bonjour"
        now = self._city.clock.now()
        mail["Date"] = format_datetime(now)
        mail["Message-ID"] = f"<{now.timestamp():.6f}@jouer.example>"
        mail.set_content(text)
        await self._city.mail.citizen_sends(mail.as_bytes(), to, sender=address)


def _bubble(said: Said) -> str:
    who = "citizen" if said.by_citizen else "counter"
    subject = f"<strong>{escape(said.subject)}</strong><br>" if said.subject else ""
    extra = "".join(
        f"<em>{what}</em>"
        for what, there in (
            ("photo", said.photo),
            (f"position {said.location}", said.location),
            ("public", said.public),
        )
        if there
    )
    return f'<li class="{who}" dir="auto">{subject}{_linked(said.text)}{extra}</li>'


def _letter(mail: Mail) -> str:
    return (
        f'<li class="counter"><strong>{escape(mail.subject)}</strong><br>{_linked(mail.text)}</li>'
    )


def _linked(text: str) -> str:
    """Write a text as HTML whose addresses of pages can be followed."""
    return "".join(
        f'<a href="{escape(part)}">{escape(part)}</a>' if place % 2 else escape(part)
        for place, part in enumerate(_LINK.split(text.strip()))
    ).replace("\n", "<br>")
