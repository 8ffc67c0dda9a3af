"""How a text becomes messages: the cheap alphabet, whole characters, what they cost, a cap."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.graphemes import graphemes
from channels.phone.alphabet import is_gsm7, segments, to_gsm7
from channels.phone.one_way import one_way
from channels.phone.writing import Writing, cost
from channels.sms import Sms, SmsSettings
from router.delivery import Delivery, DeliveryKind
from router.message import Address
from router.words.texts import LANGUAGES, Style, TextId, text

FILLED = dict.fromkeys(("numero", "service", "delai", "lien", "contact", "reponse", "lieu"), "7K4M")
ANY_TEXT = st.text(
    st.sampled_from("abé ê€\n.«»’ç…🌳👩🏽\u200d🚒🇫🇷ش\u0301"), min_size=1, max_size=700
)


def delivery(text: str, *, automatic: bool = True) -> Delivery:
    at = datetime(2026, 11, 1, tzinfo=UTC)
    address = Address("sms", "+33756000044", "+33612345678")
    kind = DeliveryKind.ACKNOWLEDGEMENT
    return Delivery(7, "i7", "l", kind, address, text, at, automatic=automatic)


@given(ANY_TEXT, st.integers(1, 8))
def test_no_message_costs_more_than_it_may_and_no_character_is_cut(text: str, each: int) -> None:
    pieces = Writing(transliterate=False, each=each).pieces(text)
    seen = [grapheme for piece in pieces for grapheme in graphemes(piece) if grapheme.strip()]
    assert seen == [grapheme for grapheme in graphemes(text) if grapheme.strip()]
    assert all(segments(piece) <= each for piece in pieces if len(list(graphemes(piece))) > 1)


@given(ANY_TEXT)
def test_writing_in_the_cheap_alphabet_never_costs_more(text: str) -> None:
    plain = to_gsm7(text)
    assert cost([plain]) <= cost([text])
    assert is_gsm7(plain) or to_gsm7(plain) == plain


@pytest.mark.parametrize("letter", "êëîïôûâçÿœŒÊËÎÏÔÛÂÈÀÙŸ’‘“”–—…«»\u00a0\u202f")
def test_each_french_letter_that_doubles_the_price_has_a_cheap_form(letter: str) -> None:
    assert not is_gsm7(letter)
    assert is_gsm7(to_gsm7(letter))


@pytest.mark.parametrize("letter", "éèàùÉÇäöüñÅæß€@£¿¡")
def test_a_letter_that_costs_nothing_is_left_alone(letter: str) -> None:
    assert to_gsm7(letter) == letter


@given(st.integers(1, 5), ANY_TEXT)
def test_a_cap_is_kept_and_the_case_is_still_named(most: int, text: str) -> None:
    whole = f"Voirie : {text * 20}\nDemande 7K4M-Q2XD-9TC"
    pieces = Writing(each=6, most=most).pieces(whole)
    assert cost(pieces) <= most
    assert pieces[-1].endswith("Demande 7K4M-Q2XD-9TC")


def test_without_a_cap_nothing_is_left_out() -> None:
    text = "Un mot à la fois. " * 400
    assert sum(piece.count("mot") for piece in Writing().pieces(text)) == 400


def test_a_price_is_that_of_all_the_segments() -> None:
    sms = Sms(SmsSettings(price_per_segment=0.065), "+33756000044")
    assert sms.cost(delivery("a" * 161)) == (2, 0.13)
    assert Sms(SmsSettings(), "+33756000044").cost(delivery("a")) == (1, 0.0)


# --- senders that cannot be answered -------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["resolved", "opted_out", "acknowledgement"])
def test_no_text_of_the_house_invites_to_answer_a_name(language: str, name: str) -> None:
    written = text(TextId(name), language, **FILLED).text
    left = one_way(written)
    assert len(left) < len(written)  # each of these invites, in every language
    assert "7K4M" in left or name == "opted_out"


@pytest.mark.parametrize("style", [Style.LONG, Style.SHORT])
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_says_nothing_of_answering_is_left_as_it_is(language: str, style: Style) -> None:
    for name in (TextId.REROUTED, TextId.IN_PROGRESS, TextId.EMERGENCY, TextId.ACCEPTED):
        written = text(name, language, style=style, **FILLED).text
        assert one_way(written) == written


def test_a_name_never_asks_for_an_answer_and_a_number_does() -> None:
    said = "Demande 7K4M enregistrée. Pour préciser, répondez ici."
    assert Sms(SmsSettings(), "NANTES").pieces(delivery(said)) == ("Demande 7K4M enregistrée.",)
    assert Sms(SmsSettings(), "+33756000044").pieces(delivery(said)) == (said,)
    assert not Sms(SmsSettings(), "NANTES").capabilities.reply
    assert Sms(SmsSettings(), "+33756000044").capabilities.reply


def test_what_an_agent_wrote_is_not_rewritten() -> None:
    said = "Répondez au courrier du notaire."
    assert Sms(SmsSettings(), "NANTES").pieces(delivery(said, automatic=False)) == (said,)
