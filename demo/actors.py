"""Play the people of the demo: citizens who write, and services that work what they receive."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import format_datetime, formataddr
from typing import TYPE_CHECKING, Any, assert_never
from urllib.parse import urlsplit

import httpx

from demo.browser import Page
from demo.mail import Mail
from demo.photo import photo, swept
from demo.script import Reaction, Scene
from demo.story import Story, message_id
from demo.twilio_book import WHATSAPP

if TYPE_CHECKING:
    from demo.city import City

AGAIN_S = 0.03
"""Pause before a page that did not answer is tried again."""
_LINK = re.compile(r"https?://\S+?/p/[^\s?]+")


# --- citizens --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Citizens:
    """Sends what citizens write, each by his channel."""

    city: City
    story: Story

    async def send(self, scene: Scene) -> None:
        """Send a scene's message; one that its provider has taken already is not sent again."""
        written = self.story.written(scene)
        if written is None or self.story.sent(scene):
            return
        subject, text = written
        match scene.channel:
            case "email":
                await self.city.mail.citizen_sends(
                    self._letter(scene, subject, text), scene.to, sender=scene.sender
                )
            case "sms":
                await self.city.twilio.citizen_sends(scene.sender, scene.to, text)
            case "whatsapp":
                ends = WHATSAPP + scene.sender, WHATSAPP + scene.to
                await self.city.twilio.citizen_sends(*ends, text, ProfileName=scene.name)
            case "telegram":
                await self.city.telegram.citizen_sends(
                    int(scene.sender),
                    text or None,
                    name=scene.name,
                    language=scene.language,
                    location=scene.location,
                    photo=photo() if scene.photo else None,
                )
            case "matrix":
                await self.city.matrix.citizen_sends(
                    scene.sender,
                    text,
                    name=scene.name,
                    location=scene.location,
                    photo=photo() if scene.photo else None,
                )
            case "x" if scene.kind == "mention":
                await self.city.x.mention(scene.sender, text)
            case "x":
                await self.city.x.dm(scene.sender, text)
            case "web":
                await self._fill_in(scene, text)
            case "desk":
                await self.city.desk.enter(scene.id, _entry(scene, text))

    def _letter(self, scene: Scene, subject: str, text: str) -> bytes:
        mail = EmailMessage()
        mail["From"] = formataddr((scene.name, scene.sender))
        mail["To"] = scene.to
        mail["Subject"] = subject
        mail["Date"] = format_datetime(self.city.clock.now())
        mail["Message-ID"] = message_id(scene)
        if scene.automatic:
            mail["Auto-Submitted"] = "auto-replied"
        mail.set_content(text)
        return mail.as_bytes()

    async def _fill_in(self, scene: Scene, text: str) -> None:
        fields = {"text": text, "where": scene.where, "name": scene.name, "reply": scene.reply}
        fields |= {"website": "", "do": "send"}
        if scene.reply == "email":
            fields["email"] = scene.sender
        elif scene.reply == "sms":
            fields["phone"] = scene.sender
        await until_served(lambda: self.city.browser.submit(scene.id, "/", fields, to="/signaler"))


def _entry(scene: Scene, text: str) -> dict[str, Any]:
    """Write what an agent enters of a call, a visit or a letter."""
    reply = {"by": scene.reply, "to": scene.sender}
    return {
        "source": scene.kind, "text": text, "name": scene.name, "street": scene.where, "reply": reply,
    }  # fmt: skip


async def until_served(submit: Callable[[], Awaitable[Page | None]]) -> Page | None:
    """Send a form again until the product answers; the same form counts once."""
    while True:
        try:
            page = await submit()
        except httpx.HTTPError:
            page = None
        else:
            if page is None or page.status < 500:
                return page
        await asyncio.sleep(AGAIN_S)


# --- services --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Forward:
    """A case as a service finds it in its mailbox."""

    service: str
    number: str
    text: str
    mail: Mail

    @property
    def link(self) -> str:
        """The path of the signed page; the host in the mail may be that of an earlier start."""
        found = _LINK.search(self.mail.text)
        return urlsplit(found[0]).path if found else ""

    @property
    def reply_to(self) -> str:
        header = self.mail.message["Reply-To"] or self.mail.message["From"]
        return str(header.addresses[0].addr_spec)


def read_forward(service: str, mail: Mail) -> Forward | None:
    """Read a forwarded case; None where a mail hands nothing over (a copy, more on a known case)."""
    sheet = _sheet(mail)
    if sheet.get("kind") != "forward" or sheet.get("added"):
        return None
    return Forward(service, str(sheet.get("number_printed", "")), str(sheet.get("text", "")), mail)


