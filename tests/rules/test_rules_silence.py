"""What a category says of silence becomes a day and an outcome, as the law counts them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rules_town import CATEGORIES, Town

from router.rights import Rights, Silence
from rules.directory import RulesDirectory
from rules.scalars import Unreadable
from rules.silence import SaidOfSilence, read_silence

REFUSED = SaidOfSilence(Silence.REFUSED, "2 mois")


@pytest.mark.parametrize(
    "said",
    [
        "rejet après 2 mois",
        "Rejet apres 2 mois",
        "2 mois: rejet",
        "2 mois : rejet",
        "2 mois vaut rejet",
    ],
)
def test_a_refusal_is_read_in_every_order(said: str) -> None:
    assert read_silence(said) == REFUSED


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("sans objet", None),
        ("acceptation après 1 mois", SaidOfSilence(Silence.ACCEPTED, "1 mois")),
        ("acceptance after 2 months", SaidOfSilence(Silence.ACCEPTED, "2 months")),
        ("refusal after 15 days", SaidOfSilence(Silence.REFUSED, "15 days")),
        ("selon la démarche : le service le précise", SaidOfSilence(Silence.DEPENDS)),
        ("depends on the procedure", SaidOfSilence(Silence.DEPENDS)),
    ],
)
def test_each_meaning_is_read_in_both_languages(said: str, read: SaidOfSilence | None) -> None:
    assert read_silence(said) == read


@given(st.text(max_size=30))
def test_anything_else_is_refused_and_never_guessed(text: str) -> None:
    try:
        read = read_silence(text)
    except Unreadable:
        return
    assert read is None or (read.meaning is Silence.DEPENDS) is (read.after == "")


def with_silence(town: Town, said: str, court: str = "") -> RulesDirectory:
    text = CATEGORIES.replace(
        "id: eclairage, famille: eclairage, silence: sans objet",
        f'id: eclairage, famille: eclairage, silence: "{said}"',
    )
    assert text != CATEGORIES
    head = f'tribunal: "{court}"\n' if court else ""
    town.write("categories.yaml", head + text.lstrip("\n"))
    checked = town.check()
    assert checked.ruleset is not None
    return RulesDirectory(checked.ruleset.configuration)


@pytest.mark.parametrize(
    ("received", "day", "end"),
    [
        # near midnight the day is that of the town, and not that of UTC
        (datetime(2026, 11, 26, 23, 30, tzinfo=UTC), date(2026, 11, 27), date(2027, 1, 27)),
        # a month that has no such day ends on its last
        (datetime(2026, 12, 31, 9, tzinfo=UTC), date(2026, 12, 31), date(2027, 2, 28)),
    ],
)
def test_days_are_those_of_the_town(town: Town, received: datetime, day: date, end: date) -> None:
    directory = with_silence(town, "rejet après 2 mois", "Tribunal de Nantes")
    assert directory.rights("eclairage", received) == Rights(
        day, Silence.REFUSED, end, "Tribunal de Nantes"
    )


@pytest.mark.parametrize("said", ["sans objet", "trois lunes"])
def test_where_silence_means_nothing_no_day_is_told(town: Town, said: str) -> None:
    directory = with_silence(town, said)
    assert directory.rights("eclairage", datetime(2026, 11, 26, tzinfo=UTC)) is None


def test_children_inherit_what_silence_means(town: Town) -> None:
    town.write(
        "categories.yaml",
        CATEGORIES.replace(
            "silence: sans objet\n    noms: {fr: Voirie}",
            "silence: acceptation après 1 mois\n    noms: {fr: Voirie}",
        ),
    )
    checked = town.check()
    assert checked.ruleset is not None
    found = RulesDirectory(checked.ruleset.configuration).rights(
        "trottoir", datetime(2026, 11, 26, tzinfo=UTC)
    )
    assert found is not None
    assert (found.silence, found.on) == (Silence.ACCEPTED, date(2026, 12, 26))
