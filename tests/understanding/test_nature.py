"""What a message is for, and whether it goes on with something said before."""

import pytest

from router.decision import Nature
from understanding.nature import follow_up, nature_of
from understanding.words import words_of


@pytest.mark.parametrize(
    ("text", "nature"),
    [
        ("le lampadaire est cassé", Nature.REPORT),
        ("Pouvez-vous réparer le trou ?", Nature.REPORT),
        ("Où signaler un lampadaire cassé ?", Nature.QUESTION),
        ("c ou la dechetterie", Nature.QUESTION),
        ("¿Dónde está el ayuntamiento?", Nature.QUESTION),
        ("Quels papiers pour un passeport", Nature.PROCEDURE),
        ("我要办护照", Nature.PROCEDURE),
        ("Votre service est incompétent", Nature.COMPLAINT),
        ("Je conteste cette décision", Nature.APPEAL),
        ("Il serait bien d'avoir un banc", Nature.IDEA),
        ("Merci beaucoup, le trou a été rebouché très vite !", Nature.THANKS),
        ("Merci de réparer le lampadaire", Nature.REPORT),
        ("Merci beaucoup, mais le trou est toujours là", Nature.REPORT),
        ("Effacez mes données personnelles", Nature.DATA_RIGHT),
        ("Je demande la communication du document administratif", Nature.DOCUMENTS),
        ("Je suis journaliste", Nature.OFFICIAL),
        ("Ci-joint notre facture", Nature.OFF_TOPIC),
        ("Lampadaire", None),
        ("", None),
    ],
)
def test_nature(text: str, nature: Nature | None) -> None:
    assert nature_of(words_of(text)) == nature


@pytest.mark.parametrize(
    "text",
    ["toujours rien ?", "Et alors", "merci", "Bonjour, des nouvelles ?", "any news?", "44400",
     "12 rue de la Paix", "c'est au 3 place Viarme", "oui", "voici la photo", "gracias", "شكرا"],
)  # fmt: skip
def test_follow_ups(text: str) -> None:
    assert follow_up(words_of(text))


@pytest.mark.parametrize(
    "text",
    ["lampadaire cassé", "Lampadaire 3 rue de Paris", "toujours pas de ramassage, rue Noire à Rezé",
     "Merci de réparer le trou devant chez moi qui devient très dangereux pour les enfants", ""],
)  # fmt: skip
def test_no_follow_ups(text: str) -> None:
    assert not follow_up(words_of(text))
