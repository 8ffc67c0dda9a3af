"""People read the names of communes in what commands show; their codes are for programs."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.__main__ import cli
from app.stores import opened
from router.case import Case, Status
from router.decision import Place, ServiceId
from router.tracking import from_bits, printed
from router.work import CaseWrite, Unit
from storage.codec import from_us

CONFIG = Path(__file__).parents[2] / "config"
NOW = from_us(1_790_000_000_000_000)


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path


def said(*words: str) -> str:
    result = CliRunner().invoke(cli, words)
    assert result.exit_code == 0, result.output
    return result.output


def a_case(data: Path, place: Place) -> str:
    """Put a case at a place into a store whose live rules know the communes; give its number."""
    case = Case(
        1, from_bits(1), 1, Status.ACCEPTED, ServiceId("voirie"), NOW, NOW, NOW, place=place
    )

    async def put() -> None:
        maps = CONFIG.rglob("communes.geojson")
        files = {path.relative_to(CONFIG).as_posix(): path.read_bytes() for path in maps}
        async with opened(data, "") as store:
            await store.publish(files, "h", "test", "test", NOW)
            await store.commit([Unit((), cases=(CaseWrite(case, None),))], NOW)

    asyncio.run(put())
    return printed(case.number)


@pytest.mark.parametrize(
    ("place", "shown"),
    [
        (Place("rue Scribe", ("44109",), street="rue Scribe"), "rue Scribe, Nantes"),
        (Place("", ("44109", "44143")), "Nantes ou Rezé"),
        (Place("44109", ("44109",)), "Nantes"),
        (Place("Nantes", ("44109",)), "Nantes"),
    ],
)
def test_a_case_is_shown_with_the_names_of_its_communes(elsewhere, place, shown):
    number = a_case(elsewhere / "var", place)
    assert f"lieu      {shown}\n" in said("cases", "show", number)


def test_a_trial_names_the_commune_beside_the_street():
    told = said("try", "--text", "Un trou rue Scribe à Nantes", "--config", str(CONFIG))
    assert "lieu       rue Scribe, Nantes\n" in told
