"""Watching the rules: the list with its use, explanations of cases, a draft in shadow, the page."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from past import RULES, Past

from app.live import LiveRulebooks
from app.stores import opened
from app.system import SystemClock
from router.tracking import printed
from router.versions import ShadowDraft

TO_ROADS = ("{contient: [lampadaire]}\n  alors: {responsable: eclairage-m}",
            "{contient: [lampadaire]}\n  alors: {responsable: voirie-m}")  # fmt: skip


@pytest.fixture
def past(tmp_path):
    found = Past(tmp_path)
    found.publish()
    return found


def rule(listed, name):
    return next(one for one in listed if one["id"] == name)


# --- list --------------------------------------------------------------------------------------


def test_beside_each_rule_stands_how_often_it_was_used(past):
    past.case("lampadaire cassé")
    past.case("lampadaire cassé", ago=timedelta(days=20))
    past.case("lampadaire cassé", ago=timedelta(days=200))
    past.case("musique", received=SystemClock().now().replace(hour=23))
    listed = past.read("list")
    lamps = rule(listed, "lampadaires")
    assert (lamps["hits_7d"], lamps["hits_90d"], lamps["owner"]) == (1, 2, "eclairage-m")
    assert re.fullmatch(r"regles/metropole.yaml:\d+", lamps["at"])
    assert rule(listed, "gaz")["last_hit"] is None
    night = rule(listed, "nuit")  # it names no owner, and held all the same
    assert (night["hits_7d"], night["owner"]) == (1, None)
    assert rule(listed, "competence:tranquillite:Nantes")["hits_90d"] == 1
    said = past.fine("list")
    assert "1 en 7 j" in said
    assert "jamais appliquée" in said


def test_what_was_last_used_long_ago_is_still_known(past):
    past.case("lampadaire cassé", ago=timedelta(days=200))
    lamps = rule(past.read("list"), "lampadaires")
    assert lamps["hits_90d"] == 0
    assert lamps["last_hit"] is not None


def test_refusals_that_show_a_pattern_are_told_with_a_proposal(past):
    for _ in range(3):
        past.case("lampadaire cassé", commune="44143", refused=["Hors zone."])
    for _ in range(4):
        past.case("lampadaire cassé")
    lamps = rule(past.read("list"), "lampadaires")
    assert (lamps["hits_90d"], lamps["refused"]) == (7, 3)
    assert lamps["fix"].startswith("43 % refusés : hors zone (Rezé) : ajoutez")
    assert "43 % refusés" in past.fine("list")


def test_one_refusal_shows_no_pattern(past):
    past.case("lampadaire cassé", refused=["hors zone"])
    past.case("lampadaire cassé")
    lamps = rule(past.read("list"), "lampadaires")
    assert (lamps["refused"], lamps["fix"]) == (1, None)


def test_corrections_by_agents_are_counted_and_name_the_service_they_chose(past):
    for _ in range(3):
        past.case("lampadaire cassé", corrected="voirie-m")
    lamps = rule(past.read("list"), "lampadaires")
    assert lamps["corrected"] == 3
    assert lamps["fix"] == (
        "100 % corrigés par des agents, vers voirie-m : nommez ce service dans la règle."
    )


def test_a_folder_can_be_listed_before_anything_is_published(tmp_path):
    new = Past(tmp_path)
    assert rule(new.read("list", new.config), "gaz")["hits_90d"] == 0


def test_coverage_lists_rules_without_trial_and_rules_that_no_case_met(past):
    past.town.write(
        "regles/essais.yaml",
        "territoire: metropole\nregles: []\n"
        "essais: [{cas: {texte: lampadaire}, attendu: {responsable: eclairage-m}}]\n",
    )
    said = past.fine("test", past.config, "--coverage")
    untried = said.partition("jamais appliquées")[0]
    assert "2 règle(s) sans essai" in untried
    assert ": gaz" in untried
    assert ": lampadaires" not in untried
    past.case("odeur de gaz")
    never = past.fine("test", past.config, "--coverage").partition("jamais appliquées")[2]
    assert ": gaz" not in never
    assert ": lampadaires" in never
    assert "passed" not in past.run("test", past.config / "nulle-part", "--coverage")[1]


# --- explain -------------------------------------------------------------------------------------


def test_a_case_is_explained_as_it_was_decided(past):
    number = past.case("lampadaire cassé")
    said = past.fine("explain", number.lower().replace("-", " "))
    assert said.startswith("Éclairage est responsable par la règle « lampadaires »")
    assert "Publiée comme version 1 par Awa" in said
    assert re.search(r"lampadaires : regles/metropole.yaml:\d+", said)
    found = past.read("explain", number)
    assert (found["rule"], found["version"], found["case"]) == ("lampadaires", 1, number)
    assert found["trace"]["words"]


def test_the_facts_that_were_missing_are_named_with_who_waited_for_them(past):
    past.town.rules(RULES + "\n- id: elus\n  si: {contient: [trou], expediteur: elu}\n"
                            "  alors: {responsable: guichet}\n")  # fmt: skip
    past.publish()
    number = past.case("un trou devant la mairie")
    assert past.read("explain", number)["missing"] == {"expediteur": ["elus"]}
    assert "expediteur : attendu par elus" in past.fine("explain", number)


def test_what_cannot_be_explained_is_said(past):
    unknown = printed(past.ids.number())
    assert past.run("explain", unknown)[0] == 2
    assert past.run("explain", "1234")[0] == 2
    assert past.run("explain")[0] == 2
    assert past.run("explain", unknown, "--texte", "x")[0] == 2


# --- shadow --------------------------------------------------------------------------------------


def test_a_draft_decides_beside_the_live_rules_until_it_is_taken_off(past):
    past.town.rules(RULES.replace(*TO_ROADS))
    past.fine("shadow", past.config, "--par", "Awa")

    async def seen(store):
        live = LiveRulebooks(store, SystemClock())
        book = await live.start(past.config)
        shadow = book.shadow
        await store.set_shadow(None)
        await live.refresh()
        return book.hash, shadow, live.current()

    hash_, shadow, after = past.store(seen)
    assert (hash_, after.hash) == (past.active().hash, hash_)
    assert shadow is not None
    assert shadow.hash != hash_
    assert after.shadow is None
    assert "Aucun brouillon" in past.fine("shadow", "--off")
    assert past.run("shadow")[0] == 2
    assert past.run("shadow", "--off", "--report")[0] == 2


# --- the live rules --------------------------------------------------------------------------------


def test_a_running_process_takes_up_what_is_published(past):
    async def run():
        async with opened(past.data, "") as store, opened(past.data, "") as other:
            live = LiveRulebooks(store, SystemClock())
            first = (await live.start(past.config)).hash
            await live.refresh()
            assert live.current().hash == first
            files = dict((await store.active()).files)
            files["regles/metropole.yaml"] += b"# plus\n"
            await other.publish(files, "x", "Lu", "essai", SystemClock().now())
            await live.refresh()
            return first, live.current().hash

    first, second = asyncio.run(run())
    assert first != second


def test_processes_that_start_together_publish_one_first_version(tmp_path):
    new = Past(tmp_path)

    async def run():
        async with opened(new.data, "") as one, opened(new.data, "") as two:
            lives = [LiveRulebooks(store, SystemClock()) for store in (one, two)]
            books = await asyncio.gather(*(live.start(new.config) for live in lives))
            return {book.hash for book in books}, len(await one.versions())

    hashes, versions = asyncio.run(run())
    assert (len(hashes), versions) == (1, 1)


def test_a_version_that_this_process_cannot_read_does_not_end_it(past):
    async def run(store):
        live = LiveRulebooks(store, SystemClock())
        first = await live.start(past.config)
        now = SystemClock().now()
        await store.publish({"services.yaml": b"["}, "bad", "Lu", "essai", now)
        await store.set_shadow(ShadowDraft("worse", "Lu", now, {}))
        for _ in range(2):
            await live.refresh()
        return first, live.current()

    first, after = past.store(run)
    assert after.hash == first.hash
    assert after.shadow is None


# --- the page of the rules -------------------------------------------------------------------------


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
