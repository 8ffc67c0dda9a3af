"""Whole messages that wish for no more of ours, in words, and all that only sounds like it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from channels.steering_words import wish_of
from channels.stop_words import wants_no_more

TESTS = Path(__file__).parents[1]
WISHES = """
stop svp | STOP STOP | Stop 🛑 | stop sms | Stop aux messages | arrêt sms | désinscription | Désinscrivez-moi !
ne m'écrivez plus | Ne m’écrivez plus jamais | m'ecrivez plus | ne m'envoyez plus rien | ne me contactez plus svp
arrêtez de m'envoyer des messages | Arrêtez vos SMS | cessez de m'écrire | stop de m'envoyer des sms
plus de messages svp | fin des messages | je ne veux plus recevoir de messages | je veux plus de sms
Je ne souhaite plus recevoir vos messages | Bonjour, je souhaite me désinscrire. Cordialement
Merci de ne plus m'écrire | Bonjour, veuillez arrêter de m'envoyer des SMS. Merci | retirez-moi de votre liste
Stop please | Please stop texting me | unsubscribe me please | no more messages, thanks | opt out
I don't want any more messages | don't text me again | Stop sending me messages | take me off your list
baja por favor | No quiero recibir más mensajes | bitte keine Nachrichten mehr | Não quero mais mensagens, obrigado
basta messaggi, grazie | nie chcę więcej wiadomości | nu mai vreau mesaje | artık mesaj istemiyorum, lütfen
Стоп | пожалуйста, не пишите мне больше | Будь ласка, більше не пишіть мені | لا ترسلوا لي رسائل | 请不要再发短信
"""
MESSAGES = """
arrêtez de jeter des poubelles | ne m'écrivez plus à l'ancienne adresse, le trou est toujours là | arrêtez
merci | bonjour | s'il vous plaît | plus de bus | plus de lumière | plus de message sur le panneau | stop 2
Stop à la violence | le panneau stop est cassé | arrêt de bus | arrêt Commerce | arrêtez les travaux | stop ou encore
ne m'appelez plus | Cessez ce bruit | plus aucun message sur l'écran de l'arrêt | stop au trafic | je veux plus de bus
désinscription de la cantine | je souhaite me désinscrire de la crèche | désinscrire mon fils | fin des travaux
Je ne veux plus recevoir de publicités dans ma boîte | on ne reçoit plus de courrier | ne me coupez plus l'eau
arrêtez d'écrire sur les murs | stop writing on walls | no more bins | don't send the police | stop the noise
I don't want any more bins | baja la calle | keine Mülltonne mehr | 不要再发大水了 | stop, il y a le feu | stop au secours
"""


def _each(lines: str) -> list[str]:
    return [said.strip() for said in re.split(r"[|\n]", lines) if said.strip()]


@pytest.mark.parametrize("said", _each(WISHES))
def test_a_wish_in_words_is_a_stop(said: str) -> None:
    assert wish_of(said) == "stop"


@pytest.mark.parametrize("said", _each(MESSAGES))
def test_what_says_anything_else_is_a_message(said: str) -> None:
    assert wish_of(said) == ""


def _real_messages() -> list[str]:
    dangers = (TESTS / "app/danger_messages.txt").read_text("utf-8").splitlines()
    said = [line.partition("|")[2] for line in dangers if not line.startswith("#")]
    others = yaml.safe_load((TESTS / "understanding/messages.yaml").read_text("utf-8"))
    return [*said, *_texts(others)]


def _texts(found: object) -> list[str]:
    if isinstance(found, dict):
        return [text for value in found.values() for text in _texts(value)]
    if isinstance(found, list):
        return [text for value in found for text in _texts(value)]
    return [found] if isinstance(found, str) else []


def test_no_message_of_ours_is_taken_for_a_wish() -> None:
    messages = _real_messages()
    assert len(messages) > 1000
    assert [said for said in messages if wants_no_more(said)] == []


@given(
    st.sampled_from(_each(WISHES)),
    st.sampled_from(["trou", "rue Scribe", "toujours cassé", "poubelles", "au secours", "hole", "12", "fuego"]),
    st.booleans(),
)  # fmt: skip
@example("ne m'écrivez plus", "le trou est toujours là", False)
def test_a_wish_with_anything_beside_it_is_a_message(wish: str, other: str, first: bool) -> None:
    assert wish_of(f"{other}, {wish}" if first else f"{wish}, {other}") == ""


@given(st.sampled_from(_each(WISHES)), st.sampled_from(["Bonjour", "Hello", "Madame, Monsieur"]),
       st.sampled_from(["merci", "svp", "Cordialement", "thanks"]))  # fmt: skip
def test_courtesy_changes_nothing(wish: str, before: str, after: str) -> None:
    assert wish_of(f"{before},\n{wish}.\n{after}") == "stop"


@given(st.text(max_size=300))
def test_any_text_has_an_answer(said: str) -> None:
    assert wants_no_more(said) in {True, False}


@pytest.mark.parametrize("signed", ["Léa Martin", "léa", "Léa"])
def test_the_sender_may_sign(signed: str) -> None:
    assert wants_no_more(f"Ne m'écrivez plus.\nCordialement,\n{signed}", "Léa Martin")
    assert not wants_no_more(f"Ne m'écrivez plus.\n{signed}", "Paul Roux")
