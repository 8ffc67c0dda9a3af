"""Finds postal codes among the words of a message."""

from __future__ import annotations

from router.geography import Geography
from understanding.communes import Mention, Said
from understanding.streets import Street, folded_set
from understanding.words import Words

_NUMBERING = folded_set("mention", "numbering")
_COUNTED = folded_set("mention", "counted")


def find_postcodes(
    geography: Geography,
    words: Words,
    mentions: tuple[Mention, ...],
    streets: tuple[Street, ...],
) -> list[Mention]:
    """Find the postal codes that are written, ours and others, in reading order."""
    starts = {one.start: one for one in mentions}
    ends = {one.end: one for one in mentions}
    street_ends = {street.end for street in streets}
    found = []
    for index, word in enumerate(words.folded):
        code, last = _code_at(words, index, word)
        if code is None:
            continue
        beside = starts.get(last) or ends.get(index)
        mention = _postcode(geography, words, index, last, code, beside, index in street_ends)
        if mention is not None:
            found.append(mention)
    return found


def _postcode(
    geography: Geography,
    words: Words,
    index: int,
    end: int,
    code: str,
    beside: Mention | None,
    after_street: bool,
) -> Mention | None:
    communes = geography.communes_of_postcode(code)
    insee = geography.commune(code)
    if insee is not None and not communes and len(words.folded) <= 2:
        return Mention(index, end, (insee,), Said.LOCATED)  # its INSEE code was given
    split = end > index + 1
    if communes:
        if split and beside is None:
            return None
        said = Said.ADDRESS if beside and beside.said is Said.ADDRESS else Said.LOCATED
        return Mention(index, end, communes, said, code, around=True)
    if split or (beside is not None and beside.communes):
        return None  # a CEDEX code, or any number beside one of our names
    if beside is not None or after_street or _looks_foreign(words, index, end):
        return Mention(index, end, (), Said.ADDRESS, code)
    return None


def _code_at(words: Words, index: int, word: str) -> tuple[str | None, int]:
    """Read a postal code at a word: five digits, or "44 400" in two; and the word after it."""
    code, end = word, index + 1
    if len(word) == 2 and word.isdigit() and index + 1 < len(words.folded):
        following = words.folded[index + 1]
        if len(following) == 3 and following.isdigit() and words.between(index) == " ":
            code, end = word + following, index + 2
    if len(code) != 5 or not (code.isascii() and code.isdigit()) or not "01" <= code[:2] <= "98":
        return None, end
    before = words.folded[index - 1] if index else ""
    after = words.folded[end] if end < len(words.folded) else ""
    touching = words.before(index)[-1:] in {"+", ".", "#"} and not words.before(index)[:-1]
    counted = words.between(end - 1).strip()[:1] in {"€", "%"} or after in _COUNTED
    many = (before.isdigit() and len(before) <= 3) or (after.isdigit() and len(after) <= 3)
    if before in _NUMBERING or touching or counted or (many and index and before.isdigit()):
        return None, end
    return code, end


def _looks_foreign(words: Words, index: int, end: int) -> bool:
    """Whether an unknown number of five digits is meant as a postal code."""
    before = words.folded[max(0, index - 2) : index]
    if before[-1:] in (("cp",), ("a",), ("postal",)) or before == ("code", "postal"):
        return True
    named = end < len(words.folded) and words.capital(end) and not words.text.isupper()
    return (named and words.before(end) == " ") or len(words.folded) <= 2
