"""What a writer wants with a message: to report, to ask, to thank, to contest, or to go on."""

from __future__ import annotations

import tomllib
from importlib.resources import files

from router.decision import Nature
from understanding.streets import find_streets
from understanding.wordlists import WordList
from understanding.words import Words

_READ = tomllib.loads((files("understanding") / "nature.toml").read_text(encoding="utf-8"))


def _list(section: str, key: str) -> WordList:
    return WordList(_READ[section][key])


_SURE = tuple(
    (nature, _list(nature.value, "sure"))
    for nature in (
        Nature.DATA_RIGHT,
        Nature.DOCUMENTS,
        Nature.APPEAL,
        Nature.OFFICIAL,
        Nature.OFF_TOPIC,
    )
)
_IDEA = _list(Nature.IDEA.value, "sure")
_COMPLAINT = _list(Nature.COMPLAINT.value, "sure")
_THANKS, _POLITE, _BARE_THANKS = (
    _list(Nature.THANKS.value, key) for key in ("sure", "polite", "bare")
)
_PROCEDURE, _PROCEDURE_ASKED = (_list(Nature.PROCEDURE.value, key) for key in ("sure", "asking"))
_ASKS, _NO_QUESTION = (_list(Nature.QUESTION.value, key) for key in ("asks", "not"))
_PROBLEM = _list(Nature.REPORT.value, "words")
_INFORMING = _list("informing", "starts")
_SETTLED, _UNSETTLED = (_list("settled", key) for key in ("words", "unsettled"))
_SEQUEL = _list("follow-up", "opens")
_GREETINGS = WordList(
    ["bonjour", "bonsoir", "bjr", "bsr", "slt", "salut", "hello", "hi", "hola", "olá", "madame",
     "monsieur", "buenos días", "bom dia", "merci", "mesdames", "messieurs", "good morning", "svp"]
)  # fmt: skip
_QUESTION_MARKS = ("?", "؟", "？")
_FEW = 3
_SHORT = 12
_ANSWER = 8


def nature_of(words: Words) -> Nature | None:
    """Tell what a message is for; None when its words do not show it."""
    if not words.folded:
        return None
    for nature, listed in _SURE:
        if listed.holds(words):
            return nature
    problems = _PROBLEM.count(words)
    if _is_thanks(words, problems):
        return Nature.THANKS
    if _IDEA.holds(words) and problems <= 2:
        return Nature.IDEA
    asked = _asks(words)
    if _PROCEDURE.holds(words) and (asked or problems == 0):
        return Nature.PROCEDURE
    if _PROCEDURE_ASKED.holds(words) and problems == 0:
        return Nature.PROCEDURE
    if _COMPLAINT.holds(words):
        return Nature.COMPLAINT
    if problems:
        return Nature.QUESTION if asked and _informs(words) else Nature.REPORT
    return Nature.QUESTION if asked else None


def follow_up(words: Words) -> bool:
    """Whether a text only makes sense as the sequel of something said before."""
    if not words.folded:
        return False
    start = _after_greeting(words)
    count = len(words.folded) - start
    if count == 0:
        return bool(_BARE_THANKS.holds(words))
    if count <= _SHORT and _SEQUEL.at(words, start) and not _new_matter(words, start):
        return True
    return count <= _ANSWER and _only_an_address(words, start)


def _is_thanks(words: Words, problems: int) -> bool:
    sure = len(_THANKS.spans(words)) > len(_POLITE.spans(words))
    if sure:
        settled = _SETTLED.holds(words)
        return (problems == 0 or settled) and not (_UNSETTLED.holds(words) and problems)
    start = _BARE_THANKS.at(words, 0)
    return bool(start) and len(words.folded) <= _FEW and problems == 0 and not _marked(words)


def _asks(words: Words) -> bool:
    if _NO_QUESTION.holds(words) and not _PROCEDURE.holds(words):
        return False
    return _marked(words) or _ASKS.at(words, _after_greeting(words)) > 0 or _asks_inside(words)


def _asks_inside(words: Words) -> bool:
    """Find a question that is put without a question mark after some other words."""
    return any(end - start > 1 for start, end in _ASKS.spans(words))


def _informs(words: Words) -> bool:
    return _INFORMING.at(words, _after_greeting(words)) > 0


def _marked(words: Words) -> bool:
    return any(mark in words.text for mark in _QUESTION_MARKS)


def _after_greeting(words: Words) -> int:
    """Give the first word after "Bonjour Madame" and the like."""
    index = 0
    while index < len(words.folded) and (size := _GREETINGS.at(words, index)):
        index += size
    return index


def _new_matter(words: Words, start: int) -> bool:
    """Whether an opening of a sequel is followed by a problem with its own place."""
    return bool(find_streets(words, ())) and _PROBLEM.count(words) > 0 and len(words.folded) > start


def _only_an_address(words: Words, start: int) -> bool:
    """Whether the text is a bare number or address: the answer to a question of ours."""
    if all(word.isdigit() for word in words.folded[start:]):
        return True
    if _PROBLEM.count(words):
        return False
    covered = {i for street in find_streets(words, ()) for i in range(street.start, street.end)}
    rest = [word for i, word in enumerate(words.folded) if i >= start and i not in covered]
    return bool(covered) and len(rest) <= _FEW
