"""Write private messages and public answers on X, and look for those that may have left."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any, Protocol

import httpx

from channels.x.api import BLOCKED, Refused, XApi, outcome_of
from channels.x.feed import DM_QUERY, POST_QUERY
from channels.x.posts import public_text, without_handles, without_links
from channels.x.shapes import (
    MENTION,
    Item,
    first_id,
    is_id,
    item_of,
    part_of,
    singles_of,
)
from router.delivery import Delivery, Permanent, SendOutcome, Sent, Unknown
from router.errors import StoreUnavailable, UnreadablePayload
from router.ports import OutboundPart

_CLOCKS_DIFFER = timedelta(seconds=5)


class KeepsTold(Protocol):
    """Keeps whom an account has told how else to reach us, for all processes and across restarts."""

    async def knows(self, person: str) -> bool:
        """Say whether a person was told.

        Raises:
            StoreUnavailable: it cannot be read now.
        """
        ...

    async def remember(self, person: str) -> None:
        """Keep that a person was told.

        Raises:
            StoreUnavailable: it was not kept.
        """
        ...


class Notebook:
    """Keeps it in this process only: for trials."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    async def knows(self, person: str) -> bool:
        return person in self._told

    async def remember(self, person: str) -> None:
        self._told.add(person)


class Sending:
    """What one account writes; ``me`` gives its own id."""

    def __init__(
        self,
        api: XApi,
        account: str,
        refused_text: str,
        me: Callable[[], Awaitable[str]],
        told: KeepsTold | None = None,
    ) -> None:
        self._api, self._account, self._me = api, account, me
        self._refused_text = refused_text
        self._kept: KeepsTold = told or Notebook()
        self._told: set[str] = set()

    async def send(self, part: OutboundPart) -> SendOutcome:
        """Write privately, or under the post that is answered."""
        address, refs = part.delivery.address, part.delivery.refs
        if address.kind != MENTION:
            return await self._write(address.value, part.text)
        if not refs:
            return Permanent(
                "thread", "une réponse publique suit une publication, et aucune n'est connue"
            )
        return await self._reply(refs[-1], part.text)

    async def _write(self, person: str, text: str) -> SendOutcome:
        path = f"/2/dm_conversations/with/{person}/messages"
        outcome = await self._post(path, {"text": text}, "dm_event_id")
        if isinstance(outcome, Permanent) and outcome.code == BLOCKED:
            return replace(outcome, reason=outcome.reason + await self._otherwise(person))
        return outcome

    async def _reply(self, post: str, text: str) -> SendOutcome:
        body = {"text": text, "reply": {"in_reply_to_tweet_id": post}}
        return await self._post("/2/tweets", body, "id")

    async def _otherwise(self, person: str) -> str:
        """Tell who refuses private messages, once and in public, how else to reach us.

        Only under a post in which he named us himself: nothing new is told of him. Where it cannot
        be known whether he was told, he is not.
        """
        if not self._refused_text or await self._was_told(person):
            return ""
        query = {"query": f"from:{person} @{self._account}", "max_results": "10"}
        try:
            found = await self._api.call("GET", "/2/tweets/search/recent", query=query)
        except (Refused, httpx.HTTPError):
            return ""
        listed = found.get("data")
        posts = [
            str(post["id"])
            for post in (listed if isinstance(listed, list) else [])
            if isinstance(post, dict) and is_id(post.get("id"))
        ]
        if not posts:
            return ""
        outcome = await self._reply(posts[0], public_text(self._refused_text))
        again = isinstance(outcome, Permanent) and outcome.code == "duplicate"
        if not isinstance(outcome, Sent | Unknown) and not again:
            return ""
        await self._remember(person)  # what may have left is not posted again either
        if isinstance(outcome, Unknown):
            return " ; peut-être lui a-t-on dit en public comment nous joindre autrement"
        return " ; on lui a dit en public, une fois, comment nous joindre autrement"

    async def _was_told(self, person: str) -> bool:
        try:
            return person in self._told or await self._kept.knows(person)
        except StoreUnavailable:
            return True

    async def _remember(self, person: str) -> None:
        self._told.add(person)
        with suppress(StoreUnavailable):  # this process knows; and X refuses like words once more
            await self._kept.remember(person)

    async def _post(self, path: str, body: dict[str, Any], field: str) -> SendOutcome:
        try:
            answer = await self._api.call("POST", path, json=body)
        except (Refused, httpx.HTTPError) as error:
            return outcome_of(error)
        sent = part_of(answer, "data").get(field)
        return Sent((str(sent),)) if is_id(sent) else Unknown("X a répondu sans numéro d'envoi")

    async def find(self, delivery: Delivery, parts: tuple[OutboundPart, ...]) -> SendOutcome | None:
        """Look for it among what we wrote since: to the person, or under the post that it answers."""
        me, earliest = await self._me(), delivery.created_at - _CLOCKS_DIFFER
        if delivery.address.kind == MENTION:
            query = {**POST_QUERY, "since_id": first_id(earliest)}
            answer = await self._api.call("GET", f"/2/users/{me}/tweets", query=query)
        else:
            path = f"/2/dm_conversations/with/{delivery.address.value}/dm_events"
            answer = await self._api.call("GET", path, query=DM_QUERY)
        under = delivery.refs[-1] if delivery.address.kind == MENTION and delivery.refs else ""
        known = {
            _told_apart(item.text): item.id
            for item in _readable(answer)
            if item.author == me and item.created_at and item.created_at >= earliest
            if item.answers == under
        }
        parts = parts[delivery.parts_sent :]
        texts = [_told_apart(part.text) for part in parts]
        found = [known[text] for text in texts if text in known]
        if found and len(found) < len(parts):
            return Unknown("une partie d'un long texte est partie, et la suite n'a pas pu")
        return Sent(tuple(found)) if found else None


def _readable(answer: Mapping[str, Any]) -> Iterator[Item]:
    for single in singles_of(answer):
        with suppress(UnreadablePayload):
            yield item_of(single)


def _told_apart(text: str) -> str:
    """Give what is the same of a text before and after X: it shortens links and names people first."""
    return " ".join(without_links(without_handles(text)).split())
