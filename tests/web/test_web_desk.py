"""The door of the desk's programs: whose key, what is kept, and what is told in one sentence."""

from __future__ import annotations

import asyncio
import base64
import io
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from PIL import Image
from pydantic import SecretStr
from store_parts import Numbered
from web_fakes import Browser, House

from channels.desk import Desk, DeskSettings
from router.entry import Entry, Source
from router.errors import StoreUnavailable
from router.events import MessageReceived, TaskDone
from router.tracking import from_bits, printed
from storage.memory import MemoryStore
from web.app import create_app
from web.desk.forms import NewCase
from web.parts import Offered

ANNE = {"authorization": "Bearer cle-de-l-agent-anne", "idempotency-key": "1"}
SAID = {"source": "call", "text": "Un trou rue Scribe", "reply": {"by": "sms", "to": "0612345678"}}
CHANNEL = Desk(
    DeskSettings(keys={"anne": SecretStr("cle-de-l-agent-anne")}, sms_account="+33756000044"),
    "mairie",
)


class Shaky(MemoryStore):
    """A store that can be down, and counts what it is asked."""

    down = False
    asked = 0

    async def accept(self, envelopes: Any, cursor: Any = None) -> Any:
        self._ask()
        return await super().accept(envelopes, cursor)

    async def outcome(self, *named: str) -> Any:
        self._ask()
        return await super().outcome(*named)

    async def list_deliveries(self, *wanted: Any) -> Any:
        self._ask()
        return await super().list_deliveries(*wanted)

    def _ask(self) -> None:
        self.asked += 1
        if self.down:
            raise StoreUnavailable("the database is down")


@pytest.fixture
def store() -> Shaky:
    return Shaky(Numbered())


@pytest.fixture
async def client(house: House, store: Shaky) -> AsyncIterator[Browser]:
    house.channels = {
        ("desk", "mairie"): CHANNEL,
        ("desk", "annexe"): Desk(DeskSettings(), "annexe"),
    }
    parts = replace(
        house.parts(),
        intake=store,
        cases=store,
        records=store,
        offered=lambda: (Offered("voirie", "voirie"),),
    )
    transport = httpx.ASGITransport(create_app(parts), raise_app_exceptions=False)
    async with Browser(transport=transport, base_url="http://city.example") as found:
        yield found


async def kept(store: Shaky) -> list[Any]:
    lines = await store.journal()
    envelopes = [await store.envelope(line.inbound_id) for line in lines]
    return [event for one in envelopes if one for event in CHANNEL.receive(one)]


async def test_an_entry_is_kept_under_the_name_of_its_key(client: Browser, store: Shaky) -> None:
    answer = await client.post("/desk/v1/cases", json=SAID, headers=ANNE)
    assert answer.status_code == 202  # nobody routes here, so its number is not known yet
    assert answer.json() == {
        "status": "kept", "number": None, "case_status": None, "service": None,
        "read_aloud": "", "task": None,
    }  # fmt: skip
    [event] = await kept(store)
    assert isinstance(event, MessageReceived)
    assert event.message.entry == Entry(Source.CALL, "anne")
    assert event.message.address.value == "+33612345678"


async def test_programs_have_no_other_door(client: Browser, store: Shaky) -> None:
    """Only `/desk/v1` looks at what is entered."""
    answer = await client.post("/webhooks/desk/mairie", json=SAID, headers=ANNE)
    assert answer.status_code == 404
    assert await store.journal() == []


async def test_a_number_that_no_case_has_is_told_and_nothing_is_kept(
    client: Browser, store: Shaky
) -> None:
    number = printed(from_bits(7))
    answer = await client.post("/desk/v1/cases", json={**SAID, "case": number}, headers=ANNE)
    assert (answer.status_code, answer.json()) == (
        404,
        {"error": f"case: no case has the number {number}."},
    )
    assert await kept(store) == []


@pytest.mark.parametrize("commune", ["nantes", "44109", "NANTES"])
async def test_a_commune_is_named_as_anywhere(client: Browser, commune: str) -> None:
    answer = await client.post("/desk/v1/cases", json={**SAID, "commune": commune}, headers=ANNE)
    assert answer.status_code == 202


async def test_a_double_submit_is_one_entry(client: Browser, store: Shaky) -> None:
    first = await client.post("/desk/v1/cases", json=SAID, headers=ANNE)
    again = await client.post("/desk/v1/cases", json=SAID, headers=ANNE)
    other = await client.post("/desk/v1/cases", json=SAID, headers={**ANNE, "idempotency-key": "2"})
    assert [one.status_code for one in (first, again, other)] == [202, 200, 202]
    assert len(await kept(store)) == 2


