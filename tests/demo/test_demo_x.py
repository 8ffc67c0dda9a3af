"""The X simulator, driven by plain HTTP as the documentation of X tells."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from demo.x import XSimulator
from demo.x_access import XKeys, oauth1_signature

FIELDS = {
    "dm_event.fields": "id,text,created_at,sender_id,dm_conversation_id,attachments",
    "expansions": "sender_id,attachments.media_keys",
    "user.fields": "created_at",
}


def client(x: XSimulator, token: str = XKeys().access_token) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=x.base_url, headers={"Authorization": f"Bearer {token}"})


@pytest.fixture
async def x() -> AsyncIterator[XSimulator]:
    async with XSimulator() as simulator:
        yield simulator


@pytest.fixture
async def api(x: XSimulator) -> AsyncIterator[httpx.AsyncClient]:
    async with client(x) as api:
        yield api


async def ids(api: httpx.AsyncClient, path: str, **query: Any) -> list[str]:
    answer = (await api.get(path, params=query)).json()
    return [record["id"] for record in answer.get("data", [])]


async def test_a_private_message_goes_both_ways(x: XSimulator, api: httpx.AsyncClient) -> None:
    assert (await api.get("/2/dm_events")).json() == {"meta": {"result_count": 0}}
    event_id = await x.dm("anne44", "Dépôt sauvage", photo=b"jpeg")
    page = (await api.get("/2/dm_events", params=FIELDS)).json()
    [event] = page["data"]
    anne = x.person("anne44")
    assert (event["id"], event["text"], event["sender_id"]) == (event_id, "Dépôt sauvage", anne)
    assert event["dm_conversation_id"] == "-".join(sorted((anne, x.user_id), key=int))
    assert page["includes"]["users"][0]["username"] == "anne44"
    photo = await api.get(page["includes"]["media"][0]["url"])
    assert photo.content == b"jpeg"
    sent = await api.post(f"/2/dm_conversations/with/{anne}/messages", json={"text": "Noté."})
    assert sent.status_code == 201
    [received] = await x.until_received("anne44")
    assert received.id == sent.json()["data"]["dm_event_id"]
    assert (received.kind, received.text) == ("dm", "Noté.")
    assert len(await ids(api, f"/2/dm_conversations/with/{anne}/dm_events")) == 2


async def test_only_the_fields_asked_for_are_told(x: XSimulator, api: httpx.AsyncClient) -> None:
    await x.dm("anne44", "a")
    [event] = (await api.get("/2/dm_events")).json()["data"]
    assert sorted(event) == ["event_type", "id", "text"]


async def test_recent_posts_are_found_by_who_wrote_them_and_whom_they_name(
    x: XSimulator, api: httpx.AsyncClient
) -> None:
    to_us = await x.mention("anne44", "un trou")
    alone = await x.says("anne44", "Beau temps")
    other = await x.says("anne44", f"@{x.username}B bonjour")
    await x.mention("bob", "une poubelle")
    anne, path = x.person("anne44"), "/2/tweets/search/recent"
    named = f"from:{anne} @{x.username.upper()}"
    assert await ids(api, path, query=named, max_results=10) == [to_us]
    assert await ids(api, path, query=f"from:{anne}", max_results=10) == [other, alone, to_us]


async def test_mentions_are_read_since_an_id_and_answered(
    x: XSimulator, api: httpx.AsyncClient
) -> None:
    first = await x.mention("anne44", "un trou rue Crébillon")
    path = f"/2/users/{x.user_id}/mentions"
    asked = {"tweet.fields": "author_id,created_at,conversation_id", "expansions": "author_id"}
    page = (await api.get(path, params=asked)).json()
    assert page["data"][0]["text"] == "@GuichetNantes un trou rue Crébillon"
    assert page["includes"]["users"][0]["id"] == page["data"][0]["author_id"]
    assert page["meta"]["newest_id"] == first
    reply = {"text": "@anne44 Noté.", "reply": {"in_reply_to_tweet_id": first}}
    assert (await api.post("/2/tweets", json=reply)).status_code == 201
    assert [(m.kind, m.reply_to) for m in x.received("anne44")] == [("reply", first)]
    second = await x.mention("paul44", "merci", reply_to=first)
    assert await ids(api, path, since_id=first) == [second]


async def test_pages_follow_each_other(x: XSimulator, api: httpx.AsyncClient) -> None:
    known = [await x.dm("anne44", str(number)) for number in range(5)]
    found: list[str] = []
    query: dict[str, Any] = {"max_results": 2}
    while query:
        page = (await api.get("/2/dm_events", params=query)).json()
        found += [event["id"] for event in page["data"]]
        token = page["meta"].get("next_token")
        query = {"max_results": 2, "pagination_token": token} if token else {}
    assert found == known[::-1]


async def test_users_are_found(x: XSimulator, api: httpx.AsyncClient) -> None:
    assert (await api.get("/2/users/me")).json()["data"]["username"] == "GuichetNantes"
    anne = x.person("anne44", "Anne")
    found = (await api.get("/2/users/by/username/Anne44")).json()
    assert found["data"] == {"id": anne, "name": "Anne", "username": "anne44"}
    assert "errors" in (await api.get("/2/users/by/username/nobody")).json()


async def test_what_x_would_refuse_is_refused(x: XSimulator, api: httpx.AsyncClient) -> None:
    anne = x.person("anne44")
    x.refuse_dms("anne44")
    path = f"/2/dm_conversations/with/{anne}/messages"
    assert (await api.post(path, json={"text": "x"})).status_code == 403
    assert (await api.post(path, json={"text": " "})).status_code == 400
    assert (await api.post("/2/tweets", json={"text": "é" * 280})).status_code == 201
    assert (await api.post("/2/tweets", json={"text": "é" * 281})).status_code == 403
    assert (await api.post("/2/tweets", json={"text": "路" * 141})).status_code == 403
    to_nobody = {"text": "x", "reply": {"in_reply_to_tweet_id": "1"}}
    assert (await api.post("/2/tweets", json=to_nobody)).status_code == 403
    async with client(x, "wrong") as stranger:
        assert (await stranger.get("/2/dm_events")).status_code == 401


async def test_faults_and_rate_limits(api: httpx.AsyncClient, x: XSimulator) -> None:
    first = await api.get("/2/users/me")
    second = await api.get("/2/users/me")
    left = [int(answer.headers["x-rate-limit-remaining"]) for answer in (first, second)]
    assert left == [89_999, 89_998]
    x.faults.push("429", on="poll", retry_after=7)
    busy = await api.get("/2/dm_events")
    assert (busy.status_code, busy.headers["x-rate-limit-remaining"]) == (429, "0")
    assert int(busy.headers["x-rate-limit-reset"]) < int(first.headers["x-rate-limit-reset"])
    x.calls_per_window = 2
    assert (await api.get("/2/users/me")).status_code == 429
    x.calls_per_window = 100
    x.faults.push("5xx")
    x.faults.push("cut-after-accept")
    assert (await api.post("/2/tweets", json={"text": "a"})).status_code == 503
    anne = x.person("anne44")
    with pytest.raises(httpx.RemoteProtocolError):
        await api.post(f"/2/dm_conversations/with/{anne}/messages", json={"text": "b"})
    assert [message.text for message in x.received("anne44")] == ["b"]


async def test_tokens_rotate_and_a_refresh_token_serves_once(x: XSimulator) -> None:
    x.expire_access()
    keys = x.keys
    form = {"grant_type": "refresh_token", "refresh_token": keys.refresh_token}
    async with client(x) as api:
        assert (await api.get("/2/users/me")).status_code == 401
        fresh = (await api.post("/2/oauth2/token", data=form)).json()
        assert (await api.post("/2/oauth2/token", data=form)).status_code == 400
    async with client(x, fresh["access_token"]) as api:
        assert (await api.get("/2/users/me")).status_code == 200


async def test_signed_requests_are_taken_too(x: XSimulator) -> None:
    oauth = {
        "oauth_consumer_key": x.keys.consumer_key,
        "oauth_nonce": "n",
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": "1795300000",
        "oauth_token": x.keys.user_token,
        "oauth_version": "1.0",
    }
    url, query = f"{x.base_url}/2/dm_events", {"max_results": "5", "expansions": "sender_id"}
    signature = oauth1_signature(x.keys, "GET", url, oauth | query)
    async with httpx.AsyncClient() as http:
        for given, status in ((signature, 200), ("bad", 401)):
            fields = oauth | {"oauth_signature": given}
            pairs = (f'{name}="{quote(value, safe="")}"' for name, value in fields.items())
            header = "OAuth " + ", ".join(pairs)
            answer = await http.get(url, params=query, headers={"Authorization": header})
            assert answer.status_code == status


async def test_a_killed_demo_resumes_with_what_x_held(tmp_path: Path) -> None:
    async with XSimulator(state_dir=tmp_path) as before:
        mine, anne = before.user_id, before.person("anne44")
        event = await before.dm("anne44", "avant")
    async with XSimulator(state_dir=tmp_path) as after, client(after) as api:
        assert (after.user_id, after.person("anne44")) == (mine, anne)
        assert await ids(api, "/2/dm_events") == [event]
        assert after.sent_by("anne44") == ["avant"]
