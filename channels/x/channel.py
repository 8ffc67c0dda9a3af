"""Private messages and public mentions of one account of X, in and out, by API version 2."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import httpx

from channels.graphemes import split
from channels.media_hosts import check
from channels.steering_words import asked_for, wish_of
from channels.unreachable import server_of, why_unreachable
from channels.x import signature as x_signature
from channels.x.api import KeepsTokens, Refused, XApi, login_of
from channels.x.budget import Budget, KeepsSpending
from channels.x.events import event_of
from channels.x.feed import Feed
from channels.x.posts import public_text, without_handles
from channels.x.sending import KeepsTold, Sending
from channels.x.settings import XSettings
from channels.x.shapes import (
    DM,
    MENTION,
    Item,
    is_id,
    item_of,
    part_of,
    singles_of,
)
from router.delivery import Delivery, OnUnknown, Permanent, Rate, Retry, SendOutcome
from router.errors import InvalidInput, UnreadablePayload
from router.events import Ignored, InboundEvent, MessageReceived
from router.message import (
    Address,
    Attachment,
    Envelope,
    Message,
    Thread,
    Trust,
    WebhookRequest,
    WebhookResponse,
)
from router.ports import Capabilities, Clock, Health, OutboundPart, Pulled
from router.stated import Stated

_LONGEST_DM = 10_000


class X:
    """One account, named by its user name. What people write in public is answered in public."""

    name = "x"
    on_unknown = OnUnknown.FIND
    capabilities = Capabilities(
        threads=True, media_in=True, public=True, longest_text=_LONGEST_DM, largest_media=5_000_000
    )

    def __init__(
        self,
        settings: XSettings,
        account: str,
        clock: Clock,
        keeper: KeepsTokens | None = None,
        spending: KeepsSpending | None = None,
        told: KeepsTold | None = None,
    ) -> None:
        self.account = account
        self._settings = settings
        self._user_id = settings.user_id
        self._budget = Budget(settings.daily_cap, clock, spending)
        self._api = XApi(
            settings.base_url,
            login_of(settings),
            settings.deadline_s,
            clock,
            keeper,
            self._budget,
        )
        self._feed = Feed(self._api, self._budget, clock, settings.poll_s)
        self._sending = Sending(self._api, account, settings.refused_text, self._me, told)

    @property
    def trouble(self) -> str:
        """Say what follows when the day's money is nearly spent."""
        return self._budget.told if self._budget.near else ""

    # --- in --------------------------------------------------------------------------------------

    def verify(self, request: WebhookRequest) -> None:
        """Check the HMAC of the raw bytes."""
        x_signature.verify(request, self._settings.consumer_secret.get_secret_value())

    def challenge(self, request: WebhookRequest) -> WebhookResponse | None:
        """Answer X's hourly check that this address knows the app's secret (CRC)."""
        return x_signature.challenge(request, self._settings.consumer_secret.get_secret_value())

    def open(self, request: WebhookRequest, received_at: datetime) -> tuple[Envelope, ...]:
        return self.open_raw(request.body, received_at)

    def open_raw(self, raw: bytes, at: datetime) -> tuple[Envelope, ...]:
        """Wrap each event of a webhook or of an answer of the API."""
        try:
            singles = [*singles_of(json.loads(raw))]
        except (ValueError, RecursionError):
            return (self._unreadable(raw, at, "no JSON"),)
        except UnreadablePayload as error:
            return (self._unreadable(raw, at, str(error)),)
        return tuple(self._envelope(single, at) for single in singles)

    def _envelope(self, single: Mapping[str, Any], at: datetime) -> Envelope:
        """Wrap one event; one that cannot be read takes no other of its page with it."""
        raw = _dump(single)
        try:
            item = item_of(single)
        except UnreadablePayload as error:
            return self._unreadable(raw, at, str(error))
        return Envelope(
            self.name,
            self.account,
            f"{item.kind or DM}:{item.id}",
            Address(self.name, self.account, item.author, item.kind).key,
            raw,
            at,
            item.id,
        )

    def _unreadable(self, raw: bytes, at: datetime, note: str) -> Envelope:
        name = f"unreadable:{hashlib.sha256(raw).hexdigest()}"
        key = Address(self.name, self.account, name).key
        return Envelope(self.name, self.account, name, key, raw, at, note=note)

    def receive(self, envelope: Envelope) -> tuple[InboundEvent, ...]:
        if envelope.note:
            raise UnreadablePayload(envelope.note)
        try:
            item = item_of(json.loads(envelope.payload))
        except (ValueError, RecursionError) as error:
            raise UnreadablePayload(f"a malformed event ({type(error).__name__})") from error
        return (self._event(item, envelope),)

    @property
    def _bots(self) -> set[str]:
        return {name.removeprefix("@").lower() for name in self._settings.bots}

    def _event(self, item: Item, envelope: Envelope) -> InboundEvent:
        if not item.kind:
            return Ignored("an event of X that is no message")
        own = {self._user_id, self._settings.user_id} - {""}
        if item.author in own or item.handle.lower() == self.account.lower():
            return Ignored("our own message")
        if item.repost:
            return Ignored("a repost of somebody else's words")
        public = item.kind == MENTION
        wish = "" if public or item.media else wish_of(item.text)
        if wish:
            there = Address.from_key(envelope.conversation)
            return asked_for(wish, there, item.text, item.author)
        return MessageReceived(
            Message(
                address=Address.from_key(envelope.conversation),
                provider_id=envelope.provider_id,
                trust=Trust.VERIFIED,  # the provider knows whose account it is
                received_at=envelope.received_at,
                sender=f"@{item.handle}" if item.handle else item.author,
                sender_name=item.name,
                text=item.text,
                text_shown=without_handles(item.text) if public else item.text,
                attachments=item.media,
                sent_at=item.created_at,
                public=public,
                person=item.author,
                ref=item.id,
                automatic="a machine's account" if item.handle.lower() in self._bots else "",
                thread=Thread(refs=(item.answers,) if item.answers else ()),
            )
        )

    def recipients(self, raw: bytes) -> tuple[str, ...]:
        """Say nothing: one account has one address."""
        return ()

    def answer(self, accepted: bool) -> WebhookResponse:
        return WebhookResponse(200 if accepted else 503)

    def compose(self, stated: Stated) -> Envelope:
        """Make the event that X would tell of: a private message, or with ``mention`` a post."""
        return self.open_raw(_dump(event_of(stated)), stated.at)[0]

    # --- polling ---------------------------------------------------------------------------------

    @property
    def poller(self) -> str:
        return f"x|{self.account}"

    async def pull(self, cursor: str, received_at: Callable[[], datetime]) -> Pulled:
        """Ask for private messages and mentions that are newer than the cursor's.

        Raises:
            ConnectionError: X cannot be reached or refuses.
        """
        if not await self._feed.is_time():
            return Pulled((), cursor)
        try:
            pages, after = await self._feed.new(await self._me(), cursor, received_at())
        except (Refused, httpx.HTTPError) as error:
            raise ConnectionError(f"X: {type(error).__name__}: {error}") from None
        at = received_at()
        envelopes = tuple(e for page in pages for e in self.open_raw(_dump(page), at))
        return Pulled(envelopes, after)

    async def settle(self, pulled: Pulled) -> None:
        """X does not want to know."""

    async def _me(self) -> str:
        if not self._user_id:
            answer = await self._api.call("GET", "/2/users/me")
            own = part_of(answer, "data").get("id")
            if not isinstance(own, str) or not is_id(own):
                raise Refused(502, "an answer without our own id")
            self._user_id = own
        return self._user_id

    async def fetch_media(self, envelope: Envelope, attachment: Attachment, limit: int) -> bytes:
        check(attachment.ref, self._settings.media_hosts, self._settings.base_url)
        try:
            content = await self._api.download(attachment.ref, limit)
        except (Refused, httpx.HTTPError) as error:
            raise InvalidInput(f"X does not give the file ({type(error).__name__})") from None
        if content is None:
            raise InvalidInput(f"the file is larger than {limit} bytes")
        return content

    # --- out -------------------------------------------------------------------------------------

    @property
    def rate(self) -> Rate:
        return Rate(self._settings.per_second, max(1, int(self._settings.per_second)))

    @property
    def deadline_s(self) -> float:
        return self._settings.deadline_s

    def render(self, delivery: Delivery) -> tuple[OutboundPart, ...]:
        """Split a private answer; make a public one a single post without links."""
        if delivery.address.kind == MENTION:
            return (OutboundPart(delivery, public_text(delivery.text)),)
        texts = split(delivery.text, _LONGEST_DM)
        return tuple(OutboundPart(delivery, text, i, len(texts)) for i, text in enumerate(texts))

    async def send(self, part: OutboundPart, idem: str) -> SendOutcome:
        if not is_id(part.delivery.address.value):
            return Permanent("address", "ce n'est pas le numéro d'un compte de X")
        if self._budget.spent and not part.delivery.danger:
            return Retry(self._budget.sentence, self._budget.until_tomorrow_s(), held=True)
        return await self._sending.send(part)

    async def find(self, delivery: Delivery, idem: str) -> SendOutcome | None:
        return await self._sending.find(delivery, self.render(delivery))

    async def health(self) -> Health:
        """Ask whose tokens they are, for one private message and for what has just been posted."""
        try:
            answer = await self._api.call("GET", "/2/users/me")
            own = str(part_of(answer, "data").get("username") or "")
            if own.lower() != self.account.lower():
                return Health(False, f"Les jetons sont ceux de @{own}, pas de @{self.account}.")
            await self._feed.ask(str(part_of(answer, "data").get("id") or ""))
        except Refused as error:
            return Health(False, _told(error))
        except httpx.HTTPError as error:
            why = why_unreachable(error, server_of(self._settings.base_url))
            return Health(False, f"X {why}.")
        await self._budget.look()
        if self._budget.near:
            return Health(False, self._budget.told)
        return Health(True, f"X répond pour @{self.account}.")

    async def close(self) -> None:
        """Close the connections that are kept warm."""
        await self._api.close()


def _told(error: Refused) -> str:
    """Say to an operator why X refuses."""
    if error.status == 401:
        return f"X refuse nos jetons, il faut se connecter de nouveau ({error})."
    if error.status == 403:
        return f"X refuse : l'application n'a pas tous les droits, dont dm.read et tweet.read ({error})."
    if error.status == 429:
        return f"X ne répond plus : la limite ou le budget de ses appels est atteint ({error})."
    return f"X répond par une erreur ({error})."


def _dump(data: object) -> bytes:
    return json.dumps(data).encode()
