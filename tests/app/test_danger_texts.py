"""The texts that danger rules send: numbers first, in every language, short enough for a telephone."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.rulebook import LoadedRulebook, load_folder
from app.trying.attempt import attempts
from router.words.echoes import is_echo
from router.words.texts import LANGUAGES

ROOT = Path(__file__).parents[2]
NOON = datetime(2026, 11, 24, 11, tzinfo=UTC)
RULES = (ROOT / "config/regles/metropole/danger.yaml").read_text("utf-8")
TEXTS = sorted(set(re.findall(r"repondre: (consigne-[\w-]+)", RULES)))
NUMBERS = re.compile(r"^(112|15|17|18|114|115|119|3919)(?!\d)")
NOT_GSM = re.compile(
    "[^@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,./0-9:;<=>?¡A-ZÄÖÑÜ§¿a-zäöñüà-]"
)
LATER = {"consigne-violences-conjugales", "consigne-enfant", "consigne-suicide"}
LATER |= {"consigne-sans-abri", "consigne-chien", "consigne-sourd", "consigne-danger"}


@pytest.fixture(scope="module")
def rulebook() -> LoadedRulebook:
    return load_folder(ROOT / "config")


def written(rulebook: LoadedRulebook, text: str, language: str, *, short: bool) -> str:
    found = rulebook.texts.text(text, language, short=short)
    assert found is not None
    assert found[0] == language, (text, language)
    return found[1]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("text", TEXTS)
def test_a_danger_text_begins_with_its_numbers_and_a_short_one_fits_an_sms(
    rulebook: LoadedRulebook, text: str, language: str
) -> None:
    long = written(rulebook, text, language, short=False)
    short = written(rulebook, text, language, short=True)
    assert NUMBERS.match(long)
    assert NUMBERS.match(short)
    assert NUMBERS.match(long)[1] == NUMBERS.match(short)[1]
    assert "114" in long
    assert "114" in short or text in LATER
    assert len(short) <= (70 if NOT_GSM.search(short) else 160), short
    assert "{" not in long + short


@pytest.mark.parametrize("language", ["fr", "en", "es", "pt", "de", "it"])
@pytest.mark.parametrize("text", TEXTS)
def test_sentences_of_a_danger_text_are_short(
    rulebook: LoadedRulebook, text: str, language: str
) -> None:
    for sentence in re.split(r"[.!?]", written(rulebook, text, language, short=False)):
        assert len(re.findall(r"[\w'’-]+", sentence)) <= 20, sentence


@pytest.mark.parametrize("text", TEXTS)
def test_a_danger_text_suits_a_witness_as_well_as_the_victim(
    rulebook: LoadedRulebook, text: str
) -> None:
    for language, to_the_victim in (("fr", "Vous n'êtes"), ("en", "[Yy]ou are not|your fault")):
        for short in (False, True):
            assert not re.search(to_the_victim, written(rulebook, text, language, short=short))


def test_every_text_of_the_example_is_known_when_it_comes_back(rulebook: LoadedRulebook) -> None:
    missed = [
        written
        for written in rulebook.texts.wordings()
        if "{" not in written and len(written) > 60 and not is_echo(written, rulebook.texts)
    ]
    assert missed == []


ON_A_PAGE = [
    ("fr", "Ça sent le gaz dans tout l'immeuble"),
    ("en", "There is a fire in the stairwell"),
    ("es", "huele mucho a gas en mi edificio"),
    ("fr", "Le transformateur électrique fume, des fils à nu pendent sur le trottoir"),
]


@pytest.mark.parametrize(("language", "said"), ON_A_PAGE)
async def test_a_page_tells_of_a_danger_all_that_a_mail_does_and_only_sms_is_short(
    rulebook: LoadedRulebook, language: str, said: str
) -> None:
    first = {}
    async with attempts(rulebook) as attempt:
        for channel in ("email", "web", "sms"):
            result = await attempt.run({"channel": channel, "text": said}, NOON)
            [reply] = result["replies"]
            assert reply["language"] == language
            first[channel], *rest = reply["text"].split("\n\n")
            assert rest  # the receipt follows
    assert first["web"] == first["email"]
    assert len(first["sms"]) < len(first["web"])
