"""What is known of who writes reaches the rules: his words, his address, whether he wrote before."""

from __future__ import annotations

import pytest
from ruled import Ruled

RULES = """
- {id: premier, si: {expediteur: premier-contact}, alors: {etiquettes: [premier]}}
- {id: boutique, si: {expediteur: commerce}, alors: {etiquettes: [commerce]}}
- {id: maison, si: {expediteur: agent}, alors: {etiquettes: [agent]}}
- {id: dehors, si: {expediteur: partenaire}, alors: {etiquettes: [partenaire]}}
"""


@pytest.fixture
async def ruled(tmp_path, store, ids):
    made = Ruled(tmp_path, store, ids)
    services = made.town.folder / "services.yaml"
    services.write_text(
        services.read_text("utf-8")
        .replace("contact: {telephone: \"3631\"", "contact: {courriel: voirie@m.example, telephone: \"3631\"", 1)
        .replace("https://r.example\"}, contact: {telephone", "https://r.example\"}, contact: {courriel: r@etat.example, telephone"),
        "utf-8",
    )  # fmt: skip
    await made.rule(RULES)
    return made


async def test_who_never_wrote_is_a_first_contact_and_then_no_more(ruled):
    first = (await ruled.hear("ana", "Le lampadaire est éteint à Rezé")).case
    assert first.labels == ("premier",)
    other = (await ruled.hear("ana", "La musique du bar est trop forte à Nantes")).case
    assert (other.id != first.id, "premier" in other.labels) == (True, False)


async def test_it_stays_a_first_contact_when_more_is_written_on_the_case(ruled):
    first = (await ruled.hear("ana", "Le lampadaire est éteint à Rezé")).case
    await ruled.hear("ana", "toujours éteint", refs=[first.reporters[0].refs[0]])
    *_, last = reversed(await ruled.store.decisions(first.received_at))
    assert last.facts.first_contact


async def test_who_says_that_he_has_a_shop_is_one(ruled):
    case = (await ruled.hear("ana", "Le lampadaire devant ma boutique est éteint à Rezé")).case
    assert "commerce" in case.labels
    plain = (await ruled.hear("bob", "Un commerce vide et un lampadaire éteint à Rezé")).case
    assert "commerce" not in plain.labels


@pytest.mark.parametrize(
    ("sender", "trust", "label"),
    [
        ("voirie@m.example", "verified", "agent"),
        ("R@etat.example", "verified", "partenaire"),
        ("voirie@m.example", "unverified", ""),
        ("ana@citoyens.example", "verified", ""),
    ],
)
async def test_a_service_is_known_by_its_own_address_if_its_server_vouches_for_it(
    ruled, sender, trust, label
):
    case = (await ruled.hear(sender, "Le lampadaire est éteint à Rezé", trust=trust)).case
    assert set(case.labels) - {"premier"} == ({label} if label else set())