OTHER = {
    "source": "visit", "text": "Feu dans la cuisine, vite", "name": "Mme Martin", "street": "rue Scribe",
    "commune": "Nantes", "category": "voirie", "language": "en", "behalf_of": "ma voisine",
    "case": printed(from_bits(7)), "received_at": "2026-11-20T10:00:00Z",
    "reply": {"by": "callback", "to": "0240000000"}, "photos": [{"content": "AAAA"}],
}  # fmt: skip


def test_every_field_of_an_entry_is_among_those_that_another_entry_may_change() -> None:
    assert {*OTHER} == {*NewCase.model_fields} - {"desk"}  # another desk has keys of its own


@pytest.mark.parametrize("changes", [{name: value} for name, value in OTHER.items()])
async def test_a_key_that_was_used_takes_no_other_entry(
    client: Browser, store: Shaky, changes: dict[str, Any]
) -> None:
    await client.post("/desk/v1/cases", json=SAID, headers=ANNE)
    other = await client.post("/desk/v1/cases", json={**SAID, **changes}, headers=ANNE)
    assert (other.status_code, "nothing new was kept" in other.json()["error"]) == (409, True)
    again = await client.post("/desk/v1/cases", json=SAID, headers=ANNE)
    assert again.status_code == 200
    assert len(await kept(store)) == 1


async def test_of_two_entries_at_once_under_one_key_one_is_kept_and_the_other_refused(
    client: Browser, store: Shaky
) -> None:
    """Both look before either is kept."""
    fire = {**SAID, "text": "Feu dans la cuisine, vite"}
    answers = await asyncio.gather(
        *(client.post("/desk/v1/cases", json=said, headers=ANNE) for said in (SAID, fire))
    )
    assert sorted(one.status_code for one in answers) == [202, 409]
    assert len(await kept(store)) == 1


async def test_a_picture_is_made_safe_and_kept_once(
    client: Browser, store: Shaky, house: House
) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (8, 8)).save(picture, "PNG")
    said = {
        **SAID,
        "text": "",
        "photos": [{"content": base64.b64encode(picture.getvalue()).decode()}],
    }
    for _ in range(2):
        assert (await client.post("/desk/v1/cases", json=said, headers=ANNE)).is_success
    [event] = await kept(store)
    [file] = event.message.attachments
    assert (file.media_type, house.photos[file.ref][:2]) == ("image/jpeg", b"\xff\xd8")
    assert len(house.photos) == 1
    picture = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(picture, "PNG")
    said["photos"] = [{"content": base64.b64encode(picture.getvalue()).decode()}]
    other = await client.post("/desk/v1/cases", json=said, headers=ANNE)
    assert (other.status_code, len(house.photos)) == (409, 1)
    said["photos"] = [{"content": "AAAA"}]
    headers = {**ANNE, "idempotency-key": "2"}
    refused = await client.post("/desk/v1/cases", json=said, headers=headers)
    assert (refused.status_code, "Photo 1" in refused.json()["error"]) == (400, True)


DOORS = (
    ("POST", "/desk/v1/cases"),
    ("GET", "/desk/v1/tasks"),
    ("POST", "/desk/v1/tasks/4/done"),
    ("GET", "/desk/v1/tasks/4/letter"),
)


@pytest.mark.parametrize(("method", "path"), DOORS)
async def test_a_forged_or_missing_key_never_reaches_the_store(
    client: Browser, store: Shaky, method: str, path: str
) -> None:
    missing = await client.request(method, path, json=SAID)
    assert (missing.status_code, missing.headers["www-authenticate"]) == (401, "Bearer")
    for key in ("", "Bearer", "Bearer x", "Basic YTpi", "Bearer cle-de-l-agent-ann\u00e9"):
        headers = {"authorization": key.encode()}
        refused = await client.request(method, path, json=SAID, headers=headers)
        assert refused.status_code == 403
        assert refused.json() == {"error": "The key is not valid here."}
    assert store.asked == 0


