"""Whole messages as people write them, read in one go."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from router.directory import Counter
from router.message import Address, Message
from router.rule_ports import Understanding, Understands
from understanding.reader import Reader
from understanding.territory import Territory

CASES: list[dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parent / "messages.yaml").read_text("utf-8")
)
COUNTER = Counter("nantes-sms", "sms", "+33700000000", commune="44109", language="fr")


def message(text: str, subject: str = "", **more: Any) -> Message:
    return Message(
        address=Address("sms", "main", "+33600000000"),
        provider_id="1",
        received_at=datetime(2026, 11, 22, tzinfo=UTC),
        text=text,
        text_shown=text,
        subject=subject,
        **more,
    )


@pytest.fixture(scope="module")
def reader(nantes: Territory) -> Reader:
    return Reader(nantes)


def wrong(case: dict[str, Any], read: Understanding, nantes: Territory) -> list[str]:
    """List what was read otherwise than a person would."""
    named = case.get("c", [] if case.get("out") else ["Nantes"])
    expected: dict[str, object] = {
        "communes": sorted(str(nantes.commune(name)) for name in named),
        "outside": bool(case.get("out")),
        "language": case.get("l", read.language),
        "street": case.get("s", read.place.street),
        "nature": case.get("n", read.nature and read.nature.value),
        "follow_up": case.get("f", read.follow_up),
    }
    actual: dict[str, object] = {
        "communes": sorted(read.place.communes),
        "outside": read.place.outside,
        "language": read.language,
        "street": read.place.street,
        "nature": read.nature and read.nature.value,
        "follow_up": read.follow_up,
    }
    return [f"{key}: {actual[key]}" for key in expected if expected[key] != actual[key]]


def test_realistic_messages(reader: Reader, nantes: Territory) -> None:
    misread = {
        case["t"]: errors
        for case in CASES
        if (errors := wrong(case, reader.understand(message(case["t"]), COUNTER), nantes))
    }
    assert len(CASES) >= 150
    assert len(misread) <= 0.03 * len(CASES), misread


def test_it_is_what_the_router_asks_for(reader: Reader) -> None:
    port: Understands = reader
    assert port.understand(message("bonjour"), None).language == "fr"


def test_a_quote_is_never_read(reader: Reader) -> None:
    quoted = message("toujours rien", quoted="Le trou est à Rezé")
    assert reader.understand(quoted, COUNTER).place.source == "counter"


def test_the_subject_names_the_place(reader: Reader) -> None:
    read = reader.understand(message("Il est éteint.", "Lampadaire rue Noire à Rezé"), COUNTER)
    assert read.place.communes == ("44143",)


def test_the_setting_of_an_app_is_only_a_hint(reader: Reader) -> None:
    assert reader.understand(message("ok", language="tr"), COUNTER).language == "tr"
    said = message("le trottoir est cassé", language="tr")
    assert reader.understand(said, COUNTER).language == "fr"


@settings(max_examples=300, deadline=None)
@given(text=st.text(max_size=300), subject=st.text(max_size=40))
def test_no_text_makes_it_fail(text: str, subject: str, nantes: Territory) -> None:
    _READERS.setdefault("one", Reader(nantes)).understand(message(text, subject), COUNTER)


_READERS: dict[str, Reader] = {}


@settings(max_examples=300, deadline=None)
@given(
    text=st.one_of(st.sampled_from([case["t"] for case in CASES]), st.text(max_size=300)),
    subject=st.sampled_from(("", "Re: lampadaire", "Trottoir rue Noire à Rezé")),
)
def test_the_place_alone_is_that_of_the_whole(text: str, subject: str, nantes: Territory) -> None:
    reader = _READERS.setdefault("one", Reader(nantes))
    one = message(text, subject)
    assert reader.place(one, COUNTER) == reader.understand(one, COUNTER).place


def test_a_message_costs_little(reader: Reader) -> None:
    one = message(
        "Bonjour, le trottoir est défoncé devant le 7 rue du Général Buat à Nantes, ma mère est "
        "tombée hier soir. Merci de le réparer vite, il y a une école à côté."
    )
    best = 1.0
    for _ in range(5):
        start = time.perf_counter()
        for _ in range(50):
            reader.understand(one, COUNTER)
        best = min(best, (time.perf_counter() - start) / 50)
    assert best < 0.002  # 0.3 ms alone; room for a busy machine
