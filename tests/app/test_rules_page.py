"""The page of the published rules for citizens."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

from past import RULES, Past

ROOT = Path(__file__).parents[2]


class Page(HTMLParser):
    """Reads a page as a browser would: its words, and whatever it would fetch."""

    def __init__(self, text):
        super().__init__()
        self.words, self.fetched, self.tags = "", [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.fetched += [v for k, v in attributes if k == "src" or (tag == "link" and k == "href")]

    def handle_data(self, data):
        self.words += data


def test_the_page_tells_citizens_who_does_what_and_needs_no_other_file(past, tmp_path):
    past.fine("publish", "--public", tmp_path / "regles.html")
    text = (tmp_path / "regles.html").read_text(encoding="utf-8")
    page = Page(text)
    for piece in (
        "Éclairage s'en charge.",
        "le message parle de «\N{NO-BREAK SPACE}lampadaire\N{NO-BREAK SPACE}»",
        "Tranquillité",
        "Rezé",
        "Sauf à",
        "112",
    ):
        assert piece in page.words
    assert page.fetched == []
    assert "script" not in page.tags
    assert "url(" not in text
    assert "Awa" not in page.words  # who published is no business of the page


def test_words_of_the_rules_are_text_on_the_page(past, tmp_path):
    past.town.rules(RULES + "\n- id: piege\n  si: {contient: [\"<script>alert</script>\"]}\n"
                            "  alors: {responsable: guichet}\n")  # fmt: skip
    past.publish("--public", str(tmp_path / "regles.html"))
    assert "script" not in Page((tmp_path / "regles.html").read_text(encoding="utf-8")).tags


def test_there_is_no_page_of_rules_that_were_never_published(tmp_path):
    code, said = Past(tmp_path).run("publish", "--public", tmp_path / "regles.html")
    assert (code, "Rien n'est publié" in said) == (1, True)
    assert not (tmp_path / "regles.html").exists()


def test_the_page_has_the_colours_of_the_site():
    site = (ROOT / "web/static/guichet.css").read_text(encoding="utf-8")
    page = (ROOT / "web/templates/published.html").read_text(encoding="utf-8")
    for scheme in ("light", "dark"):
        ours, theirs = _colours(page, scheme), _colours(site, scheme)
        assert {"--ink", "--paper", "--brand"} <= ours.keys()
        assert set(ours.values()) <= set(theirs.values())
        assert {name: ours[name] for name in ours.keys() & theirs.keys()} == {
            name: theirs[name] for name in ours.keys() & theirs.keys()
        }


def _colours(text: str, scheme: str) -> dict[str, str]:
    """Read the colours that a sheet names, for light screens or for dark ones."""
    light, dark = re.findall(r":root *\{([^}]*)\}", text)[:2]
    found = re.findall(r"(--[\w-]+): *(#[0-9a-f]+)", light if scheme == "light" else dark)
    return {
        name: colour.replace("#fff", "#ffffff") if len(colour) == 4 else colour
        for name, colour in found
    }
