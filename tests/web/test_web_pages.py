"""What holds on every page: language, headings, headers, words that people understand."""

from __future__ import annotations

import re
from importlib import resources
from itertools import pairwise

import pytest
from web_fakes import NUMBER, SERVICES, Browser, House, a_case

from router.case import Status
from router.errors import ConfigurationError
from router.tracking import printed
from web import wording
from web.language import Choice, choose

PATHS = [
    "/",
    "/suivi",
    f"/suivi/{printed(NUMBER)}",
    "/qui-fait-quoi",
    "/accessibilite",
    "/confidentialite",
    "/nowhere",
]
LANGUAGES = ("fr", "en")
CATALOGUES = {language: wording._read(language) for language in LANGUAGES}


@pytest.fixture(autouse=True)
def one_case(house: House) -> None:
    house.cases.keep(a_case(status=Status.ASSIGNED))


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("language", LANGUAGES)
async def test_headings_descend_one_by_one_from_a_single_first(
    browser: Browser, path: str, language: str
) -> None:
    html = (await browser.get(path, params={"lang": language})).text
    levels = [int(level) for level in re.findall(r"<h([1-6])[ >]", html)]

    assert f'<html lang="{language}">' in html
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(below - above <= 1 for above, below in pairwise(levels))


@pytest.mark.parametrize("path", PATHS)
async def test_ids_are_unique_and_every_label_and_link_finds_its_target(
    browser: Browser, path: str
) -> None:
    html = (await browser.get(path)).text
    ids = re.findall(r' id="([^"]+)"', html)
    pointed = re.findall(r' for="([^"]+)"', html) + re.findall(r'href="#([^"]+)"', html)
    described = " ".join(re.findall(r'aria-(?:describedby|labelledby)="([^"]+)"', html)).split()

    assert len(ids) == len(set(ids))
    assert set(pointed + described) <= set(ids)


@pytest.mark.parametrize("path", [*PATHS, "/healthz", "/webhooks/a/b", "/static/guichet.css"])
async def test_every_answer_carries_the_headers_that_keep_it_safe(
    browser: Browser, path: str
) -> None:
    headers = (await browser.get(path)).headers

    policy = headers["content-security-policy"]
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'")
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert "set-cookie" not in headers


@pytest.mark.parametrize("path", PATHS)
async def test_pages_hold_nothing_that_their_own_policy_forbids(
    browser: Browser, path: str
) -> None:
    html = (await browser.get(path)).text

    assert " style=" not in html
    assert "<style" not in html
    assert not re.search(r"<script(?! src=\"/static/)", html)
    assert not re.search(r" on[a-z]+=", html)
    assert not re.search(r'(?:src|action)="https?:', html)


async def test_a_failure_of_ours_is_a_page_with_all_headers(browser: Browser, house: House) -> None:
    house.cases.kept[1] = None  # type: ignore[assignment]

    answer = await browser.get(f"/suivi/{printed(NUMBER)}")

    assert answer.status_code == 500
    assert "Ce n’est pas de votre faute" in answer.text
    assert answer.headers["content-security-policy"]


@pytest.mark.parametrize("path", PATHS)
async def test_a_page_links_its_statement_and_keeps_a_language_that_was_chosen(
    browser: Browser, path: str
) -> None:
    chosen = (await browser.get(path, params={"lang": "en"})).text
    asked = (await browser.get(path, headers={"accept-language": "en-GB,fr;q=0.5"})).text

    assert 'href="/accessibilite?lang=en">Accessibility: not compliant</a>' in chosen
    assert 'href="/accessibilite">Accessibility: not compliant</a>' in asked


@pytest.mark.parametrize(
    ("wanted", "accept", "expected"),
    [
        ("en", "fr", Choice("en", explicit=True)),
        ("xx", "", Choice("fr")),
        ("", "", Choice("fr")),
        ("", "de, en-US;q=0.7, fr;q=0.9", Choice("fr")),
        ("", "EN", Choice("en")),
        ("", "en;q=0, de", Choice("fr")),
        ("", "en;q=abc", Choice("fr")),
        ("", ";;,,=", Choice("fr")),
    ],
)
def test_the_language_is_the_one_named_else_the_one_asked_for(
    wanted: str, accept: str, expected: Choice
) -> None:
    assert choose(wanted, accept, LANGUAGES, "fr") == expected


def test_catalogues_have_the_same_keys_and_the_same_gaps_to_fill() -> None:
    french, english = CATALOGUES["fr"], CATALOGUES["en"]

    assert set(french) == set(english)
    for key, text in french.items():
        assert text.strip()
        assert re.findall(r"{(\w+)}", text) == re.findall(r"{(\w+)}", english[key]), key


def test_every_wording_that_a_template_names_exists() -> None:
    for template in resources.files("web").joinpath("templates").iterdir():
        named = re.findall(r"say\('([^']+)'[,)]", template.read_text(encoding="utf-8"))
        assert set(named) <= set(CATALOGUES["fr"]), template.name


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_are_short_and_free_of_the_offices_jargon(language: str) -> None:
    jargon = re.compile(r"\b(usager|requérant|instruire|diligenter|susvisé|ticket)\w*", re.I)
    for key, text in CATALOGUES[language].items():
        if key.startswith("accessibility."):
            continue  # the statement follows the words of the law
        assert not jargon.search(text), key
        for sentence in re.split(r"(?<=[.?!:;])\s", text):
            assert len(sentence.split()) <= 20, f"{key}: {sentence}"


def test_a_language_without_a_catalogue_stops_the_start() -> None:
    with pytest.raises(ConfigurationError, match="xx"):
        wording.load(("fr", "xx"), "fr")
    with pytest.raises(ConfigurationError, match="de"):
        wording.load(("fr",), "de")


async def test_who_does_what_lists_every_service_with_its_level(browser: Browser) -> None:
    page = (await browser.get("/qui-fait-quoi?lang=en")).text

    for service in SERVICES:
        assert service.name("en") in page
    assert "Metropolis" in page
    assert "City</span> Nantes" in page


async def test_health_and_robots_answer_machines(browser: Browser) -> None:
    assert (await browser.get("/healthz")).json() == {"status": "ok"}
    assert "Disallow: /suivi/" in (await browser.get("/robots.txt")).text


async def test_nothing_describes_the_interface_to_strangers(browser: Browser) -> None:
    for path in ("/docs", "/openapi.json", "/redoc"):
        assert (await browser.get(path)).status_code == 404


@pytest.mark.parametrize("path", PATHS)
async def test_a_page_weighs_little(browser: Browser, path: str) -> None:
    import gzip

    static = resources.files("web").joinpath("static")
    extra = sum(len(gzip.compress(file.read_bytes())) for file in static.iterdir())
    page = len(gzip.compress((await browser.get(path)).content))

    assert page + extra < 20_000


def test_pages_in_french_say_courriel_as_letters_do() -> None:
    for key, words in CATALOGUES["fr"].items():
        assert not re.search(r"e-?mail|électronique", words, re.IGNORECASE), key
