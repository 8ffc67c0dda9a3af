"""What people read and type is in the city's time, wherever the machine stands."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime

import pytest
from test_desk_commands import CALL, CONFIG, told
from typer.testing import CliRunner

from app.__main__ import cli
from app.city_time import CITY, CityTime


@pytest.fixture(params=["UTC", "Pacific/Auckland"])
def elsewhere(request, monkeypatch, tmp_path):
    """A machine whose own clock shows another time."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GUICHET_CONFIG", str(CONFIG))
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def said(*words: str) -> str:
    result = CliRunner().invoke(cli, words)
    assert result.exit_code == 0, result.output
    return " ".join(result.output.split())


def test_what_is_typed_and_shown_is_the_citys_time(elsewhere):
    hours = {_hour()}
    entered = told("new", *CALL, "--id", "1", "--recu-le", "2026-11-26T14:05")
    kept = json.loads(said("cases", "show", entered["number"], "--json"))
    assert datetime.fromisoformat(kept["received_at"]) == datetime(2026, 11, 26, 13, 5, tzinfo=UTC)
    assert "26/11/2026 14:05" in said("cases", "list")
    for words in (["cases", "show", entered["number"]], ["desk", "tasks"], ["rules", "history"]):
        shown = said(*words)
        hours.add(_hour())
        assert any(hour in shown for hour in hours)


def _hour() -> str:
    return CITY.shown(datetime.fromtimestamp(time.time(), UTC), "%d/%m/%Y %H:")


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        (b"fuseau: Indian/Reunion\n", "Indian/Reunion"),
        (b"metropole: x\nfuseau: 'America/Cayenne' # Guyane\n", "America/Cayenne"),
        (b'timezone : "Pacific/Noumea"\n', "Pacific/Noumea"),
        (b"fuseau: Nulle/Part\n", "Europe/Paris"),
        (b"fuseau: ../../etc\n", "Europe/Paris"),
        (b"", "Europe/Paris"),
    ],
)
def test_the_zone_is_that_of_the_territory(text, zone):
    city = CityTime()
    city.learn(text)
    assert str(city.zone) == zone
    noon = datetime(2026, 7, 1, 12, tzinfo=city.zone)
    assert city.typed(datetime.fromisoformat("2026-07-01T12:00")) == noon
    assert city.typed(noon.astimezone(UTC)) == noon
    assert city.shown(noon.astimezone(UTC)) == "01/07/2026 12:00"
