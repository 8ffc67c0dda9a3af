"""A service's mail says what it is, once, and offers no act that the service cannot do."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from channels.partners.letter import body
from router.delivery import Delivery, DeliveryKind
from router.message import Address

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
PAGE = "https://guichet.example/p/p.token"
ACTS = tuple(f"{PAGE}?act={act}" for act in ("accept", "refuse", "close"))


def mail(kind: str = "forward", **sheet: Any) -> str:
    said = {"kind": kind, "in_charge": kind == "forward", "text": "Un trou énorme", **sheet}
    delivery = Delivery(
        1,
        "idem",
        "lane",
        DeliveryKind(kind),
        Address("partner_email", "guichet@nantes.example", "voirie@metropole.example"),
        "Un trou énorme",
        NOW,
        1,
        reply_token="p.token",
        data=json.dumps(said),
    )
    return body(delivery, said, "https://guichet.example", ZoneInfo("Europe/Paris"))


@pytest.mark.parametrize("kind", ["forward", "notice", "opinion", "alert"])
def test_only_the_service_in_charge_is_offered_acts(kind: str) -> None:
    for in_charge in (True, False):
        text = mail(kind, in_charge=in_charge)

        assert [act in text for act in ACTS] == [in_charge] * len(ACTS)
        assert (f"Voir la demande, sans compte : {PAGE}\n" in text) is not in_charge


def test_a_mail_written_before_it_said_who_is_in_charge_offers_acts_as_it_did() -> None:
    old = {"kind": "forward", "text": "Un trou"}
    address = Address("partner_email", "guichet@nantes.example", "voirie@metropole.example")
    delivery = Delivery(
        1, "i", "l", DeliveryKind.FORWARD, address, "Un trou", NOW, 1, reply_token="p.token"
    )

    text = body(delivery, old, "https://guichet.example", ZoneInfo("Europe/Paris"))

    assert all(act in text for act in ACTS)


def test_who_is_asked_for_an_opinion_reads_how_to_give_it() -> None:
    assert "Pour donner votre avis, répondez à ce courriel" in mail("opinion")
    assert "votre avis" not in mail("notice")


def test_what_is_added_is_announced_as_that() -> None:
    assert mail().startswith("Une demande vous est transmise.")
    added = mail(added="Merci beaucoup, tout remarche !")

    assert added.startswith("Un message s'ajoute à une demande.")
    assert "Message de l'usager :\n  Merci beaucoup" in added
    assert "Un trou énorme" not in added


def test_what_another_person_adds_is_not_said_to_be_the_reporters() -> None:
    added = mail(added="Il grésille aussi", added_by="other")

    assert "Message d'une autre personne (auteur non vérifié) :\n  Il grésille aussi" in added
    assert "Message de l'usager" not in added


@pytest.mark.parametrize("kind", ["notice", "alert"])
def test_our_own_sentence_is_not_put_into_the_person_s_mouth(kind: str) -> None:
    text = mail(kind, added="Le délai annoncé est dépassé.")

    assert "Le délai annoncé est dépassé." in text
    assert "Message de l'usager" not in text


def test_what_the_service_in_charge_must_still_do_is_no_information() -> None:
    text = mail("notice", in_charge=True, added="Cette demande attend une photo du résultat.")

    assert "pour information" not in text
    assert ACTS[2] in text


def test_the_place_is_said_once() -> None:
    place = {"text": "rue Jean Jaurès", "street": "5 rue Jean Jaurès"}
    communes = [{"insee": "44109", "name": "Nantes"}]

    assert "Lieu : 5 rue Jean Jaurès, Nantes\n" in mail(place={**place, "communes": communes})


def test_files_that_say_who_wrote_are_counted_where_they_are_kept_back() -> None:
    assert "Pièces jointes gardées au guichet : 1, qui nomme des personnes" in mail(withheld=1)
    assert "gardées au guichet : 2, qui nomment des personnes" in mail(withheld=2)
    assert "gardées" not in mail()
