"""Built-in texts: plain, complete in every language, and replaceable by a supervisor's."""

import re

import pytest

from router.errors import InvalidInput
from router.words.texts import LANGUAGES, Style, TextId, compose, phrases, text

GSM = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
FILLED = {
    "numero": "7K4M-Q2XD-9TC",
    "service": "Service voirie et signalisation",
    "contact": "02 40 00 00 00",
    "delai": "01/12/2026",
    "lieu": "Rezé",
    "lien": "https://guichet.example/suivi/7K4M-Q2XD-9TC",
    "reponse": "C'est fait.",
    "recu": "26/11/2026",
    "echeance": "26/01/2027",
    "tribunal": "tribunal administratif de Nantes, 6 allée de l'Île-Gloriette, 44000 Nantes",
}
JARGON = re.compile(r"\b(dossier|usager|DGS|PAV|requête|diligenter|instruction|saisine)", re.I)


class Written:
    """Texts of a supervisor who wrote one acknowledgement, in French and English."""

    def text(self, text: str, language: str, *, short: bool = False) -> tuple[str, str] | None:
        if text != "acknowledgement":
            return None
        return ("fr", "Reçu : {numero}.") if language == "fr" else ("en", "Got {numero}.")

    def wordings(self) -> tuple[str, ...]:
        return ("Reçu : {numero}.", "Got {numero}.")


def fields(template: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", template))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_text_with_the_same_fields(language: str) -> None:
    here, french = phrases(language), phrases("fr")
    assert set(here.long) == set(TextId)
    for text_id in TextId:
        assert fields(here.long[text_id]) == fields(french.long[text_id]), text_id
        brief = fields(here.template(text_id, Style.SHORT)) - {
            "lien"
        }  # which leads to what is left out
        assert brief <= fields(here.long[text_id]), text_id


@pytest.mark.parametrize("language", ["fr", "en", "es", "pt", "de", "it", "ro", "pl"])
def test_short_texts_fit_one_sms(language: str) -> None:
    for text_id in phrases(language).short:
        written = text(TextId(text_id), language, style=Style.SHORT, **FILLED).text
        assert len(written) <= 160, written
        assert set(written) <= GSM, (text_id, set(written) - GSM)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_sentences_have_at_most_twenty_words(language: str) -> None:
    for template in phrases(language).long.values():
        for sentence in re.split(r"[.!?\n]", template):
            assert len(re.findall(r"[\w'’{}-]+", sentence)) <= 20, sentence


def test_french_uses_no_jargon() -> None:
    for template in (*phrases("fr").long.values(), *phrases("fr").short.values()):
        assert not JARGON.search(template), template


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_emergency_begins_with_the_number_to_call(language: str) -> None:
    assert text(TextId.EMERGENCY, language).text.startswith("112")
    assert text(TextId.EMERGENCY, language, style=Style.SHORT).text.startswith("112")


def test_a_sentence_without_its_field_is_left_out() -> None:
    written = text(TextId.ACKNOWLEDGEMENT, "fr", **{**FILLED, "delai": "", "lien": ""}).text
    assert "prévue" not in written
    assert "Suivi" not in written
    assert "7K4M-Q2XD-9TC" in written
    assert "{" not in written


def test_braces_in_an_answer_are_left_alone() -> None:
    answer = "Voir {numero} {autre}. Fin."
    written = text(TextId.ANSWER, "fr", numero="N", service="Voirie", reponse=answer).text
    assert answer in written


def test_a_missing_language_is_written_in_english() -> None:
    written = text(TextId.EMPTY, "wo")
    assert written.language == "en"
    assert written.text == text(TextId.EMPTY, "en").text


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(InvalidInput, match="nom_du_maire"):
        text(TextId.EMPTY, "fr", nom_du_maire="x")


def test_numbers_keep_their_direction_in_arabic() -> None:
    assert "\u20667K4M-Q2XD-9TC\u2069" in text(TextId.APPENDED, "ar", **FILLED).text


def test_a_supervisor_wording_wins_in_its_own_language_only() -> None:
    written = Written()
    assert compose(written, TextId.ACKNOWLEDGEMENT, "fr", numero="N").text == "Reçu : N."
    assert compose(written, TextId.ACKNOWLEDGEMENT, "tr", numero="N").language == "tr"
    assert compose(written, TextId.ACKNOWLEDGEMENT, "wo", numero="N").text == "Got N."
    assert compose(written, TextId.EMPTY, "fr").text == text(TextId.EMPTY, "fr").text
    assert compose(None, TextId.EMPTY, "fr").language == "fr"


def test_public_replies_hold_no_field() -> None:
    for language in LANGUAGES:
        assert not fields(phrases(language).long[TextId.PUBLIC_MENTION])


REPLY_HERE = {
    "fr": r"à ce message|\bici\b",
    "en": r"to this message|\bhere\b",
    "es": r"a este mensaje|\baquí\b",
    "pt": r"a esta mensagem|\baqui\b",
    "ar": r"هذه الرسالة|هنا",
    "tr": r"bu mesaj|\bbura",
    "uk": r"це повідомлення|\bтут\b|\bсюди\b",
    "zh": r"本消息|这里|在此",
    "de": r"diese Nachricht|\bhier",
    "it": r"a questo messaggio|\bqui\b",
    "ro": r"la acest mesaj|\baici\b",
    "pl": r"tę wiadomość|\btu\b|\btutaj\b",
    "ru": r"это сообщение|\bздесь\b|\bсюда\b",
}
"""What cannot be done on the telephone or with a letter."""
NEVER_ALOUD = {"confirm", "encrypted", "help", "invite", "opted_in", "opted_out", "too_large"}
"""They answer what cannot happen at the desk."""


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_read_aloud_asks_for_no_reply_and_spells_no_link(language: str) -> None:
    house = phrases(language)
    assert house.aloud.keys() <= house.long.keys()
    for text_id in house.long.keys() - NEVER_ALOUD:
        template = house.template(text_id, Style.ALOUD)
        assert fields(template) <= fields(house.long[text_id]) - {"lien"}, text_id
        assert not re.search(REPLY_HERE[language], template), text_id


def test_the_telephone_is_spoken_to_alike_in_all_languages() -> None:
    assert all(phrases(each).aloud.keys() == phrases("fr").aloud.keys() for each in LANGUAGES)


def test_a_text_in_french_says_courriel_and_makes_no_sentence_of_a_service_s_name() -> None:
    french = phrases("fr")
    for text_id in french.long:
        for style in Style:
            template = french.template(text_id, style)
            assert not re.search(r"e-?mail|électronique", template, re.IGNORECASE), text_id
            assert not re.search(r"\{service\} (?![:\n])", template), text_id
