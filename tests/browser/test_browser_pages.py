"""A citizen and a service use the pages in a real browser, with and without scripts."""

from __future__ import annotations

import asyncio
import socket
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import uvicorn
from chromium_driver import Chromium

from router.case import Status
from router.message import Envelope
from router.tracking import printed
from web.app import create_app

sys.path.append(str(Path(__file__).parents[1] / "web"))

from web_fakes import NUMBER, House, a_case

_SMALL_TARGETS = """
[...document.querySelectorAll('a, button, input, select, textarea, summary')]
  .filter(e => e.offsetParent && e.type !== 'hidden' && !e.closest('.trap, .skip, p, dd'))
  .map(e => [e.outerHTML.slice(0, 80), e.getBoundingClientRect()])
  .filter(([_, box]) => box.height < 24 || box.width < 24)
  .map(([html, _]) => html)
"""
_OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
def house() -> House:
    house = House()

    def route(envelope: Envelope) -> None:
        if envelope.channel == "web":
            house.numbers[envelope.provider_id] = NUMBER
            house.cases.keep(a_case(status=Status.ASSIGNED))
        else:
            house.cases.keep(replace(a_case(status=Status.RESOLVED), version=9))

    house.journal.accepted = route
    return house


@pytest.fixture
def site(house: House) -> Iterator[str]:
    """Serve the pages on loopback, in a thread of their own."""
    listener = socket.create_server(("127.0.0.1", 0))
    house.base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    config = uvicorn.Config(create_app(house.parts()), log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])))
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield house.base_url
    server.should_exit = True
    thread.join()
    listener.close()


@pytest.mark.parametrize("scripts", [True, False])
def test_a_citizen_reports_follows_and_adds_a_word(
    chromium: Chromium, site: str, house: House, scripts: bool
) -> None:
    chromium.screen(320)
    chromium.language("fr")
    chromium.scripts(scripts)
    chromium.open(site)
    assert "Que se passe-t-il ?" in chromium.text()
    offered = chromium.evaluate("!document.querySelector('[data-position]').hidden")
    assert offered is scripts

    chromium.submit("button.main")
    assert "ajoutez une photo" in chromium.text()

    chromium.type("#text", "Un nid-de-poule")
    chromium.click("#reply-email")
    chromium.type("#email", "ana@mail.example")
    chromium.submit("button.main")
    assert printed(NUMBER) in chromium.text()
    assert "votre demande est bien enregistrée" in chromium.text()

    chromium.type("#word", "C'est dangereux")
    chromium.submit("form button")
    assert "Votre message est bien enregistré" in chromium.text()
    assert [sent["text"] for sent in house.journal.payloads] == [
        "Un nid-de-poule",
        f"C'est dangereux\n\n{printed(NUMBER)}",
    ]
    # the browser reports the refused form's own status, and nothing else: no blocked style or script
    assert [line for line in chromium.complaints if "422" not in line] == []


@pytest.mark.parametrize("scripts", [True, False])
def test_a_browser_proves_itself_while_the_person_types_and_without_scripts_the_report_arrives(
    chromium: Chromium, house: House, request: pytest.FixtureRequest, scripts: bool
) -> None:
    house.proof_of_work = 300
    site = request.getfixturevalue("site")
    chromium.scripts(scripts)
    chromium.open(site)
    chromium.type("#text", "Un nid-de-poule")
    for _ in range(200):
        if not scripts or chromium.evaluate("document.querySelector('[name=proof]').value"):
            break
        time.sleep(0.01)
    chromium.submit("button.main")
    [sent] = house.journal.payloads
    assert ("envoyé sans la preuve de calcul" in sent["doubts"]) is not scripts
    assert chromium.complaints == []


def test_a_service_answers_and_closes_from_its_link(
    chromium: Chromium, site: str, house: House
) -> None:
    house.cases.keep(a_case(status=Status.ASSIGNED))
    token = house.signer.sign("p", NUMBER, "voirie-metropole")
    chromium.language("fr")
    chromium.open(f"{site}/p/{token}?act=close")

    chromium.type("#text-close", "Le trou est rebouché.")
    chromium.submit("#act-close button")

    assert "votre réponse part vers la personne" in chromium.text()
    assert "Résolue" in chromium.text()
    assert chromium.complaints == []


@pytest.mark.parametrize("language", ["fr", "en"])
def test_pages_fit_a_small_telephone_and_large_fingers(
    chromium: Chromium, site: str, house: House, language: str
) -> None:
    house.cases.keep(a_case())
    token = house.signer.sign("p", NUMBER, "voirie-metropole")
    chromium.screen(320)
    for path in (
        "/",
        "/suivi",
        f"/suivi/{NUMBER}",
        f"/p/{token}",
        "/qui-fait-quoi",
        "/accessibilite",
    ):
        chromium.open(f"{site}{path}?lang={language}")

        assert chromium.evaluate(_OVERFLOW) == 0, path
        assert chromium.evaluate(_SMALL_TARGETS) == [], path
    assert chromium.complaints == []
