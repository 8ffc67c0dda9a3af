"""What lists and cases say to an operator is French throughout: kinds, channels, who did what."""

from __future__ import annotations

import ast
import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.__main__ import cli
from app.french import EVENTS, WHO
from app.running.builders import BUILDERS
from app.stores import opened
from router.case import Case, Event, EventKind, Status, Visibility
from router.decision import ServiceId
from router.delivery import Delivery, DeliveryKind, DeliveryState
from router.message import Address
from router.tracking import from_bits, printed
from router.words.called import SENDINGS, channel_called
from router.work import CaseWrite, Unit
from storage.codec import from_us

ROOT = Path(__file__).parents[2]
NOW = from_us(1_790_000_000_000_000)


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path


def shown(*words: str) -> str:
    return " ".join(CliRunner().invoke(cli, words).output.split())


def a_case_that_did_not_leave(data: Path) -> str:
    """Put a case into the store whose way to the service was given up; give its number."""

    async def put() -> str:
        case = Case(
            1, from_bits(1), 1, Status.ASSIGNED, ServiceId("voirie"), NOW, NOW, NOW,
            text="Un trou", channel="desk", rule="competence:voirie:partout",
        )  # fmt: skip
        event = Event(2, 1, EventKind.RECEIVED, NOW, "citizen", "", Visibility.CITIZEN)
        delivery = Delivery(
            id=3, case_id=1, kind=DeliveryKind.FORWARD, idem="i", lane="l", created_at=NOW,
            address=Address("partner_email", "guichet@nantes.example", "voirie@nantes.example"),
            text="", state=DeliveryState.DEAD, error="boîte inconnue",
        )  # fmt: skip
        async with opened(data, "") as store:
            unit = Unit((), cases=(CaseWrite(case, None),), events=(event,), deliveries=(delivery,))
            await store.commit([unit], NOW)
        return printed(case.number)

    return asyncio.run(put())


def test_a_case_and_what_could_not_be_sent_are_told_in_french(elsewhere):
    number = a_case_that_did_not_leave(elsewhere / "var")
    case = shown("cases", "show", number)
    assert "voirie : la table des compétences (famille voirie, partout)" in case
    assert "reçue personne" in case
    assert "abandonné, courriel au service voirie@nantes.example boîte inconnue" in case
    assert "par guichet" in shown("cases", "list")
    assert "abandonné, 0 essai : transmission par courriel au service boîte inconnue" in shown(
        "outbox", "list"
    )


def test_every_kind_channel_and_doer_has_a_french_name():
    assert SENDINGS.keys() == set(DeliveryKind)
    assert EVENTS.keys() == set(EventKind)
    assert not [name for name in BUILDERS if name.islower() and "_" in channel_called(name)]
    doers = {
        word.value
        for file in (ROOT / "router").glob("*.py")
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr == "tell"
        for word in call.args[3:4]
        if isinstance(word, ast.Constant)
    }
    assert doers
    assert doers <= WHO.keys()


def test_trials_are_counted_in_french():
    told = shown("rules", "test", str(ROOT / "config"))
    assert told.endswith(" essais réussis, 0 en échec")
