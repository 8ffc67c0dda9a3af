"""The words of French with their inflections, read once from simplemma's dictionary."""

from __future__ import annotations

from collections.abc import Mapping, Set
from functools import lru_cache

from simplemma.strategies import DefaultDictionaryFactory

from rules.words import fold, tokens

GRAMMAR = frozenset(
    {
        # simplemma lacks these (measured on French messages of citizens)
        *("au", "aux", "du", "pas", "ou", "tres", "trop", "peu"),
        # and these have inflections that say nothing about the matter
        *("le", "la", "les", "l", "un", "une", "des", "de", "d", "ce", "cet", "cette", "ces"),
        *("en", "et", "a", "il", "ils", "elle", "elles", "on", "y", "ne", "n", "se", "s", "me"),
        *("je", "j", "tu", "te", "nous", "vous", "lui", "leur", "mon", "ma", "mes", "son", "sa"),
        *("ses", "notre", "votre", "nos", "vos", "qui", "que", "qu", "c", "est", "sur", "sous"),
        *("dans", "par", "pour", "avec", "sans", "plus", "moins", "tout", "tous", "toute"),
        # auxiliaries: their forms are in nearly every sentence
        *("suis", "es", "sommes", "etes", "sont", "etais", "etait", "etaient", "ete", "etre"),
        *("ai", "as", "avons", "avez", "ont", "avais", "avait", "avaient", "avoir", "sera", "soit"),
        *("chez", "tous", "mais", "puis", "donc", "depuis", "devant", "aussi", "deja", "encore"),
        *("aucun", "aucune", "the", "of", "no", "not", "is", "are", "without", "my", "in", "on"),
    }
)
"""Folded words that every lexicon knows and that are never inflected."""

_SHORTEST = 3  # letters of a word that is inflected
_VERB = 12  # forms from which on a word is a verb
_SIBILANTS = ("s", "x", "z", "ch", "sh")


class Lexicon:
    """French: which folded words it knows, and the forms of each.

    Words that it does not know are taken for English, of which only the plural is formed.
    """

    def __init__(self, lemmas: Mapping[str, str]) -> None:
        """Take the lemma of every form as it is written, accents included."""
        self._lemmas = lemmas
        groups: dict[str, list[str]] = {}
        known = set(GRAMMAR)
        folds: dict[str, str] = {}
        for form, lemma in lemmas.items():
            if not (form.isalpha() and form.islower()):
                known.update(tokens(form))
                continue
            if lemma in groups:
                groups[lemma].append(form)
            else:
                groups[lemma] = [form]
            if form.isascii():
                known.add(form)
            else:
                folds[form] = fold(form)
        known.update(folds.values())
        self._known = known
        self._groups = groups
        self._folds = folds
        self._spellings: dict[str, list[str]] = {}
        for spelling, folded in folds.items():
            self._spellings.setdefault(folded, []).append(spelling)

    @property
    def words(self) -> Set[str]:
        """Every folded word that it knows."""
        return self._known

    def knows(self, folded: str) -> bool:
        return folded in self._known

    def differ(self, one: str, other: str) -> bool:
        """Whether two spellings are both words, and not forms of one.

        A participle and its verb ("expulsé", "expulse") are one, though their lemmas differ.
        """
        mine, theirs = self._lemmas.get(one), self._lemmas.get(other)
        if mine is None or theirs is None:
            return False
        return theirs not in {mine, fold(mine) + "r"}

    def inflections(self, word: str) -> frozenset[str]:
        """List the folded forms of a lower-case word, itself included.

        Accents that are written choose between words ("marché" is no "marche"); where none are,
        the word as it stands is preferred to one with accents. A verb that is written in another
        form than its infinitive has only those that begin like it ("tombé": tombée, tombés…), or
        else a foreign "rua" would find every "rue".
        """
        own = fold(word)
        if len(own) < _SHORTEST or own in GRAMMAR or not own.isalpha():
            return frozenset({own})
        spellings = [word] if word in self._lemmas else self._spellings.get(own, ())
        forms: set[str] = set()
        for spelling in spellings:
            lemma = self._lemmas[spelling]
            group = map(fold, self._groups.get(lemma, ()))
            if spelling == lemma or len(self._groups.get(lemma, ())) < _VERB:
                forms.update(group)
            else:
                forms.update(form for form in group if form.startswith(own))
        if not spellings and own.isascii() and own not in self._known:
            forms = _plurals(own)
        # "né" folds to "ne", "dû" to "du": a grammar word is nobody's form
        return frozenset({own, *(form for form in forms if form not in GRAMMAR)})


def _plurals(word: str) -> set[str]:
    """Form the English plural and singular of a word."""
    if word.endswith("ies"):
        return {word[:-3] + "y"}
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return {word[:-1] + "ies"}
    if word.endswith(_SIBILANTS):
        singular = {word[:-1]} if word.endswith("s") and not word.endswith("ss") else set()
        return {word + "es", *singular}
    return {word + "s"}


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """Read the French lexicon; kept for the whole process."""
    return Lexicon(DefaultDictionaryFactory().get_dictionary("fr"))
