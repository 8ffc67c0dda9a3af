"""What a decision asks of those who work on a case: a proposal, discretion, a proof."""

from __future__ import annotations

import json

import pytest

from app.cases import summary, whole
from router.tokens import PARTNER
from router.tracking import printed
from web.tracking.history import Found
from web.tracking.view import view_of

RULES = """
- id: voisins
  si: {contient: [voisin]}
  alors: {responsable: astreinte, proposer: [entretien, visite]}
- id: plainte
  si: {contient: [plainte]}
  alors: {responsable: astreinte, publier: non}
- id: depot
  si: {contient: [matelas]}
  alors: {responsable: voirie-m, cloture: {preuve: photo}}
"""
PHOTO = {"name": "apres.jpg", "media_type": "image/jpeg", "size": 9, "ref": "ab.jpg"}


@pytest.fixture
async def ruled(tmp_path, store, ids):
    from ruled import Ruled

    made = Ruled(tmp_path, store, ids)
    await made.rule(RULES)
    return made


async def test_a_proposal_reaches_the_service_and_those_who_look_at_the_case(ruled):
    case = (await ruled.hear("ana", "Mon voisin fait du bruit à Rezé")).case
    (forward,) = await ruled.sent("s@m.example")
    assert json.loads(forward.data)["proposals"] == ["entretien", "visite"]
    assert "À proposer : entretien, visite" in await ruled.told(case)
    assert whole(case, [], [])["proposals"] == ["entretien", "visite"]


def seen(ruled, case):
    return view_of(Found(case, (), (), ()), "x", ruled.rulebook, "fr", ruled.clock.now())


async def test_what_is_not_for_the_public_shows_neither_subject_nor_place(ruled):
    plain = (await ruled.hear("bob", "La musique est forte rue Noire à Rezé")).case
    assert (seen(ruled, plain).place, summary(plain)["public"]) == ("rue Noire, Rezé", True)
    case = (await ruled.hear("ana", "Plainte pour musique rue Noire à Rezé")).case
    assert (case.public, summary(case)["public"]) == (False, False)
    view = seen(ruled, case)
    assert (view.place, view.category, view.owners[0].category) == ("", "", "")


async def test_a_case_never_becomes_public_again(ruled):
    case = (await ruled.hear("ana", "La musique est forte à Rezé")).case
    ref = case.reporters[0].refs[0]
    assert (await ruled.hear("ana", "je porte plainte", refs=[ref])).case.public is False
    assert (await ruled.hear("ana", "merci", refs=[ref])).case.public is False


async def dump(ruled):
    return (await ruled.hear("ana", "Un matelas rue Noire à Rezé")).case


async def test_a_case_that_needs_a_photo_is_only_answered_without_one(ruled):
    case = await dump(ruled)
    await ruled.act(case, "close", text="Enlevé ce matin.")
    assert (await ruled.case(case)).status == "answered"
    (asked,) = await ruled.sent("v@m.example", "notice")
    assert "attend une photo" in asked.text
    assert [d.text for d in await ruled.sent("ana", "answer")] != []
    await ruled.act(case, "close", text="Voici la photo.", attachments=[PHOTO])
    assert (await ruled.case(case)).status == "resolved"
    assert "Pièce jointe à la réponse : apres.jpg" in await ruled.told(case)


async def test_the_photo_is_kept_on_the_case_and_its_reporter_is_led_to_it(ruled):
    case = await dump(ruled)
    await ruled.act(case, "close", text="Fait.", attachments=[PHOTO])
    case = await ruled.case(case)
    (kept,) = case.proofs
    assert (kept.ref, kept.name, kept.media_type) == ("ab.jpg", "apres.jpg", "image/jpeg")
    assert seen(ruled, case).proofs == ((printed(case.number), kept.key),)
    (answer,) = await ruled.sent("ana", "answer")
    assert f"Photo du résultat : http://127.0.0.1:8000/suivi/{printed(case.number)}" in answer.text


async def test_a_photo_of_a_discreet_case_stays_between_services(ruled):
    await ruled.rule(RULES + "- {id: z, si: {contient: [matelas]}, alors: {confidentiel: oui}}")
    case = await dump(ruled)
    await ruled.act(case, "close", text="Fait.", attachments=[PHOTO])
    case = await ruled.case(case)
    assert len(case.proofs) == 1
    assert seen(ruled, case).proofs == ()
    (answer,) = await ruled.sent("ana", "answer")
    assert "Photo" not in answer.text
    assert [file["ref"] for file in json.loads(answer.data)["files"]] == ["ab.jpg"]


@pytest.mark.parametrize(("size", "kept"), [(4_000, 0), (900_000, 1)])
async def test_the_logo_of_a_signature_is_no_photo_of_the_result(ruled, size, kept):
    case = (await ruled.hear("ana", "Mon voisin fait du bruit à Rezé")).case
    token = ruled.signer.sign(PARTNER, case.number, case.owner)
    await ruled.hear("agent", "C'est réglé.", tokens=[token], photos=1, size=size)
    assert len((await ruled.case(case)).proofs) == kept


async def test_a_file_that_is_no_picture_proves_nothing(ruled):
    case = await dump(ruled)
    card = {**PHOTO, "name": "carte.vcf", "media_type": "text/vcard"}
    await ruled.act(case, "close", text="Fait.", attachments=[card])
    case = await ruled.case(case)
    assert (case.status, case.proofs) == ("answered", ())


async def test_a_photo_with_the_act_resolves_it_at_once(ruled):
    case = await dump(ruled)
    await ruled.act(case, "close", text="Fait.", attachments=[PHOTO])
    assert (await ruled.case(case)).status == "resolved"
    assert await ruled.sent("v@m.example", "notice") == []


@pytest.mark.parametrize(("photos", "size", "shown"), [(0, 0, 0), (1, 900_000, 1), (1, 4_000, 0)])
async def test_a_plain_answer_without_a_photo_is_sent_on_and_asked_for_one(
    ruled, photos, size, shown
):
    # the small picture is the logo of a signature
    case = await dump(ruled)
    token = ruled.signer.sign(PARTNER, case.number, case.owner)
    await ruled.hear("agent", "Enlevé ce matin.", tokens=[token], photos=photos, size=size)
    assert (await ruled.case(case)).status == "answered"
    assert len(await ruled.sent("v@m.example", "notice")) == 1 - shown
    assert len((await ruled.case(case)).proofs) == shown


async def test_other_cases_end_without_a_photo(ruled):
    case = (await ruled.hear("ana", "Mon voisin fait du bruit à Rezé")).case
    await ruled.act(case, "close", text="Fait.")
    assert (await ruled.case(case)).status == "resolved"
