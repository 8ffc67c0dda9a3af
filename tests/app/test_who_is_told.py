"""Services that are told of a case without having it may look at it, each as far as it sees."""

from __future__ import annotations

import json
import re

import pytest

from channels.partner_letter import body

RULES = """
- id: lampes
  si: {categorie: eclairage}
  alors:
    responsable: eclairage-m
    informer: [routes]
    consulter: [voirie-m]
    escalade: {apres: 5 jours ouvrés, vers: astreinte}
"""


@pytest.fixture
async def ruled(tmp_path, store, ids):
    from ruled import Ruled

    made = Ruled(tmp_path, store, ids)
    await made.rule(RULES)
    return made


def written(ruled, delivery) -> str:
    """Write the mail of a delivery."""
    zone = ruled.rulebook.directory.zone
    return body(delivery, json.loads(delivery.data), "https://g.example", zone)


async def test_who_is_told_or_asked_or_alerted_may_look_at_the_case(ruled):
    case = (await ruled.hear("ana", "Le lampadaire est éteint à Rezé")).case
    assert set(case.watchers) == {"routes", "voirie-m"}

    await ruled.pass_(days=8)

    assert set((await ruled.case(case)).watchers) >= {"routes", "voirie-m", "astreinte"}


async def test_a_mail_of_a_case_that_a_service_has_not_offers_no_act(ruled):
    await ruled.hear("ana", "Le lampadaire est éteint à Rezé")
    waiting = {one.kind: one for one in await ruled.sent_to_services()}

    assert {kind: "?act=" in written(ruled, one) for kind, one in waiting.items()} == {
        "forward": True,
        "notice": False,
        "opinion": False,
    }


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"location": [47.2181, -1.55281]}, "Position envoyée : 47.21810, -1.55281"),
        ({"photos": 1}, "1 pièce jointe"),
        ({"photos": 2}, "2 pièces jointes"),
    ],
)
async def test_what_came_without_words_is_named_to_the_service(ruled, said, words):
    first = await ruled.hear("ana", "Le lampadaire est éteint à Rezé")
    await ruled.hear("ana", "", refs=list(first.case.reporters[0].refs), **said)
    added = [one for one in await ruled.sent_to_services() if json.loads(one.data)["added"]][-1]

    mail = written(ruled, added)

    assert f"Message de l'usager :\n  {words}" in mail
    assert "0 pièce" not in mail


async def test_a_service_that_owes_a_photo_reads_of_a_link_that_its_mail_has(ruled):
    await ruled.rule("- {id: a, si: {categorie: eclairage}, alors: {cloture: {preuve: photo}}}")
    case = (await ruled.hear("ana", "Le lampadaire est éteint à Rezé")).case
    await ruled.act(case, "close", text="C'est réparé.")
    [reminder] = [one for one in await ruled.sent_to_services() if one.kind == "notice"]

    mail = written(ruled, reminder)

    [named] = re.findall(r"Ouvrez le lien « (.+?) »", mail)
    assert re.search(rf"^{named}\b.* : https://.*act=close$", mail, re.MULTILINE)
    assert mail.startswith("Une demande attend quelque chose de vous.")
