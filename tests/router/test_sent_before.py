"""What we had sent ourselves is no new word of who answers, even where no program marks it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from town import TownSender

from router.delivery import DeliveryState
from router.outbox import Courier
from router.reading.sent_before import new_words

OURS = (
    "Bonjour,\nVotre demande 7K4M-Q2XD-9TC est enregistrée : lampadaire éteint.\n"
    "Le service de l'éclairage vous répond avant le 03/12/2026.\n\nVotre guichet"
)
WRAPPED = OURS.replace("enregistrée : lampadaire", "enregistrée :\nlampadaire")


@pytest.mark.parametrize("repeated", [OURS, WRAPPED, OURS.upper(), OURS.replace("\n", "\n\n")])
def test_new_words_above_or_below_ours_stay_and_ours_go(repeated: str) -> None:
    assert new_words(f"Merci !\n\n{repeated}", OURS) == "Merci !"
    assert new_words(f"{repeated}\n\nC'est au numéro 12.", OURS) == "C'est au numéro 12."
    assert new_words(f"Oui.\n{repeated}\nLéa", OURS).split() == ["Oui.", "Léa"]


def test_what_a_program_cut_off_or_changed_further_down_goes_too() -> None:
    cut = OURS.partition("03/12")[0]
    assert new_words(f"Toujours rien\n{cut}", OURS) == "Toujours rien"
    assert new_words(f"Toujours rien\n{cut} <lien>\nfin", OURS) == "Toujours rien"


def test_where_nothing_is_new_nothing_is_left() -> None:
    assert new_words(OURS, OURS) == ""


@pytest.mark.parametrize(
    "said",
    [
        "Bonjour, votre demande est enregistrée, me dites-vous ? Le lampadaire est toujours éteint.",
        "lampadaire éteint",
        f"Vous écrivez « {OURS} », mais rien n'est fait.",
        "",
    ],
)
def test_who_only_speaks_of_it_loses_no_word(said: str) -> None:
    assert new_words(said, OURS) == said


@given(st.text(max_size=200), st.text(max_size=200))
def test_words_are_only_ever_taken_out(said: str, sent: str) -> None:
    left = new_words(said, sent)
    assert left == said or set(left.split()) <= set(said.split())


async def test_an_answer_by_an_odd_program_is_read_without_our_own_words(town) -> None:
    case = (await town.hear("ana", "Le lampadaire est éteint")).case
    courier = Courier("send:memory|town", TownSender(), town.store, town.clock, town.ids)
    while await courier.run_once():
        pass
    [sent] = await town.store.list_deliveries([DeliveryState.SENT])
    assert len(sent.text.split()) > 8
    again = await town.hear("ana", f"C'est au numéro 12\n\n{sent.text}", refs=[sent.provider_id])
    assert again.case.id == case.id
    assert again.message.text_shown == "C'est au numéro 12"
    assert sent.text.split()[-1] in again.message.quoted
    assert "C'est au numéro 12" in again.case.text
    assert sent.text not in again.case.text
