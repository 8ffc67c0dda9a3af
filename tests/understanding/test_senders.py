"""What a writer says he is; a word that may only be the subject tells nothing."""

from __future__ import annotations

import pytest

from understanding.senders import sender_kinds_of
from understanding.words import words_of


@pytest.mark.parametrize(
    ("said", "kinds"),
    [
        ("Je suis conseillère municipale et je relaie une demande.", ("elu",)),
        ("En tant qu'élu du quartier, je vous saisis.", ("elu",)),
        ("Présidente de l'association des riverains, je vous écris.", ("association",)),
        ("La benne bloque ma boutique, mes clients se plaignent.", ("commerce",)),
        ("Nos locataires n'ont plus de lumière dans le hall.", ("bailleur",)),
        ("Je suis agent de terrain, le banc est à refaire.", ("agent-de-terrain",)),
        ("Au nom de l'association et de notre commerce", ("association", "commerce")),
        ("Our customers cannot park", ("commerce",)),
        ("Un commerce vide est squatté rue Scribe.", None),
        ("Le maire a dit que ce serait réparé.", None),
        ("L'association du coin fait trop de bruit.", None),
        ("Mon propriétaire ne fait rien.", None),
        ("Un lampadaire est éteint", None),
        ("", None),
    ],
)
def test_who_says_what_he_is(said: str, kinds: tuple[str, ...] | None) -> None:
    assert sender_kinds_of(words_of(said)) == kinds