def _sheet(mail: Mail) -> Mapping[str, Any]:
    for part in mail.message.iter_attachments():
        if part.get_filename() == "case.json":
            found = json.loads(part.get_payload(decode=True) or b"{}")  # type: ignore[arg-type]
            return found if isinstance(found, dict) else {}
    return {}


@dataclass(slots=True)
class Services:
    """Watches the services' mailboxes and works each forwarded case once, as its scene says."""

    city: City
    story: Story
    addresses: Sequence[str]
    _seen: dict[str, int] = field(default_factory=dict)
    _refused: dict[str, str] = field(default_factory=dict)
    _worked: set[tuple[str, str]] = field(default_factory=set)

    async def watch(self) -> None:
        """Work what comes in, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                await self.city.mail.until(self._has_new, 3600)
                for forward in self._new():
                    scene = self.story.scene_of(forward.text)
                    if scene is not None and self._first(scene, forward):
                        tasks.create_task(self._react(scene, forward))

    def _has_new(self) -> bool:
        return any(
            len(self.city.mail.mailbox(address)) > self._seen.get(address, 0)
            for address in self.addresses
        )

    def _new(self) -> list[Forward]:
        found = []
        for address in self.addresses:
            mails = self.city.mail.mailbox(address)
            for mail in mails[self._seen.get(address, 0) :]:
                forward = read_forward(address, mail)
                if forward is not None:
                    found.append(forward)
            self._seen[address] = len(mails)
        return found

    def _first(self, scene: Scene, forward: Forward) -> bool:
        key = (scene.id, forward.service)
        new = key not in self._worked
        self._worked.add(key)
        return new

    # --- reactions -------------------------------------------------------------------------------

    async def _react(self, scene: Scene, forward: Forward) -> None:
        match scene.reaction:
            case Reaction.REPLY:
                await self._reply(scene, forward, scene.says)
            case Reaction.CLOSE:
                await self._act(scene, forward, "accept")
                proof = {"photo": ("apres.jpg", swept(), "image/jpeg")} if scene.photo else None
                await self._act(scene, forward, "close", proof, text=scene.says)
            case Reaction.ACCEPT:
                await self._act(scene, forward, "accept")
            case Reaction.REFUSE if self._refused.setdefault(scene.id, self._refuser(scene)) in (
                "",
                forward.service,
            ):
                self._refused[scene.id] = forward.service
                await self._act(scene, forward, "refuse", reason=scene.says)
            case Reaction.REFUSE:
                await self._reply(scene, forward, scene.then)
            case Reaction.NONE:
                return
            case _:
                assert_never(scene.reaction)

    def _refuser(self, scene: Scene) -> str:
        """Find who refused in an earlier run."""
        return next(
            (
                service
                for service in self.addresses
                if self.city.browser.led_to(f"{scene.id}|{service}|refuse") is not None
            ),
            "",
        )

    async def _reply(self, scene: Scene, forward: Forward, words: str) -> None:
        """Answer the mail, as a person does who knows no links."""
        asked = forward.mail.message
        mail = EmailMessage()
        mail["From"] = forward.service
        mail["To"] = forward.reply_to
        mail["Subject"] = f"Re: {forward.mail.subject}"
        mail["Date"] = format_datetime(self.city.clock.now())
        mail["Message-ID"] = reply_id(scene, forward.service)
        mail["In-Reply-To"] = str(asked["Message-ID"])
        mail["References"] = str(asked["Message-ID"])
        quoted = "\n".join(f"> {line}" for line in forward.mail.text.splitlines())
        mail.set_content(f"{words}\n\nLe 22/11/2026, {asked['From']} a écrit :\n{quoted}\n")
        if not self._was_sent(str(mail["Message-ID"])):
            await self.city.mail.citizen_sends(
                mail.as_bytes(), forward.reply_to, sender=forward.service
            )

    def _was_sent(self, wanted: str) -> bool:
        return any(
            str(mail.message["Message-ID"]).strip() == wanted
            for counter in self.city.mail.counters
            for mail in self.city.mail.mailbox(counter)
        )

    async def _act(
        self,
        scene: Scene,
        forward: Forward,
        act: str,
        files: Mapping[str, tuple[str, bytes, str]] | None = None,
        **words: str,
    ) -> None:
        """Open the signed page and send one of its forms, once."""
        key = f"{scene.id}|{forward.service}|{act}"
        if not forward.link or self.city.browser.led_to(key) is not None:
            return
        await until_served(
            lambda: self.city.browser.submit(key, forward.link, {"act": act, **words}, files=files)
        )


def reply_id(scene: Scene, service: str) -> str:
    """Give the id of a service's reply, always the same."""
    return f"<{scene.id}.{service.replace('@', '.')}@services.example>"
