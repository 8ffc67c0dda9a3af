"""What a writer wants with a message: to report, to ask, to thank, to contest, or to go on."""

from __future__ import annotations

import tomllib
from importlib.resources import files

from router.decision import Nature
from understanding.streets import find_streets, ordinary
from understanding.wordlists import Marks, WordLists
from understanding.words import Words

_READ = tomllib.loads((files("understanding") / "nature.toml").read_text(encoding="utf-8"))
_LISTS = WordLists(
    {f"{section}.{key}": phrases for section, own in _READ.items() for key, phrases in own.items()}
)

# These are meant by whoever writes the word, whatever else he writes.
_SURE = (
    Nature.DATA_RIGHT,
    Nature.DOCUMENTS,
    Nature.APPEAL,
    Nature.OFFICIAL,
    Nature.OFF_TOPIC,
)
_PROBLEM = "signalement.words"
_QUESTION_MARKS = ("?", "؟", "？")
_BEFORE_ADDRESS = frozenset({
    "c", "est", "a", "au", "aux", "le", "la", "l", "niveau", "du", "de", "devant", "face", "en",
    "dans", "sur", "pres", "it", "at", "in", "on", "is", "near", "es", "esta", "e", "em", "fica",
})  # fmt: skip
_FEW = 3
_SHORT = 12
_ANSWER = 8


def nature_of(words: Words) -> Nature | None:
    """Tell what a message is for; None when its words do not show it."""
    marks = _LISTS.find(words)
    for nature in _SURE:
        if marks.holds(f"{nature}.sure"):
            return nature
    problems = marks.count(_PROBLEM)
    if _is_thanks(words, marks, problems):
        return Nature.THANKS
    if marks.holds("idee.sure") and problems <= 2:
        return Nature.IDEA
    asked = _asks(words, marks, problems)
    if marks.holds("demarche.sure") and (asked or not problems):
        return Nature.PROCEDURE
    if marks.holds("demarche.asking") and not problems:
        return Nature.PROCEDURE
    if marks.holds("reclamation.sure"):
        return Nature.COMPLAINT
    if problems:
        informs = marks.at("informing.starts", _after_greeting(words, marks)) > 0
        return Nature.QUESTION if asked and informs else Nature.REPORT
    return Nature.QUESTION if asked else None


def follow_up(words: Words) -> bool:
    """Whether a text only makes sense as the sequel of something said before."""
    if not 0 < len(words.folded) <= _SHORT + _FEW:
        return False
    marks = _LISTS.find(words)
    start = _after_greeting(words, marks)
    count = len(words.folded) - start
    if count == 0:
        return marks.holds("remerciement.bare")
    if count <= _SHORT and marks.at("follow-up.opens", start):
        return not find_streets(words, ()) or _only_an_address(words, marks, start)
    return count <= _ANSWER and _only_an_address(words, marks, start)


def _is_thanks(words: Words, marks: Marks, problems: int) -> bool:
    if marks.count("remerciement.sure") > marks.count("remerciement.polite"):
        settled = marks.holds("settled.words") and not marks.holds("settled.unsettled")
        return not problems or settled
    short = len(words.folded) <= _FEW and not problems and not _marked(words)
    return short and marks.at("remerciement.bare", 0) > 0


def _asks(words: Words, marks: Marks, problems: int) -> bool:
    if marks.holds("question.not") and not marks.holds("demarche.sure"):
        return not problems and _marked(words)
    if _marked(words) or marks.at("question.asks", _after_greeting(words, marks)):
        return True
    # Without a question mark and inside a sentence, only several words together ask.
    return any(end - start > 1 for start, end in marks.spans.get("question.asks", ()))


def _marked(words: Words) -> bool:
    return any(mark in words.text for mark in _QUESTION_MARKS)


def _after_greeting(words: Words, marks: Marks) -> int:
    """Give the first word after "Bonjour Madame" and the like."""
    index = 0
    while index < len(words.folded) and (size := marks.at("greeting.words", index)):
        index += size
    return index


def _only_an_address(words: Words, marks: Marks, start: int) -> bool:
    """Whether the text is a bare number or address: the answer to a question of ours."""
    if all(word.isdigit() for word in words.folded[start:]):
        return True
    streets = find_streets(words, ())
    if not streets or marks.holds(_PROBLEM):
        return False
    before = words.folded[start : streets[0].start]
    after = words.folded[streets[-1].end :]
    return set(before) <= _BEFORE_ADDRESS and len(after) <= _FEW and not any(map(ordinary, after))
