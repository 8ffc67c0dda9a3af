"""Shape what X says: ids, pages of posts and messages, included users, refusals."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from starlette.responses import JSONResponse

EPOCH_MS = 1288834974657
"""What the ids of X count from (a snowflake: milliseconds, then 22 bits)."""

DEFAULT_FIELDS = {
    "tweet": ("id", "text", "edit_history_tweet_ids"),
    "dm_event": ("id", "text", "event_type"),
    "user": ("id", "name", "username"),
}
LONGEST_POST = 280

Record = dict[str, Any]


def snowflake(now: datetime, sequence: int) -> str:
    """Make an id that grows with time."""
    return str(((int(now.timestamp() * 1000) - EPOCH_MS) << 22) + sequence % (1 << 22))


def stamp(now: datetime) -> str:
    """Write a time as X does, in milliseconds."""
    return f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03d}Z"


def weighted_length(text: str) -> int:
    """Count as X does: a link is 23, letters of Latin and its neighbours 1, all others 2."""
    shortened = re.sub(r"https?://\S+", "x" * 23, text)
    return sum(1 if ord(c) <= 4351 or 8192 <= ord(c) <= 8223 else 2 for c in shortened)


def mentions(text: str, ids: Mapping[str, str]) -> list[Record]:
    """Mark the accounts that a post names; `ids` by lower-case user name."""
    return [
        {"start": found.start(), "end": found.end(), "username": found[1]}
        | ({"id": ids[found[1].lower()]} if found[1].lower() in ids else {})
        for found in re.finditer(r"@(\w{1,15})", text)
    ]


def searched(posts: Sequence[Record], query: str) -> list[Record]:
    """Keep the posts of ``from:ID``, and of these those that name ``@account`` where it is asked.

    X knows many more operators, of which nothing is asked here.
    """
    author, named = re.search(r"from:(\d+)", query), re.search(r"@(\w+)", query)
    return [
        post
        for post in posts
        if author and post["author_id"] == author[1] and (not named or _names(post, named[1]))
    ]


def _names(post: Record, account: str) -> bool:
    named = (one["username"].lower() for one in post["entities"]["mentions"])
    return account.lower() in named


def shown(record: Mapping[str, Any], kind: str, query: Mapping[str, str]) -> Record:
    """Keep the fields that are always told and those that were asked for."""
    asked = query.get(f"{kind}.fields", "").split(",")
    wanted = {*DEFAULT_FIELDS[kind], *asked}
    return {name: value for name, value in record.items() if name in wanted}


def page(
    newest_first: Sequence[Mapping[str, Any]],
    kind: str,
    users: Mapping[str, Mapping[str, Any]],
    query: Mapping[str, str],
) -> Record:
    """Cut one page out, with the users that the expansions ask for."""
    size, before = int(query.get("max_results", 100)), query.get("pagination_token")
    rest = [r for r in newest_first if not before or int(r["id"]) < int(before)]
    chosen = rest[:size]
    meta: Record = {"result_count": len(chosen)}
    if len(rest) > size:
        meta["next_token"] = chosen[-1]["id"]  # X's are opaque; so is this to a client
    answer: Record = {"meta": meta}
    if not chosen:
        return answer
    answer["data"] = [shown(record, kind, query) for record in chosen]
    if kind == "tweet":
        meta |= {"newest_id": chosen[0]["id"], "oldest_id": chosen[-1]["id"]}
    included = _included(chosen, users, query)
    return answer | ({"includes": included} if included else {})


def _included(
    records: Iterable[Mapping[str, Any]],
    users: Mapping[str, Mapping[str, Any]],
    query: Mapping[str, str],
) -> Record:
    expansions = query.get("expansions", "").split(",")
    named: dict[str, None] = {}
    media: list[Record] = []
    for record in records:
        if "author_id" in expansions and "author_id" in record:
            named[record["author_id"]] = None
        if "sender_id" in expansions and "sender_id" in record:
            named[record["sender_id"]] = None
        if "attachments.media_keys" in expansions:
            media += record.get("_media", [])
    included: Record = {}
    if named:
        included["users"] = [shown(users[user], "user", query) for user in named]
    if media:
        included["media"] = media
    return included


def problem(status: int, title: str, detail: str) -> JSONResponse:
    """Refuse as X does (RFC 7807)."""
    body = {"title": title, "detail": detail, "type": "about:blank", "status": status}
    return JSONResponse(body, status)


def not_found(parameter: str, value: str) -> JSONResponse:
    """Say that a user does not exist, which X does with status 200."""
    error = {"parameter": parameter, "value": value, "resource_id": value, "resource_type": "user"}
    error |= {"title": "Not Found Error", "type": "https://api.x.com/2/problems/resource-not-found"}
    error["detail"] = f"Could not find user with {parameter}: [{value}]."
    return JSONResponse({"errors": [error]})
