"""A service that may not learn who wrote gets files without their names, and none that name people."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_sheet import Rules
from town import SERVICES, START

from channels.partners.letter import as_json
from router.case import Case, CaseFile, Status
from router.decision import Urgency
from router.delivery import DeliveryKind
from router.telling.sheet import sheet
from router.telling.told_files import told_files
from router.tracking import from_bits

NAMES = (
    ("CV Jean Dupont 0612345678.pdf", "application/pdf", "document-1.pdf"),
    ("photo de marie@exemple.fr.jpg", "image/jpeg", "photo-2.jpg"),
    ("Jean Dupont.vcf", "application/octet-stream", None),
    ("carte", "text/x-vCard; charset=utf-8", None),
    ("appel de Léa.ogg", "audio/ogg", "son-3.ogg"),
    ("Léa filme.MP4", "video/mp4", "video-4.mp4"),
    ("de marie@exemple.fr", "image/jpeg", "photo-5.jpg"),
    ("lettre.0612345678", "application/octet-stream", "document-6"),
    ("chez.Dupont", "", "document-7"),
    ("IMG_1.HEIC", "application/octet-stream", "photo-8.heic"),
)
FILES = tuple(CaseFile(1, f"file-{n}", name, kind, 1000) for n, (name, kind, _) in enumerate(NAMES))
NAMING = (
    ("TR: lampadaire.eml", "message/rfc822"),
    ("message", "Message/RFC822; charset=utf-8"),
    ("Courrier de Léa.MSG", "application/octet-stream"),
    ("reunion.ics", "text/calendar; method=REQUEST"),
    ("smime.p7s", "application/pkcs7-signature"),
    ("smime.p7m", "application/x-pkcs7-mime"),
    ("signature.asc", "application/pgp-signature"),
    ("winmail.dat", "application/ms-tnef"),
)
"""Letters, invitations and signatures, which say by whom they are."""
TOLD = [told for _, _, told in NAMES if told]


async def told(town, sees=("texte", "photos"), files=None, case_files=FILES, **fields):
    town.rules = Rules(sees)
    case = (await town.hear("lea", "Le lampadaire est cassé")).case
    case = replace(case, **{"files": case_files, "attachments": len(FILES), **fields})
    service = town.rules.service(case.owner)
    return json.loads(sheet(town.rules, case, service, DeliveryKind.FORWARD, "", files))


async def test_names_that_people_gave_and_contact_cards_stay_with_us(town):
    found = await told(town)
    assert [file["name"] for file in found["files"]] == TOLD
    assert found["attachments"] == len(TOLD)
    assert [file["name"] for file in json.loads(as_json(found))["files"]] == TOLD


@pytest.mark.parametrize("named", NAMING, ids=[name for name, _ in NAMING])
async def test_a_letter_an_invitation_or_a_signature_stays_with_us_and_is_counted(town, named):
    letter = CaseFile(1, "letter", *named, 1000)
    photo = CaseFile(1, "photo", "lampadaire.jpg", "image/jpeg", 1000)
    sent = {"case_files": (letter, photo), "attachments": 2}
    hidden = await told(town, **sent)
    assert [file["name"] for file in hidden["files"]] == ["photo-1.jpg"]
    assert (hidden["attachments"], hidden["withheld"]) == (1, 1)
    seen = await told(town, ("texte", "photos", "contact"), **sent)
    assert [file["name"] for file in seen["files"]] == [named[0], "lampadaire.jpg"]
    assert "withheld" not in seen


async def test_what_is_said_of_a_part_that_was_too_large_is_told_to_everybody(town):
    cut = CaseFile(1, "", "pièce trop grande (40 Mo)", "message/partial", 40_000_000)
    found = await told(town, case_files=(cut,), attachments=1)
    assert (found["attachments"], len(found["files"])) == (1, 1)


async def test_who_may_see_contacts_gets_the_files_as_they_are(town):
    found = await told(town, ("texte", "photos", "contact"))
    assert [file["name"] for file in found["files"]] == [name for name, _, _ in NAMES]
    assert found["attachments"] == len(FILES)


async def test_where_life_is_in_danger_the_card_goes_along(town):
    found = await told(town, urgency=Urgency.IMMEDIATE)
    assert [file["name"] for file in found["files"]] == [name for name, _, _ in NAMES]


async def test_of_a_discreet_case_nobody_outside_gets_a_name(town):
    found = await told(town, ("texte", "photos", "contact"), confidential=True)
    assert [file["name"] for file in found["files"]] == TOLD


async def test_a_file_that_comes_later_keeps_the_number_that_it_has_in_the_case(town):
    found = await told(town, files=FILES[-1:])
    assert [file["name"] for file in found["files"]] == TOLD[-1:]


@pytest.mark.parametrize("sees", [("texte",), ("lieu", "contact")])
async def test_who_may_see_no_files_reads_of_none(town, sees):
    found = await told(town, sees)
    assert (found["files"], found["attachments"]) == ([], 0)


CASE = Case(1, from_bits(1), 1, Status.ASSIGNED, SERVICES[0].id, START, START, START, category=None)
STRANGER = replace(SERVICES[0], sees=("texte", "photos"))


@given(st.lists(st.tuples(st.text(), st.sampled_from(["image/png", "", "x/y"])), max_size=5))
def test_nothing_of_a_name_leaves_but_what_kind_of_file_it_is(named):
    files = tuple(CaseFile(1, str(n), name, kind) for n, (name, kind) in enumerate(named))
    for file in told_files(STRANGER, replace(CASE, files=files)):
        assert re.fullmatch(r"(photo|video|son|document)-\d+(\.[a-z0-9]{2,7})?", file.name)
