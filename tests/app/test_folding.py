"""Long lines are folded between words, and only where a width is known."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from app import french
from app.console import say
from app.folding import folded
from app.french import counted
from router.archive import Action
from router.case import EventKind, Status
from router.decision import Urgency
from router.delivery import DeliveryKind, DeliveryState
from router.words.called import SENDINGS

WORDS = st.lists(
    st.sampled_from(["a", "mot", "règle", ":", "«", "»", "→", "d'eau", "x" * 30, "電話", "🚧"]),
    min_size=1,
    max_size=40,
)


@given(
    WORDS, st.integers(20, 90), st.sampled_from(["", "  ", "  - "]), st.none() | st.integers(0, 60)
)
def test_a_folded_line_fits_and_loses_no_word(
    words: list[str], width: int, start: str, hang: int | None
) -> None:
    rows = folded(start + " ".join(words), width, hang).split("\n")
    assert " ".join(rows).split() == f"{start} {' '.join(words)}".split()
    for row in rows:
        assert cell_len(row) <= width or " " not in _joined(row.strip(" -"))
    assert not any(re.match(" *[»:]", row) for row in rows[1:])
    assert not any(row.endswith("«") for row in rows[:-1])


def _joined(text: str) -> str:
    """Write what is never parted as one word."""
    return re.sub(r"(?<=«) | (?=[»:])", "_", text)


def test_french_marks_stay_with_their_word() -> None:
    told = folded("Le service est responsable par la règle « lampadaires » : elle suffit.", 40)
    assert told == "Le service est responsable par la règle\n  « lampadaires » : elle suffit."


def test_the_rest_of_a_line_goes_on_under_its_text() -> None:
    assert folded("  - un deux trois", 12) == "  - un deux\n    trois"
    assert folded("service   un deux trois", 18, 10) == "service   un deux\n         trois"


def test_where_no_width_is_known_a_line_is_whole(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    say("mot " * 40 + "fin")
    assert capsys.readouterr().out == "mot " * 40 + "fin\n"
    monkeypatch.setenv("COLUMNS", "40")
    say("mot " * 40 + "fin")
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 40


def test_there_is_a_plural_from_two_on() -> None:
    assert [counted(number, "essai") for number in (0, 1, 2)] == ["0 essai", "1 essai", "2 essais"]
    assert counted(2, "tâche notée") == "2 tâches notées"
    assert counted(3, "cas changerait", "cas changeraient") == "3 cas changeraient"


@pytest.mark.parametrize(
    ("said", "kinds"),
    [
        (french.ACTIONS, Action),
        (SENDINGS, DeliveryKind),
        (french.EVENTS, EventKind),
        (french.STATUSES, Status),
        (french.URGENCIES, Urgency),
        (french.DELIVERIES, DeliveryState),
    ],
)
def test_whatever_a_program_tells_apart_has_a_french_word(said, kinds):
    assert set(said) == set(kinds)
    assert len(set(said.values())) == len(said)