@pytest.mark.parametrize(("method", "path"), DOORS)
async def test_while_the_database_is_down_nothing_is_promised(
    client: Browser, store: Shaky, method: str, path: str
) -> None:
    store.down = True
    body = SAID if path.endswith("cases") else {"outcome": "read"}
    answer = await client.request(method, path, json=body, headers=ANNE)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    store.down = False
    assert await kept(store) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"source": "shout"}, "source"),
        ({"text": " "}, "text"),
        ({"text": "x" * 20_001}, "text"),
        ({"surprise": 1}, "surprise"),
        ({"category": "dragons"}, "category"),
        ({"commune": "Mars"}, "commune"),
        ({"case": "12"}, "case"),
        ({"language": "français"}, "language"),
        ({"received_at": "2026-11-20T10:00:00"}, "received_at"),
        ({"received_at": "0001-01-01T00:00:00+14:00"}, "received_at"),
        ({"received_at": "2100-01-01T00:00:00+00:00"}, "received_at lies in the future"),
        ({"desk": "annexe"}, "desk"),
        ({"reply": {"by": "pigeon"}}, "reply.by"),
        ({"reply": {"by": "callback", "to": "12"}}, "telephone number"),
        ({"reply": {"by": "email", "to": "a@b.fr"}}, "no account of ours writes email"),
        ({"source": "missed_call", "text": "", "reply": {"by": "page"}}, "missed call"),
    ],
)
async def test_what_cannot_be_is_told_in_one_sentence_and_not_kept(
    client: Browser, store: Shaky, changes: dict[str, Any], words: str
) -> None:
    answer = await client.post("/desk/v1/cases", json={**SAID, **changes}, headers=ANNE)
    assert answer.status_code == 400
    assert words in answer.json()["error"]
    for not_ours in ("Value error", "Input should", "cannot be read here"):
        assert not_ours not in answer.json()["error"]
    assert "\n" not in answer.json()["error"]
    assert await kept(store) == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b"[" * 5000])
async def test_a_body_that_is_none_is_told(client: Browser, store: Shaky, body: bytes) -> None:
    for path in ("/desk/v1/cases", "/desk/v1/tasks/4/done"):
        answer = await client.post(path, content=body, headers=ANNE)
        assert answer.status_code == 400
        assert answer.json()["error"]
    assert await kept(store) == []


async def test_a_message_without_a_name_of_its_own_is_refused(
    client: Browser, store: Shaky
) -> None:
    for id in ("", "x" * 101):
        headers = {**ANNE, "idempotency-key": id}
        answer = await client.post("/desk/v1/cases", json=SAID, headers=headers)
        assert (answer.status_code, "Idempotency-Key" in answer.json()["error"]) == (400, True)
    assert await kept(store) == []


@pytest.mark.parametrize("id", ["4", "0", "-1", "x", "9" * 30, "٤"])
async def test_a_task_that_is_not_open_is_not_found(client: Browser, store: Shaky, id: str) -> None:
    done = await client.post(f"/desk/v1/tasks/{id}/done", json={"outcome": "read"}, headers=ANNE)
    letter = await client.get(f"/desk/v1/tasks/{id}/letter", headers=ANNE)
    assert (done.status_code, letter.status_code) == (404, 404)
    assert [one for one in await kept(store) if isinstance(one, TaskDone)] == []


@pytest.mark.parametrize(
    "said", [{"outcome": "instead"}, {"outcome": "read", "reply": {"by": "page"}}, {}]
)
async def test_a_result_says_all_that_it_needs(client: Browser, said: dict[str, Any]) -> None:
    answer = await client.post("/desk/v1/tasks/4/done", json=said, headers=ANNE)
    assert answer.status_code == 400


async def test_the_description_says_all_that_may_be_sent(client: Browser) -> None:
    described = (await client.get("/desk/v1/openapi.json")).json()
    paths = described["paths"]
    assert set(paths) == {"/cases", "/tasks", "/tasks/{task}/done", "/tasks/{task}/letter"}
    entry = paths["/cases"]["post"]
    schema = entry["requestBody"]["content"]["application/json"]["schema"]
    assert {"source", "text", "reply", "behalf_of", "received_at"} <= schema["properties"].keys()
    assert "enum" in schema["properties"]["source"]
    assert "$ref" not in str(schema)
    assert {"200", "201", "202", "400", "401", "403", "503"} <= entry["responses"].keys()
    assert {one["name"] for one in entry["parameters"]} == {"authorization", "idempotency-key"}
    assert "422" not in str(described)
    assert entry["operationId"] == "enter_case"


async def test_an_installation_without_a_desk_has_no_such_door(browser: Browser) -> None:
    assert (await browser.get("/desk/v1/tasks", headers=ANNE)).status_code == 404
