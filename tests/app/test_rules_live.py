"""The live rules in running processes, and a draft that decides beside them."""

from __future__ import annotations

import asyncio

import pytest
from past import RULES, TO_ROADS, Past
from rules_town import SERVICES
from typer.testing import CliRunner

from app.__main__ import cli
from app.live import LiveRulebooks
from app.stores import opened
from app.system import SystemClock
from router.errors import ConfigurationError
from router.versions import ShadowDraft


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


def test_a_draft_that_is_on_trial_already_goes_on_and_its_trial_is_named(past):
    past.change(*TO_ROADS)
    past.fine("shadow", past.config, "--par", "Awa")
    since = past.read("shadow", "--report")["since"]
    said = " ".join(past.fine("shadow", past.config, "--par", "Lucie").split())
    assert said.startswith("Ce brouillon est déjà à l'essai : Awa l'a mis à côté des règles en")
    assert past.read("shadow", "--report")["since"] == since


def test_a_draft_that_takes_the_place_of_another_names_it(past):
    past.change(*TO_ROADS)
    past.fine("shadow", past.config, "--par", "Awa")
    past.change("[lampadaire]", "[lampadaire, réverbère]")
    said = " ".join(past.fine("shadow", past.config, "--par", "Lucie").split())
    assert "Il remplace celui que Awa avait mis à l'essai le" in said


def test_rules_that_are_live_need_no_trial(past):
    said = past.fine("shadow", past.config, "--par", "Awa")
    assert "Rien à essayer : ce contenu est déjà en service." in said
    assert "Aucun brouillon" in past.fine("shadow", "--off")


def test_the_report_speaks_of_services_and_rules_by_their_names(past):
    past.publish()
    past.town.write(
        "services.yaml",
        SERVICES.replace("{id: routes,", "{id: neuf,").replace("Routes nationales", "Équipe neuve"),
    )
    past.change("{responsable: eclairage-m}", "{responsable: neuf}")
    past.fine("shadow", past.config, "--par", "Awa")
    number = past.case("Le lampadaire est éteint")
    past.case("une odeur de gaz")
    said = past.fine("shadow", "--report")
    assert "2 décisions comparées, 1 différente." in said
    assert "1  Éclairage → Équipe neuve" in said
    assert f"{number}" in said
    assert "eclairage-m" not in said
    change = past.read("shadow", "--report")["changes"][0]
    assert (change["from"]["owner"], change["to"]["owner"]) == ("eclairage-m", "neuf")


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


def test_a_version_is_loaded_as_soon_as_the_disk_has_room_again(past, monkeypatch):
    async def run(store):
        live = LiveRulebooks(store, SystemClock())
        first = (await live.start(past.config)).hash
        files = dict((await store.active()).files)
        files["regles/metropole.yaml"] += b"# plus\n"
        await store.publish(files, "x", "Lu", "essai", SystemClock().now())
        with monkeypatch.context() as full:
            full.setattr("app.live.load_files", _no_room)
            await live.refresh()
        held = live.current().hash
        await live.refresh()
        return first, held, live.current().hash

    first, held, after = past.store(run)
    assert held == first != after


def _no_room(files):
    raise OSError(28, "No space left on device")


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


def test_the_report_says_what_became_more_or_less_urgent(past):
    past.change("urgence: immediate", "urgence: haute")
    past.fine("shadow", past.config)
    past.case("une odeur de gaz")
    said = past.fine("shadow", "--report")
    assert "1 décision comparée, 1 différente." in said
    assert "  urgence : immédiate → haute" in said
    assert "Astreinte → Astreinte" not in said


ESSAI = """
territoire: metropole
regles: []
essais:
  - {nom: lampe, cas: {texte: un lampadaire cassé}, attendu: {responsable: %s}}
"""


def _started(new: Past):
    async def run(store):
        live = LiveRulebooks(store, SystemClock())
        await live.start(new.config)
        return await store.active()

    return new.store(run)


def test_a_first_start_publishes_with_what_its_check_and_tests_said(tmp_path):
    new = Past(tmp_path)
    new.town.write("regles/essais.yaml", ESSAI % "eclairage-m")
    record = _started(new).record
    assert record["tests"] == {"passed": 1}
    assert record["lint"]["warnings"] == len(record["lint"]["list"]) > 0


def test_a_first_start_refuses_a_folder_whose_tests_fail_and_publishes_nothing(tmp_path):
    new = Past(tmp_path)
    new.town.write("regles/essais.yaml", ESSAI % "voirie-m")
    for _ in "12":  # what failed once is not taken for what passed
        with pytest.raises(ConfigurationError) as refused:
            _started(new)
        told = str(refused.value)
        assert told.startswith("Les règles ne sont pas mises en service, 1 essai en échec.")
        assert "regles/essais.yaml:4: lampe: responsable : attendu voirie-m" in told
        assert new.store(lambda store: store.active()) is None
    new.town.write("regles/essais.yaml", ESSAI % "eclairage-m")
    assert _started(new).version == 1


def test_a_server_does_not_start_on_a_folder_whose_tests_fail(tmp_path):
    new = Past(tmp_path)
    new.town.write("regles/essais.yaml", ESSAI % "voirie-m")
    line = ["serve", "--port", "0", "--config", str(new.config), "--data", str(new.data)]
    result = CliRunner().invoke(cli, line)
    assert (result.exit_code, "essai en échec" in result.output) == (2, True)
