"""The forms of replies on which others' parsers are tried, in words of our own.

The situations are those of the fixtures of github/email_reply_parser and zapier/email-reply-parser
(both MIT); no line is theirs.
"""

from __future__ import annotations

import pytest

from channels.email.quotes import strip_quotes

QUOTE = "> Bonjour, où est le trou exactement ?\n> Le service de la voirie"
GENE = "ATGGCA" * 3_000

FORMS = {
    "a plain letter below which a list writes its footer": (
        "Bonjour,\n\nLe banc du parc est cassé.\n\nLéa\n\n\n"
        "_______________________________________________\n"
        "voisins mailing list\nvoisins@listes.example\nhttps://listes.example/voisins\n",
        "Bonjour,\n\nLe banc du parc est cassé.\n\nLéa",
    ),
    "an answer at the top": (
        f"Merci beaucoup.\n\nC'est devant le 12.\n\nLe 24/11/2026 à 10:02, Voirie a écrit :\n{QUOTE}",
        "Merci beaucoup.\n\nC'est devant le 12.",
    ),
    "an answer at the bottom": (
        f"Bonjour,\nLe 24/11/2026 à 10:02, Voirie a écrit :\n{QUOTE}\n\nDevant le 12.",
        "Bonjour,\n\nDevant le 12.",
    ),
    "answers between the quoted lines": (
        "Le mar. 24 nov. 2026 à 10:02, Voirie <v@ville.example> a écrit :\n\n"
        "> Où est le trou ?\n>\n\nDevant le 12.\n\n> Depuis quand ?\n>\n\nDepuis lundi.\n",
        "Devant le 12.\n\nDepuis lundi.",
    ),
    "a date and an address above the quotation": (
        "Parfait, tout marche.\n\nLe 22 août 2026 à 19:37, voirie<v@ville.example> a écrit :\n\n\n"
        "> Est-ce réparé ?",
        "Parfait, tout marche.",
    ),
    "a list of points is one text": (
        "Un : ce que j'ai vu.\n\n- le premier point va\n  sur deux lignes\n- le deuxième\n\n"
        "Deux :\n- encore un\n- et un dernier",
        "Un : ce que j'ai vu.\n\n- le premier point va\n  sur deux lignes\n- le deuxième\n\n"
        "Deux :\n- encore un\n- et un dernier",
    ),
    "a signature with its dashes, and dashes in a sentence": (
        "Voici un mot -- avec des tirets.\n\n-- \nRicardo",
        "Voici un mot -- avec des tirets.",
    ),
    "an attribution over three lines": (
        "Chez moi aussi.\n\nLe 16 décembre 2026 à 12:47, Corinne Dumont\n<c@ville.example>\na écrit :\n\n"
        f"{QUOTE}",
        "Chez moi aussi.",
    ),
    "an attribution in English, glued to the address": (
        "Bien reçu.\n\nOn Tue, Sep 25, 2026 at 8:59 AM, Voirie\n<v@ville.example>wrote:\n\n"
        f"{QUOTE}",
        "Bien reçu.",
    ),
    "a reply by Outlook, its header in bold": (
        "Voici ma réponse\n\n\n ------------------------------\n\n*De :* Voirie [mailto:v@ville.example]\n"
        "*Envoyé :* jeudi 9 février 2026 13:36\n*À :* lea@citoyens.example\n*Objet :* Votre demande\n\n"
        "Bonjour, où est le trou ?",
        "Voici ma réponse",
    ),
    "a reply by Outlook directly above its line": (
        "Juste au-dessus de la ligne\n________________________________________\nDe : Voirie [v@ville.example]\n"
        "Envoyé : vendredi 23 mars 2026 17:08\nÀ : Léa\nObjet : [demande] trou\n\nOù est le trou ?",
        "Juste au-dessus de la ligne",
    ),
    "a reply by Outlook without a line": (
        "Sans ligne du tout\n\n*From:* Voirie [mailto:v@ville.example]\n*Sent:* Monday, January 15, 2026\n"
        "*To:* lea@citoyens.example\n*Subject:* Votre demande\n\nOù est le trou ?",
        "Sans ligne du tout",
    ),
    "a telephone that names itself": (
        "Le feu est éteint rue Scribe.\n\nEnvoyé de mon BlackBerry",
        "Le feu est éteint rue Scribe.",
    ),
    "a telephone that names itself at length": (
        "Le feu est éteint rue Scribe.\n\nEnvoyé depuis mon téléphone Galaxy par Orange",
        "Le feu est éteint rue Scribe.",
    ),
    "a sentence that begins like such a line": (
        "Voici mon message\n\nEnvoyé de mon bureau, c'est plus facile que du téléphone.",
        "Voici mon message\n\nEnvoyé de mon bureau, c'est plus facile que du téléphone.",
    ),
    "a word that is no attribution": (
        "Merci, c'est utile.\n\nOn m'a dit, au guichet, quand je passe...\n\n"
        f"Le 1 oct. 2026 à 23:55, Voirie a écrit :\n\n{QUOTE}",
        "Merci, c'est utile.\n\nOn m'a dit, au guichet, quand je passe...",
    ),
    "a text that begins as an attribution does": (
        "Le 12, rue Scribe, on peut voir :\n\n     un trou de 30 cm\n\nIl grandit.\n\n"
        f"Le 9 janv. 2026 à 2:47, Voirie a écrit :\n\n{QUOTE}",
        "Le 12, rue Scribe, on peut voir :\n\n     un trou de 30 cm\n\nIl grandit.",
    ),
    "a quotation with lines of many thousand letters": (
        "Je regarde ce soir.\nLe 8 déc. 2026 14:10, « Jean » <j@ville.example> a écrit :\n\n"
        f"> {GENE}\n> {GENE}",
        "Je regarde ce soir.",
    ),
    "a header without any mark above it, and another below": (
        "Encore une réponse !\n\nDe : Dan [mailto:d@ville.example]\nEnvoyé : lundi 26 novembre 2026 10:48\n"
        "À : Léa\nObjet : Re: trou\n\nUne réponse\n\n--\nEnvoyé de mon iPhone\n\n"
        "Le 26 nov. 2026 à 10:27, « Léa » <l@citoyens.example> a écrit :\nUn message.\nDeux lignes.",
        "Encore une réponse !",
    ),
    "Gmail's quotation without any mark": (
        "Un essai de réponse.\n\n\n\nLe mer. 18 mai 2026 à 23:10, Voirie <v@ville.example>\na écrit :\n\n\n"
        "Votre demande est prise en charge 👍\n\n—\nVous recevez ce message car vous suivez une demande.",
        "Un essai de réponse.",
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_new_words_of_a_reply_are_found(form: str) -> None:
    text, new = FORMS[form]
    assert _lines(strip_quotes(text).shown) == _lines(new)


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines() if line.strip()]
