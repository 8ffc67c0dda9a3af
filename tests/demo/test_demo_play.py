"""The people of the demo: everybody writes once, is answered once, and the tally tells the truth."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
from tiny_product import SERVICES, TinyProduct

from channels.email import EmailSettings
from channels.matrix import MatrixSettings
from channels.sms import SmsSettings
from channels.telegram.settings import TelegramSettings
from channels.x.settings import XSettings
from demo.city import City
from demo.console import Console
from demo.player import play
from demo.script import SCENES, Reaction, Scene
from demo.talks import Said
from demo.tally import replies, tally

NANTES, SMS = "guichet@nantes.example", "+33756000044"
CAST = (
    Scene("mail", "email", "lea@citoyens.example", "Léa", "Le lampadaire\nest éteint", NANTES,
          "Lampadaire", reaction=Reaction.CLOSE, says="Réparé, bonne soirée."),
    Scene("sms", "sms", "+33612340001", "Karim", "poubelles place Viarme", SMS,
          reaction=Reaction.REPLY, says="Nous passons demain."),
    Scene("suite", "sms", "+33612340001", "Karim", "encore {numero}", SMS, follows="sms"),
    Scene("chat", "telegram", "7001", "Inès", "un banc cassé", photo=True,
          reaction=Reaction.ACCEPT),
    Scene("lieu", "telegram", "7001", "Inès", "", location=(47.2, -1.5), follows="chat"),
    Scene("dm", "x", "yann", "Yann", "un gros trou", kind="dm",
          reaction=Reaction.REFUSE, says="Pas à nous.", then="Le trou est bouché."),
    Scene("salon", "matrix", "odile", "Odile", "la fontaine fuit",
          reaction=Reaction.CLOSE, says="La fontaine est sèche."),
    Scene("mention", "x", "marie", "Marie", "@GuichetNantes honteux", kind="mention"),
    Scene("page", "web", "page", "Nadia", "une planche pointue", reply="page",
          reaction=Reaction.CLOSE, says="Le banc est remplacé."),
    Scene("form", "web", "claire@citoyens.example", "Claire", "quels papiers ?", reply="email",
          reaction=Reaction.REPLY, says="Une photo suffit."),
    Scene("robot", "email", "no@boutique.example", "B", "absent", NANTES, "Absence", asks=False,
          automatic=True),
    Scene("stop", "sms", "+33612340006", "Zoé", "STOP", SMS, asks=False),
)  # fmt: skip


class Records:
    """What the tally asks, answered by the little product."""

    def __init__(self, product: TinyProduct) -> None:
        self._product = product

    def __getattr__(self, name: str) -> Any:
        return getattr(self._product, {"cases": "cases_of"}.get(name, name))


async def _play(city: City, product: TinyProduct, seconds: float = 10.0) -> dict[str, Any]:
    await play(city, CAST, product.http.url, SERVICES, seconds=seconds)
    return await tally(city, CAST, Records(product))  # type: ignore[arg-type]


async def test_everybody_is_answered_where_he_wrote() -> None:
    async with City(None) as city, TinyProduct(city) as product:
        report = await _play(city, product)
    assert (report["unanswered"], report["wrong_channel"], report["dead"]) == ([], [], [])
    assert report["messages"] == len(CAST)
    assert {name: counts["in"] for name, counts in report["by_channel"].items()} == {
        "email": 2, "sms": 3, "whatsapp": 0, "telegram": 2, "matrix": 1, "x": 2, "web": 2,
        "desk": 0,
    }  # fmt: skip
    assert report["by_channel"]["sms"]["replies"] == 3
    assert report["by_channel"]["web"]["replies"] == 5
    assert report["forwarded"] == 10
    assert report["by_way"] == {"email": 10, "open311": 0, "webhook": 0}


async def test_a_second_run_on_the_same_folder_sends_nothing_again(tmp_path: Path) -> None:
    async with City(tmp_path) as city, TinyProduct(city) as product:
        first = await _play(city, product)
        ports = city.providers
    async with City(tmp_path) as city, TinyProduct(city) as again:
        again.cases, again.forms, again.seen = product.cases, product.forms, product.seen
        assert await _play(city, again) == first
        assert city.providers == ports


async def test_who_gets_no_word_is_named() -> None:
    async with City(None) as city, TinyProduct(city, mute=["+33612340001"]) as product:
        report = await _play(city, product, seconds=5.0)
    assert report["unanswered"] == ["sms", "suite"]


async def test_an_answer_at_another_telephone_is_named() -> None:
    async with City(None) as city, TinyProduct(city, misdirect="+33699999999") as product:
        report = await _play(city, product, seconds=3.0)
    assert "sms" in report["unanswered"]
    assert {wrong["to"] for wrong in report["wrong_channel"]} == {"+33699999999"}


def test_a_mail_that_was_sent_twice_counts_once() -> None:
    mail = Said(False, "Bien reçu", id="<1@nantes.example>", at="2026-11-26T10:00:00")
    again = replace(mail, at="2026-11-26T10:00:09")
    other = replace(mail, id="<2@nantes.example>")
    story = SimpleNamespace(scenes=CAST[:1], heard=lambda scene: [mail, again, other])
    assert replies(story) == {"email": 2}  # type: ignore[arg-type]


def test_the_script_uses_every_channel_and_way_of_answering() -> None:
    assert {scene.channel for scene in SCENES} == {
        "email",
        "sms",
        "whatsapp",
        "telegram",
        "matrix",
        "x",
        "web",
        "desk",
    }
    assert {scene.reply for scene in SCENES if scene.channel == "web"} == {"page", "email", "sms"}
    assert {scene.kind for scene in SCENES if scene.channel == "x"} == {"dm", "mention"}
    at_desk = {(scene.kind, scene.reply) for scene in SCENES if scene.channel == "desk"}
    assert at_desk == {("call", "callback"), ("letter", "letter"), ("visit", "sms")}
    assert {scene.reaction for scene in SCENES} == set(Reaction)
    assert len({scene.id for scene in SCENES}) == len(SCENES)
    assert all(scene.says for scene in SCENES if scene.reaction in {"reply", "close"})
    answers = [scene.answer for scene in SCENES if scene.answer]
    assert len(set(answers)) == len(answers)


async def test_on_the_play_page_anybody_writes_and_reads_the_answer() -> None:
    async with (
        City(None) as city, TinyProduct(city) as product, Console(city) as console,
        httpx.AsyncClient() as person,
    ):  # fmt: skip
        await city.connect(product.http.url)
        for channel, address in (
            ("email", "moi@citoyens.example"), ("sms", "+33612349999"),
            ("telegram", "7999"), ("matrix", "moi"), ("x", "moi44"),
        ):  # fmt: skip
            typed = {"canal": channel, "adresse": address, "texte": f"Bonjour <b>{channel}</b>"}
            answer = await person.post(console.url, data=typed)
            assert answer.status_code == 303
        await city.telegram.until_received(7999)
        await city.twilio.until_received("+33612349999")
        await city.matrix.until_received("moi")
        await city.x.until_received("moi44")
        await city.mail.until_received("moi@citoyens.example")
        pages = [
            (await person.get(f"{console.url}/?canal={channel}")).text
            for channel in ("email", "sms", "telegram", "matrix", "x")
        ]
    assert [page.count("Bien reçu") for page in pages] == [1, 1, 1, 1, 1]
    assert "Bonjour &lt;b&gt;sms&lt;/b&gt;" in pages[1]


async def test_on_the_play_page_a_service_finds_the_link_to_its_case() -> None:
    async with (
        City(None) as city, TinyProduct(city) as product, Console(city) as console,
        httpx.AsyncClient() as person,
    ):  # fmt: skip
        report = await _play(city, product)
        page = (await person.get(f"{console.url}/?canal=services")).text
    assert report["forwarded"] > 0
    assert '?act=accept">http' in page


async def test_whoever_was_played_last_comes_first() -> None:
    async with (
        City(None) as city, TinyProduct(city) as product, Console(city) as console,
        httpx.AsyncClient() as person,
    ):  # fmt: skip
        await city.connect(product.http.url)
        for phone in ("+33612349991", "+33612349992", "+33612349990"):
            typed = {"canal": "sms", "adresse": phone, "texte": "Bonjour"}
            answer = await person.post(console.url, data=typed)
        page = (await person.get(f"{console.url}{answer.headers['location']}")).text
    places = [page.index(f"<h2>☎ SMS · +3361234999{digit}") for digit in (0, 1, 2)]
    assert places == sorted(places)


async def test_the_play_page_keeps_its_address(tmp_path: Path) -> None:
    async with City(tmp_path) as city, Console(city) as console:
        first = console.url
    async with City(tmp_path) as city, Console(city) as console:
        assert console.url == first


async def test_the_play_page_refuses_what_cannot_be_sent() -> None:
    async with City(None) as city, Console(city) as console, httpx.AsyncClient() as person:
        for channel, address in (
            ("email", "a\nb"), ("sms", "0612"), ("telegram", "moi"), ("matrix", "@moi:x"),
        ):  # fmt: skip
            typed = {"canal": channel, "adresse": address, "texte": "Bonjour"}
            assert (await person.post(console.url, data=typed)).status_code == 422
        other = await person.post(console.url, data=typed, headers={"sec-fetch-site": "cross-site"})
    assert other.status_code == 403


async def test_the_settings_of_the_city_are_those_that_the_channels_take() -> None:
    async with City(None) as city:
        settings = city.settings("http://127.0.0.1:8000/")
    number = settings["sms"].pop("+33756000044") | settings["sms"]
    number.pop("+33756000047")
    assert SmsSettings(**number).public_url == "http://127.0.0.1:8000/webhooks/sms/+33756000044"
    assert EmailSettings(**settings["email"]).imap_port == city.mail.imap_port
    assert TelegramSettings(**settings["telegram"]).base_url == city.telegram.base_url
    assert MatrixSettings(**settings["matrix"]).base_url == city.matrix.base_url
    assert XSettings(**settings["x"]).base_url == city.x.base_url
