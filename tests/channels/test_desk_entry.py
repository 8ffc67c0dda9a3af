"""The desk's channel: whose key it is, where the person is answered, what cannot be."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from channels.desk import Desk, DeskSettings
from channels.desk_entry import LONGEST_ADDRESS, postal
from router.entry import Entry, Outcome, Source
from router.errors import InvalidSignature, UnreadablePayload
from router.events import CallMissed, MessageReceived, TaskDone
from router.message import Address, Given, Message, WebhookRequest

NOW = datetime(2026, 11, 26, 10, tzinfo=UTC)
KEYS = {"anne": SecretStr("cle-de-l-agent-anne"), "paul": SecretStr("cle-de-l-agent-paul")}
DESK = Desk(
    DeskSettings(keys=KEYS, email_account="ville@town.example", sms_account="+33756000044"),
    "mairie",
)
PHONE = {"by": "callback", "to": "02 40 00 00 00"}


PAGE = Address("desk", "mairie", "case:90590967d5cd6560003a1f4329a6c11f", "page")


def envelope(**said: Any) -> Any:
    whole = {"id": "1", "source": "call", "agent": "anne", "text": "Un trou"} | said
    [found] = DESK.open_raw(json.dumps(whole).encode(), NOW)
    return found


def event(**said: Any) -> Any:
    [found] = DESK.receive(envelope(**said))
    return found


def message(**said: Any) -> Message:
    found = event(**said)
    assert isinstance(found, MessageReceived)
    return found.message


def request(key: str, body: dict[str, Any]) -> WebhookRequest:
    headers = {"authorization": f"Bearer {key}"}
    return WebhookRequest("POST", "https://x.example/", headers, json.dumps(body).encode())


@pytest.mark.parametrize(
    ("source", "reply", "address"),
    [
        ("call", PHONE, Address("desk", "mairie", "+33240000000", "callback")),
        ("relay", PHONE, Address("desk", "mairie", "+33240000000", "relay")),
        (
            "visit",
            {"by": "sms", "to": "0612345678"},
            Address("sms", "+33756000044", "+33612345678"),
        ),
        (
            "letter",
            {"by": "email", "to": "Anne@B.fr"},
            Address("email", "ville@town.example", "anne@b.fr"),
        ),
        (
            "letter",
            {"by": "letter", "to": "12, rue de la Paix, 44000 Nantes"},
            Address("desk", "mairie", "12, rue de la Paix\n44000 Nantes", "letter"),
        ),
        ("visit", {"by": "page"}, PAGE),
        ("visit", None, PAGE),
    ],
)
def test_the_person_is_answered_where_the_agent_chose_with_him(
    source: str, reply: Any, address: Address
) -> None:
    assert message(source=source, reply=reply).address == address


@pytest.mark.parametrize(
    "said",
    [
        {"source": "shout"},
        {"source": None},
        {"text": "  "},
        {"reply": {"by": "pigeon", "to": "x"}},
        {"reply": {"by": "callback", "to": "12"}},
        {"reply": {"by": "sms", "to": ""}},
        {"reply": {"by": "email", "to": "anne"}},
        {"reply": {"by": "letter", "to": " ,\n"}},
        {"reply": {"by": "letter", "to": "x" * 201}},
        {"source": "missed_call", "text": ""},
        {"source": "missed_call", "text": "", "reply": {"by": "letter", "to": "1 rue X"}},
        {"kind": "done"},
        {"kind": "done", "task": "4", "outcome": "read"},
        {"kind": "done", "task": True, "outcome": "read"},
        {"kind": "done", "task": 2**63, "outcome": "read"},
        {"kind": "done", "task": 4, "outcome": "lost"},
        {"kind": "done", "task": 4, "outcome": "instead", "reply": {"by": "sms", "to": "x"}},
        {"kind": "poem"},
    ],
)
def test_what_cannot_be_is_told_at_the_door_and_never_guessed(said: dict[str, Any]) -> None:
    found = envelope(**said)
    assert found.note
    with pytest.raises(UnreadablePayload):
        DESK.receive(found)


@pytest.mark.parametrize("by", ["email", "sms"])
def test_a_channel_that_is_not_there_is_not_offered(by: str) -> None:
    said = {"source": "call", "text": "x", "reply": {"by": by, "to": "0612345678"}}
    [found] = Desk(DeskSettings(), "mairie").open_raw(json.dumps(said).encode(), NOW)
    assert found.note == f"no account of ours writes {by}"


def test_what_the_agent_states_is_kept_as_stated() -> None:
    read = message(
        category="voirie", commune="Rezé", street="devant le 3 rue X", name="Anne\u202e",
        language="AR", behalf_of="M. Petit\x00", reply=PHONE,
    )  # fmt: skip
    assert read.given == Given(category="voirie", commune="Rezé", street="devant le 3 rue X")
    assert (read.sender_name, read.language) == ("Anne", "ar")
    assert read.entry == Entry(Source.CALL, "anne", "M. Petit")


@given(st.timedeltas(timedelta(minutes=11), timedelta(days=9000)))
def test_a_time_to_come_is_refused_in_a_sentence(lapse: timedelta) -> None:
    found = envelope(source="letter", received_at=(NOW + lapse).isoformat())
    assert found.note == "received_at lies in the future"
    with pytest.raises(UnreadablePayload, match="future"):
        DESK.receive(found)


@given(st.timedeltas(timedelta(0), timedelta(minutes=9)))
def test_a_clock_that_is_some_minutes_fast_is_no_mistake(lapse: timedelta) -> None:
    assert message(received_at=(NOW + lapse).isoformat()).received_at == NOW


def test_a_letter_counts_from_the_day_it_came() -> None:
    came = "2026-11-23T09:00:00+01:00"
    assert message(source="letter", received_at=came).received_at == datetime.fromisoformat(came)
    for wrong in ("2026-11-23T09:00:00", "hier", 7):
        assert message(source="letter", received_at=wrong).received_at == NOW


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_moment_outside_the_calendar_is_refused_in_a_sentence(moment: str) -> None:
    found = envelope(source="letter", received_at=moment)
    assert "received_at" in found.note
    with pytest.raises(UnreadablePayload, match="received_at"):
        DESK.receive(found)


def test_a_missed_call_has_no_words() -> None:
    found = event(source="missed_call", text="", reply=PHONE)
    assert found == CallMissed(Address("desk", "mairie", "+33240000000", "callback"), NOW, "anne")


def test_what_was_left_on_the_answering_machine_is_a_message() -> None:
    assert message(source="missed_call", text="Rappelez-moi", reply=PHONE).text == "Rappelez-moi"


def test_a_task_is_done_by_its_number() -> None:
    assert event(kind="done", task=4, outcome="read") == TaskDone(4, Outcome.READ, "anne")
    other = event(kind="done", task=4, outcome="instead", reply={"by": "sms", "to": "0612345678"})
    assert other.instead == Address("sms", "+33756000044", "+33612345678")


def test_the_key_says_who_enters_whatever_the_body_says() -> None:
    said = {"id": "1", "agent": "le-maire", "source": "visit", "text": "Un trou"}
    [found] = DESK.open(request("cle-de-l-agent-paul", said), NOW)
    [read] = DESK.receive(found)
    assert isinstance(read, MessageReceived)
    assert read.message.entry == Entry(Source.VISIT, "paul")
    assert b"le-maire" not in found.payload


@pytest.mark.parametrize("key", ["", "x", "cle-de-l-agent", "cle-de-l-agent-anne2", "é", "\udcff"])
def test_a_forged_key_is_nobody_s(key: str) -> None:
    with pytest.raises(InvalidSignature):
        DESK.verify(request(key, {}))


def test_a_desk_without_keys_is_closed_to_programs() -> None:
    with pytest.raises(InvalidSignature):
        Desk(DeskSettings(), "mairie").verify(request("", {}))


def test_a_key_that_can_be_guessed_is_refused_at_the_start() -> None:
    with pytest.raises(ValidationError, match="moins de 16 caractères"):
        DeskSettings(keys={"anne": SecretStr("anne")})


def test_two_agents_may_use_the_same_id_and_an_entry_is_no_task() -> None:
    ids = {
        envelope().provider_id,
        envelope(agent="paul").provider_id,
        envelope(kind="done", task=4, outcome="read").provider_id,
    }
    ids |= {envelope(agent="a:b", id="c").provider_id, envelope(agent="a", id="b:c").provider_id}
    assert len(ids) == 5
    assert "anne" not in "".join(ids)


@given(st.text(max_size=300))
def test_a_postal_address_is_read_once_and_for_all(written: str) -> None:
    try:
        found = postal(written)
    except UnreadablePayload:
        return
    assert 0 < len(found) <= LONGEST_ADDRESS
    if "\n" in found:
        assert postal(found) == found
    assert Address.from_key(Address("desk", "m", found, "letter").key).value == found


@given(st.binary(max_size=200) | st.recursive(st.none() | st.booleans() | st.text(), st.lists).map(
    lambda value: json.dumps({"kind": value, "task": value, "source": value}).encode()
))  # fmt: skip
def test_nothing_that_is_posted_breaks_the_door(raw: bytes) -> None:
    [found] = DESK.open_raw(raw, NOW)
    if not found.note:
        DESK.receive(found)
