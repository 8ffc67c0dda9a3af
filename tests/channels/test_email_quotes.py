"""New words apart from old ones, as French mail programs write them; each form is a mail beside."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mail_laws import AT, CHANNEL

from channels.email.quotes import _FORWARD_SUBJECT, strip_quotes
from router.message import Message

MAILS = Path(__file__).parent / "mails"


def message(raw: bytes) -> Message:
    return CHANNEL.message(CHANNEL.envelope(raw, AT))


@pytest.mark.parametrize("path", sorted(MAILS.glob("*.eml")), ids=lambda path: path.stem)
def test_the_new_words_are_shown_and_nothing_is_lost(path: Path) -> None:
    read = message(path.read_bytes())
    assert read.text_shown == path.with_suffix(".txt").read_text().rstrip("\n")
    assert len(read.text) >= len(read.text_shown)


# --- laws ----------------------------------------------------------------------------------------

_OF_QUOTES = (
    "Bonjour, > >> -- ---- ____________ De : Le 26/11/2026 à 09:12 a écrit : Envoyé : Objet : "
    "<lea@citoyens.example> Message du 26/11/26 mon voisin iPhone == * | Sent from my"
)
WORDS = st.sampled_from(_OF_QUOTES.split())
LINES = st.lists(st.lists(WORDS, max_size=8).map(" ".join), max_size=40)


@settings(deadline=None)
@given(LINES, st.sampled_from(["", "Re: Trou", "Fwd: Trou", "TR: Trou"]))
def test_every_word_is_either_new_or_old(lines: list[str], subject: str) -> None:
    text = "\n".join(lines)
    cut = strip_quotes(text, subject)
    assert bool(cut.shown) == bool(text.strip())
    if not _FORWARD_SUBJECT.match(subject):
        words = Counter(text.split())
        assert Counter(cut.shown.split()) <= words
        assert Counter((cut.shown + " " + cut.quoted).split()) == words


@settings(deadline=None)
@given(st.lists(st.text("abcdéè ,'", min_size=1, max_size=60), min_size=1, max_size=30))
def test_who_quotes_nobody_loses_nothing(lines: list[str]) -> None:
    text = "\n".join(lines)
    assert strip_quotes(text).shown.split() == text.split()


def calls(text: str) -> int:
    """Count the calls, of Python and of C, that a text takes."""
    count = 0

    def counting(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    sys.setprofile(counting)
    try:
        strip_quotes(text, "Fwd: x")
    finally:
        sys.setprofile(None)
    return count


EVIL = (
    "---------- Forwarded message ---------", "> a", "--", "-- ", "Le 26/11/2026 à 09:12", "De : x", "____________", "Message du 26/11/26",
    "De : x\nÀ : y", "Le a\nLe b\n> c", "-----Message d'origine", "Envoyé de mon iPhone", "",
    "lea <lea@citoyens.example>", "> " + "a" * 80 + "\na\n> b", "On a\n\nDe : b\n\n--", "=" * 30,
)  # fmt: skip


@pytest.mark.parametrize("evil", EVIL)
def test_twice_the_text_takes_at_most_about_twice_the_calls(evil: str) -> None:
    once, twice = (calls("\n".join([evil] * count)) for count in (400, 800))
    assert twice <= 2.2 * once + 200


def test_a_mail_forwarded_a_thousand_times_is_read_so_far() -> None:
    text = "---------- Forwarded message ---------\nDe : a\n\n" * 3000
    assert strip_quotes(text, "Fwd: x").shown


@settings(max_examples=50, deadline=None)
@given(st.lists(WORDS, min_size=1, max_size=12).map(" ".join), st.lists(WORDS).map(" ".join))
def test_no_mixture_of_lines_is_slow(one: str, other: str) -> None:
    block = f"{one}\n{other}"
    once, twice = (calls("\n".join([block] * count)) for count in (100, 200))
    assert twice <= 2.2 * once + 400


@pytest.mark.parametrize("mark", [">", "-", "_", "=", "a", "<", "Le ", "De : ", "@", "a@b.", "\t"])
def test_one_endless_line_is_looked_at_by_its_beginning(mark: str) -> None:
    """Every expression sees 400 characters of a line at most, whatever its length."""
    line = mark * 20_000
    assert calls(line) < 400
    assert strip_quotes(line).shown == line.strip()


@pytest.mark.parametrize(
    "letter",
    [
        "Bonjour\n\nDe: Mme Martin\nDate: 23 novembre 2026\nObjet: trou\n\nIl y a un trou dangereux.",
        "Bonjour,\nDe : gare de Nantes\nÀ : Rezé\nDate : tous les matins\nle bus est en danger.",
        "De : la gare\nÀ : la mairie\nDate : le 3/11/2026\nObjet : bus 12\nUn arrêt dangereux.",
    ],
)
def test_a_citizen_s_own_letter_is_no_quotation(letter: str) -> None:
    assert "danger" in strip_quotes(letter).shown


@pytest.mark.parametrize(
    "head",
    [
        "De : Mairie <accueil@nantes.example>\nDate : 23 novembre 2026\nObjet : Votre demande",
        "De : Mairie\nEnvoyé : lundi 23 novembre 2026 10:15\nÀ : Léa\nObjet : Votre demande",
        "De : Mairie\nDate : 23 novembre 2026 à 10h15\nObjet : Votre demande",
        "De : Mairie\nDate : 23 novembre 2026\nÀ : lea@citoyens.example\nObjet : Votre demande",
    ],
)
def test_what_a_program_writes_above_a_mail_is_old(head: str) -> None:
    assert strip_quotes(f"Merci.\n\n{head}\n\nNous avons bien reçu.").shown == "Merci."
