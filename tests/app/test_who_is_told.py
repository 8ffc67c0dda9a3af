"""Services that are told of a case without having it may look at it, each as far as it sees."""

from __future__ import annotations

import json
import re

import pytest

from channels.partners.letter import body

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


WHEN_DARK = """
- {id: lampes, si: {categorie: eclairage}, alors: {responsable: eclairage-m, consulter: [routes],
   escalade: {apres: 1 jour, vers: astreinte}}}
- {id: noir, si: {contient: [noir complet]}, alors: {informer: [routes, astreinte, voirie-m]}}
- {id: ecole, si: {contient: [école]}, alors: {consulter: [routes, voirie-m, eclairage-m]}}
"""


async def kinds(ruled) -> dict[str, list[str]]:
    """List what each service was written, by its address."""
    found: dict[str, list[str]] = {}
    for one in await ruled.sent_to_services():
        found.setdefault(one.address.value, []).append(str(one.kind))
    return found


async def add(ruled, case, text) -> None:
    await ruled.hear("ana", text, refs=list(case.reporters[0].refs))


async def test_to_be_asked_or_alerted_is_not_to_be_informed(ruled):
    await ruled.rule(WHEN_DARK)
    case = (await ruled.hear("ana", "Le lampadaire est éteint à Rezé")).case
    await ruled.pass_(days=2)
    assert await kinds(ruled) == {
        "e@m.example": ["forward"],
        "https://r.example": ["opinion"],
        "s@m.example": ["alert"],
    }

    await add(ruled, case, "La rue est dans le noir complet")
    await add(ruled, case, "Toujours le noir complet")

    told = await kinds(ruled)
    assert told["https://r.example"] == ["opinion", "notice"]
    assert told["s@m.example"] == ["alert", "notice"]
    assert told["v@m.example"] == ["notice"]


async def test_who_is_named_later_is_asked_for_an_opinion_once_and_the_owner_never(ruled):
    await ruled.rule(WHEN_DARK)
    case = (await ruled.hear("ana", "Le lampadaire est éteint à Rezé")).case

    await add(ruled, case, "C'est devant l'école")
    await add(ruled, case, "Devant l'école, oui")

    told = await kinds(ruled)
    assert told["https://r.example"] == ["opinion"]
    assert told["v@m.example"] == ["opinion"]
    assert "opinion" not in told["e@m.example"]
    assert {"routes", "voirie-m"} <= set((await ruled.case(case)).watchers)


async def test_a_case_that_moves_is_told_to_nobody_twice(ruled):
    case = (await ruled.hear("ana", "Le lampadaire est éteint à Rezé")).case
    await ruled.act(case, "refuse", reason="pas nous")
    assert (await ruled.case(case)).owner != case.owner

    told = await kinds(ruled)

    assert told["https://r.example"] == ["notice"]
    assert told["v@m.example"] == ["opinion"]


@pytest.mark.parametrize("owner", ["astreinte", "eclairage-m"])
async def test_a_danger_is_told_once_to_those_who_knew_of_the_case_before(owner, ruled):
    await ruled.rule(
        f"{RULES}\n- {{id: gaz, priorite: danger, si: {{contient: [gaz]}},"
        f" alors: {{responsable: {owner}, informer: [routes]}}}}"
    )
    case = (await ruled.hear("ana", "Le lampadaire est éteint à Rezé")).case
    assert (await kinds(ruled))["https://r.example"] == ["notice"]

    await add(ruled, case, "Et ça sent le gaz")
    await add(ruled, case, "Le gaz, encore")

    assert (await kinds(ruled))["https://r.example"] == ["notice", "notice"]


async def test_of_a_request_of_two_parts_each_is_told_or_asked_once(ruled):
    await ruled.rule(
        "- {id: deux, si: {contient_tous: [arbre, câble]}, alors: {consulter: [routes],"
        " informer: [astreinte], repartir: ["
        "{part: arbre, responsable: voirie-m}, {part: câble, responsable: eclairage-m}]}}"
    )
    case = (await ruled.hear("ana", "Un arbre est tombé sur un câble à Rezé")).case
    for part in case.parts_open:
        await ruled.act(await ruled.store.case_by_id(part), "refuse", reason="pas nous")

    told = await kinds(ruled)

    assert (told["https://r.example"], told["s@m.example"]) == (["opinion"], ["notice"])


async def test_a_redirected_person_wakes_nobody_when_he_writes_again(ruled):
    await ruled.rule(
        "- {id: ailleurs, si: {contient: [passeport]}, alors: {responsable: guichet,"
        " informer: [routes], consulter: [voirie-m], etiquettes: [redirection]}}"
    )
    case = (await ruled.hear("ana", "Mon passeport est prêt ?")).case

    await add(ruled, case, "Et le passeport de ma fille ?")

    assert not {"https://r.example", "v@m.example"} & (await kinds(ruled)).keys()
