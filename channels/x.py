"""Private messages and public mentions of one account of X, in and out, by API version 2."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from pydantic import BaseModel, ConfigDict, SecretStr

from channels.graphemes import split
from channels.media_hosts import check
from channels.x_api import KeepsTokens, Refused, Tokens, XApi, outcome_of
from channels.x_shapes import DM, MENTION, Item, items_of, public_text, without_handles
from router.delivery import Delivery, OnUnknown, Permanent, Rate, SendOutcome, Sent, Unknown
from router.errors import InvalidInput, InvalidSignature, UnreadablePayload
from router.message import (
    Address,
    Attachment,
    Envelope,
    Ignored,
    InboundEvent,
    Location,
    Message,
    MessageReceived,
    Thread,
    Trust,
    WebhookRequest,
    WebhookResponse,
)
from router.ports import Capabilities, Clock, Health, OutboundPart, Pulled

_LONGEST_DM = 10_000
_MOST_PAGES = 5
"""Pages read in one poll; each costs money, and what is older comes with the next poll."""
_DM_QUERY = {
    "event_types": "MessageCreate",
    "max_results": "100",
    "dm_event.fields": "id,text,event_type,created_at,sender_id,dm_conversation_id,attachments",
    "expansions": "sender_id,attachments.media_keys",
    "user.fields": "id,name,username",
    "media.fields": "media_key,type,url",
}
_MENTION_QUERY = {
    "max_results": "100",
    "tweet.fields": (
        "id,text,created_at,author_id,conversation_id,in_reply_to_user_id,"
        "referenced_tweets,attachments,entities"
    ),
    "expansions": "author_id,attachments.media_keys",
    "user.fields": "id,name,username",
    "media.fields": "media_key,type,url",
}


class XSettings(BaseModel):
    """An account and the app that acts for it; ``user_id`` is asked for when it is not given."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    access_token: SecretStr = SecretStr("")
    refresh_token: SecretStr = SecretStr("")
    client_id: str = ""
    client_secret: SecretStr = SecretStr("")
    consumer_secret: SecretStr = SecretStr("")
    """Signs webhooks and the answer to X's check of the address."""
    user_id: str = ""
    base_url: str = "https://api.x.com"
    media_hosts: tuple[str, ...] = ("pbs.twimg.com", "video.twimg.com", "ton.twitter.com")
    per_second: float = 1.0
    deadline_s: float = 15.0

    @property
    def tokens(self) -> Tokens:
        """The tokens of the last login; rotated ones are kept elsewhere."""
        return Tokens(self.access_token.get_secret_value(), self.refresh_token.get_secret_value())


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
    ) -> None:
        self.account = account
        self._settings, self._clock = settings, clock
        self._user_id = settings.user_id
        self._api = XApi(
            settings.base_url,
            settings.tokens,
            settings.client_id,
            settings.client_secret.get_secret_value(),
            settings.deadline_s,
            clock,
            keeper,
        )

    # --- in --------------------------------------------------------------------------------------

    def verify(self, request: WebhookRequest) -> None:
        """Check the HMAC of the raw bytes."""
        given = request.headers.get("x-twitter-webhooks-signature", "").encode("utf-8", "replace")
        key = self._settings.consumer_secret.get_secret_value()
        if not key or not hmac.compare_digest(given, self._hmac(key, request.body).encode()):
            raise InvalidSignature("the signature is not that of X")

    def challenge(self, request: WebhookRequest) -> WebhookResponse | None:
        """Answer X's hourly check that this address knows the app's secret (CRC)."""
        token = parse_qs(urlsplit(request.url).query).get("crc_token", [""])[0]
        key = self._settings.consumer_secret.get_secret_value()
        if not token or not key:
            return WebhookResponse(400, b"no crc_token")
        body = json.dumps({"response_token": self._hmac(key, token.encode())}).encode()
        return WebhookResponse(200, body, "application/json")

    @staticmethod
    def _hmac(key: str, data: bytes) -> str:
        digest = hmac.new(key.encode(), data, hashlib.sha256).digest()
        return "sha256=" + base64.b64encode(digest).decode()

    def open(self, request: WebhookRequest, received_at: datetime) -> tuple[Envelope, ...]:
        return self.open_raw(request.body, received_at)

    def open_raw(self, raw: bytes, at: datetime) -> tuple[Envelope, ...]:
        """Wrap each event of a webhook or of an answer of the API."""
        try:
            data = json.loads(raw)
            if not isinstance(data, Mapping):
                raise UnreadablePayload("no JSON object")
            return tuple(self._envelope(item, single, at) for item, single in items_of(data))
        except (ValueError, RecursionError):
            return (self._unreadable(raw, at, "no JSON"),)
        except UnreadablePayload as error:
            return (self._unreadable(raw, at, str(error)),)

    def _envelope(self, item: Item, single: Mapping[str, Any], at: datetime) -> Envelope:
        return Envelope(
            self.name,
            self.account,
            f"{item.kind or DM}:{item.id}",
            Address(self.name, self.account, item.author, item.kind).key,
            json.dumps(single).encode(),
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
            data = json.loads(envelope.payload)
            [(item, _)] = items_of(data)
        except (ValueError, TypeError, AttributeError) as error:
            raise UnreadablePayload(f"a malformed event ({type(error).__name__})") from error
        return (self._event(item, envelope),)

    def _event(self, item: Item, envelope: Envelope) -> InboundEvent:
        if not item.kind:
            return Ignored("an event of X that is no message")
        own = {self._user_id, self._settings.user_id} - {""}
        if item.author in own or item.handle.lower() == self.account.lower():
            return Ignored("our own message")
        if item.repost:
            return Ignored("a repost of somebody else's words")
        public = item.kind == MENTION
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
                ref=item.id,
                thread=Thread(refs=(item.answers,) if item.answers else ()),
            )
        )

    def recipients(self, raw: bytes) -> tuple[str, ...]:
        """Say nothing: one account has one address."""
        return ()

    def answer(self, accepted: bool) -> WebhookResponse:
        return WebhookResponse(200 if accepted else 503)

    def compose(
        self,
        account: str,
        sender: str,
        text: str,
        *,
        kind: str = "",
        subject: str = "",
        at: datetime,
        location: Location | None = None,
        name: str = "",
        attachments: Iterable[str] = (),
        message_id: str = "",
    ) -> Envelope:
        """Make the event that X would tell of: a private message, or with ``mention`` a post."""
        handle = sender.removeprefix("@")
        seed = message_id or f"{sender}\n{text}\n{at.isoformat()}"
        author, number = _number_of(handle), _number_of(seed)
        keys = [f"3_{place}" for place, _ in enumerate(attachments)]
        record: dict[str, Any] = {"id": number, "text": text, "created_at": at.isoformat()}
        record |= {"attachments": {"media_keys": keys}} if keys else {}
        known = "" if handle.isdigit() else handle  # an id says nothing of the name
        user = {"id": author, "name": name, "username": known}
        media = [{"media_key": key, "type": "photo", "url": ""} for key in keys]
        includes = {"users": [user], "media": media}
        if kind == MENTION:
            single = {"post": record | {"author_id": author}, "includes": includes}
        else:
            event = {"event_type": "MessageCreate", "sender_id": author}
            single = {"dm_event": record | event, "includes": includes}
        return self.open_raw(json.dumps(single).encode(), at)[0]

    # --- polling ---------------------------------------------------------------------------------

    @property
    def poller(self) -> str:
        return f"x|{self.account}"

    async def pull(self, cursor: str, received_at: Callable[[], datetime]) -> Pulled:
        """Ask for private messages and mentions that are newer than the cursor's.

        Raises:
            ConnectionError: X cannot be reached or refuses.
        """
        known = json.loads(cursor) if cursor else {}
        since = {kind: str(known.get(kind, "0")) for kind in (DM, MENTION)}
        try:
            me = await self._me()
            messages = await self._newer("/2/dm_events", _DM_QUERY, since[DM])
            query = _MENTION_QUERY | ({"since_id": since[MENTION]} if known.get(MENTION) else {})
            posts = await self._newer(f"/2/users/{me}/mentions", query, since[MENTION])
        except (Refused, httpx.HTTPError) as error:
            raise ConnectionError(f"X: {type(error).__name__}: {error}") from None
        at = received_at()
        envelopes = [e for page in (*messages, *posts) for e in self.open_raw(_dump(page), at)]
        latest = {DM: _latest(messages, since[DM]), MENTION: _latest(posts, since[MENTION])}
        moved = latest != since or not cursor
        return Pulled(tuple(envelopes), json.dumps(latest) if moved else cursor)

    async def _newer(self, path: str, query: dict[str, str], since: str) -> list[dict[str, Any]]:
        """Read pages, newest first, back to an id; give them oldest first without what is known."""
        pages: list[dict[str, Any]] = []
        for _ in range(_MOST_PAGES):
            page = await self._api.call("GET", path, query=query)
            records = [r for r in page.get("data") or () if isinstance(r, dict)]
            new = [r for r in records if not _is_known(r, since)]
            if new:
                pages.append({"data": new[::-1], "includes": page.get("includes") or {}})
            token = (page.get("meta") or {}).get("next_token")
            if not token or len(new) < len(records):
                break
            query = query | {"pagination_token": token}
        return pages[::-1]

    async def settle(self, pulled: Pulled) -> None:
        """X does not want to know."""

    async def _me(self) -> str:
        if not self._user_id:
            answer = await self._api.call("GET", "/2/users/me")
            self._user_id = str((answer.get("data") or {}).get("id") or "")
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
        address, refs = part.delivery.address, part.delivery.refs
        if not address.value.isdigit():
            return Permanent("address", "this is not the id of somebody on X")
        if address.kind != MENTION:
            path, body = f"/2/dm_conversations/with/{address.value}/messages", {"text": part.text}
            return await self._post(path, body, "dm_event_id")
        if not refs:
            return Permanent("thread", "a public answer needs the post that it answers")
        reply = {"text": part.text, "reply": {"in_reply_to_tweet_id": refs[-1]}}
        return await self._post("/2/tweets", reply, "id")

    async def _post(self, path: str, body: dict[str, Any], field: str) -> SendOutcome:
        try:
            answer = await self._api.call("POST", path, json=body)
        except (Refused, httpx.HTTPError) as error:
            return outcome_of(error)
        sent = (answer.get("data") or {}).get(field)
        return Sent((str(sent),)) if sent else Unknown("X answered without an id")

    async def find(self, delivery: Delivery, idem: str) -> SendOutcome | None:
        """Look among our private messages to the person; X refuses a second like public post."""
        if delivery.address.kind == MENTION:
            return None
        value = delivery.address.value
        answer = await self._api.call(
            "GET", f"/2/dm_conversations/with/{value}/dm_events", query=_DM_QUERY
        )
        me, earliest = await self._me(), delivery.created_at - timedelta(seconds=5)
        known = {
            item.text: item.id
            for item, _ in items_of(answer)
            if item.author == me and item.created_at and item.created_at >= earliest
        }
        parts = self.render(delivery)[delivery.parts_sent :]
        found = [known[part.text] for part in parts if part.text in known]
        if found and len(found) < len(parts):
            return Unknown("a part of a long text has left")
        return Sent(tuple(found)) if found else None

    async def health(self) -> Health:
        try:
            await self._api.call("GET", "/2/users/me")
        except (Refused, httpx.HTTPError) as error:
            return Health(False, f"X : {error}")
        return Health(True, f"X answers for @{self.account}")

    async def close(self) -> None:
        """Close the connections that are kept warm."""
        await self._api.close()


def _is_known(record: Mapping[str, Any], since: str) -> bool:
    number = record.get("id")
    return isinstance(number, str) and number.isdigit() and int(number) <= int(since)


def _latest(pages: Iterable[Mapping[str, Any]], since: str) -> str:
    """Give the highest id; ids grow with time."""
    numbers = [str(record.get("id", "")) for page in pages for record in page["data"]]
    return str(max([int(since), *(int(number) for number in numbers if number.isdigit())]))


def _dump(data: object) -> bytes:
    return json.dumps(data).encode()


def _number_of(name: str) -> str:
    """Give an id for a made-up name; an id stays what it is."""
    if name.isascii() and name.isdigit() and len(name) < 20:
        return name
    return str(int.from_bytes(hashlib.sha256(name.lower().encode()).digest()[:6], "big"))
