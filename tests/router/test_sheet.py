"""A service reads of a person what it may see, in people's own words too, whatever its way."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from town import SERVICES, TownRules

from router.case import Reporter, ReporterRole
from router.decision import Place
from router.delivery import DeliveryKind
from router.message import Address
from router.telling.sheet import sheet
from router.tracking import TrackingNumber, printed
from router.words.masking import masked

SAID = "Le lampadaire est cassé, appelez le 06 12 34 56 78 ou lea@citoyens.example"
HIDDEN = "Le lampadaire est cassé, appelez le [numéro masqué] ou [adresse masquée]"


class Rules(TownRules):
    def __init__(self, sees):
        super().__init__()
        self.sees = sees

    def services(self):
        return tuple(replace(one, sees=self.sees) for one in SERVICES)

    def service(self, service):
        return next((known for known in self.services() if known.id == service), None)


async def sheets(town):
    return [one for one in await town.waiting() if one.service]


async def test_contacts_in_the_words_are_masked_for_who_may_not_see_them(town):
    town.rules = Rules(("texte", "lieu"))
    heard = await town.hear("lea", SAID, subject="Lampadaire, 06 12 34 56 78")
    await town.hear("lea", f"lampadaire toujours. {SAID}")
    first, *more = await sheets(town)
    assert json.loads(first.data)["text"].endswith(HIDDEN)
    assert more
    for one in (first, *more):
        told = one.text + one.subject + one.data
        assert "06 12" not in told
        assert "lea@" not in told
    # an agent of the house still reads what was written
    assert SAID in heard.case.text


async def test_a_place_that_was_typed_is_words_too(town):
    town.rules = Rules(("texte", "lieu"))
    said = "chez Léa, 06 12 34 56 78"
    heard = await town.hear("lea", SAID)
    case = replace(heard.case, place=Place(said, street=said))
    told = sheet(town.rules, case, town.rules.service(case.owner), DeliveryKind.FORWARD, "", ())
    place = json.loads(told)["place"]
    assert place["street"] == place["text"] == "chez Léa, [numéro masqué]"


async def test_only_who_reported_is_named_as_who_did(town):
    town.rules = Rules(("texte", "contact"))
    case = (await town.hear("lea", SAID)).case
    other = Reporter(Address("memory", "town", "zoe"), "Zoé Petit", role=ReporterRole.THIRD_PARTY)
    case = replace(case, reporters=(replace(case.reporters[0], name="Léa"), other))
    told = sheet(town.rules, case, town.rules.service(case.owner), DeliveryKind.FORWARD, "", ())
    assert [person["name"] for person in json.loads(told)["reporters"]] == ["Léa"]


@given(st.text("0123456789", min_size=7, max_size=10), st.sampled_from("ABCXYZ"))
@example("0151234567", "A")
def test_the_number_of_a_case_is_not_taken_for_a_telephone_number(digits, letter):
    number = printed(TrackingNumber((digits + letter).ljust(11, "Z")))
    assert masked(f"demande {number}, merci") == f"demande {number}, merci"


async def test_who_may_see_contacts_reads_them(town):
    town.rules = Rules(("texte", "lieu", "contact"))
    await town.hear("lea", SAID)
    [one] = await sheets(town)
    assert SAID in json.loads(one.data)["text"]
    assert SAID in one.text


async def test_where_life_is_in_danger_the_number_that_was_written_may_be_called(town):
    town.rules = Rules(("texte", "lieu"))
    await town.hear("lea", "Odeur de gaz, appelez le 06 12 34 56 78")
    [one] = [each for each in await sheets(town) if each.kind is DeliveryKind.FORWARD]
    assert "06 12 34 56 78" in json.loads(one.data)["text"]


async def test_who_may_not_read_the_words_reads_no_subject_either(town):
    town.rules = Rules(("lieu",))
    await town.hear("lea", SAID, subject="Un lampadaire devant chez Léa")
    [one] = await sheets(town)
    assert "Léa" not in one.text + one.subject + one.data
    assert "cassé" not in one.text + one.subject + one.data


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("appelez le 0612345678", "appelez le [numéro masqué]"),
        ("+33 6 12 34 56 78.", "[numéro masqué]."),
        ("00 33 (0)6.12.34.56.78", "[numéro masqué]"),
        (
            "06/12/34/56/78 ou 06\u00a012\u00a034\u00a056\u00a078",
            "[numéro masqué] ou [numéro masqué]",
        ),
        ("06\u202f12\u202f34\n56\u202f78", "[numéro masqué]"),
        ("06\u201112\u201134\u201156\u201178, 06_12_34_56_78", "[numéro masqué], [numéro masqué]"),
        ("tel0612345678svp", "tel[numéro masqué]svp"),
        ("اتصلوا ٠٦١٢٣٤٥٦٧٨", "اتصلوا [numéro masqué]"),
        (
            "电话０６１２３４５６７８，＋８６ １３８ ００１３ ８０００",
            "电话[numéro masqué]，[numéro masqué]",
        ),
        ("лея@почта.рф, lea @ citoyens.example", "[adresse masquée], [adresse masquée]"),
        ("lea＠citoyens.example", "[adresse masquée]"),
        ("le 01.02.2024 12:30, le 01/02/2024 9:30", "le 01.02.2024 12:30, le 01/02/2024 9:30"),
        ("à -0.57918004, 44.83", "à -0.57918004, 44.83"),
        ("écrire à lea.martin@citoyens.example !", "écrire à [adresse masquée] !"),
        ("demande 7K4M-Q2XD-9TC, 44000 Nantes", "demande 7K4M-Q2XD-9TC, 44000 Nantes"),
        ("le 24/11/2026 à 12:30, 3 lampadaires", "le 24/11/2026 à 12:30, 3 lampadaires"),
        ("@voirie aux abris", "@voirie aux abris"),
    ],
)
def test_numbers_and_addresses_by_which_one_is_reached_are_masked_and_no_others(said, told):
    assert masked(said) == told


async def test_who_wrote_and_where_he_lives_stay_from_who_may_not_know_him(town):
    town.rules = Rules(("texte", "lieu"))
    said = "L'abribus de l'arrêt Commerce est cassé.\n\nPaul Durand\n12 rue Scribe"
    case = (await town.hear("lea", said)).case
    case = replace(
        case,
        reporters=(replace(case.reporters[0], name="Paul Durand"),),
        place=Place("arrêt Commerce", street="arrêt Commerce"),
    )
    told = sheet(town.rules, case, town.rules.service(case.owner), DeliveryKind.FORWARD, "", ())
    assert json.loads(told)["text"].endswith("cassé.\n\n[nom masqué]\n[domicile masqué]")
    at_home = replace(case, place=Place("12 rue Scribe", street="rue Scribe"))
    told = sheet(town.rules, at_home, town.rules.service(case.owner), DeliveryKind.FORWARD, "", ())
    assert json.loads(told)["text"].endswith("[nom masqué]\n12 rue Scribe")
    town.rules = Rules(("texte", "lieu", "contact"))
    told = sheet(town.rules, case, town.rules.service(case.owner), DeliveryKind.FORWARD, "", ())
    assert json.loads(told)["text"] == said
