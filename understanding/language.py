"""The language of a message: its script first, then its small words, then py3langid."""

from __future__ import annotations

import math
import re
import threading
from collections import defaultdict
from collections.abc import Sequence

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from understanding.scripts import language_of_script
from understanding.vocabulary import LETTERS, VOTES
from understanding.words import Words, words_of

LANGUAGES = (
    "fr", "en", "es", "pt", "ar", "tr", "uk", "zh", "de", "it", "ro", "pl", "ru", "nl", "vi", "sq",
    "so", "br", "mg", "ln", "wo", "bm", "fa", "ps", "ur", "he", "am", "bn", "ta", "hi", "hy", "ka",
    "el", "ja", "ko", "th",
)  # fmt: skip

_RARE = frozenset({"nl", "sq", "so", "br", "mg", "ln", "wo", "bm", "vi"})
_LATIN = frozenset({"fr", "en", "es", "pt", "tr", "de", "it", "ro", "pl", *_RARE})
_READ = 600  # characters: more never changes the answer
_STREET = re.compile(
    r"\b(?:rue|avenue|av|ave|boulevard|bd|bld|place|quai|chemin|allée|impasse|route|square|cours)\b"
    r"\.?(?:\s(?:de\sla|de\sl['’]|des?|du|d['’]|la|le|les))?(?:[\s-]?(?!is\b|in\b|at\b)\w+){1,2}",
    re.IGNORECASE,
)


class LanguageDetector:
    """Tells the language of short, informal texts; py3langid is loaded once, when needed."""

    def __init__(self, languages: Sequence[str] = LANGUAGES) -> None:
        self._languages = frozenset(languages)
        self._identifier: LanguageIdentifier | None = None
        self._lock = threading.Lock()

    def prepare(self) -> None:
        """Unpack py3langid's model: half a second of CPU, and three where others want it too."""
        self._model()

    def detect(self, text: str, prior: str = "fr") -> str:
        """Tell the language (ISO 639-1) of a text; ``prior`` where it gives nothing to go by."""
        text = text[:_READ]
        found = language_of_script(text)
        if found is None:
            return self._latin(text, prior)
        return found if found in self._languages else prior

    def _latin(self, text: str, prior: str) -> str:
        words = _speaking(text)
        if words is None:
            return prior
        votes = self._votes(words)
        best, score, second = _leaders(votes)
        if best and score >= 2 and score >= 0.3 * len(words.folded) and second <= 0.55 * score:
            return best
        return self._weighed(words.text, votes, prior)

    def _votes(self, words: Words) -> dict[str, float]:
        votes: defaultdict[str, float] = defaultdict(float)
        for word in words.folded:
            for language, weight in VOTES.get(word, ()):
                votes[language] += weight
        if not words.text.isascii():
            for letter in set(words.text.lower()):
                languages = LETTERS.get(letter, ())
                for language in languages:
                    votes[language] += 1.5 / len(languages)
        return {code: vote for code, vote in votes.items() if code in self._languages}

    def _weighed(self, text: str, votes: dict[str, float], prior: str) -> str:
        """Weigh the small words, py3langid and the prior against each other."""
        sure = min(1.0, len(text) / 60)
        total = {code: sure * math.log(max(p, 1e-3)) for code, p in self._identify(text).items()}
        for code in set(votes) - set(total):
            total[code] = sure * math.log(1e-3) * 0.5
        for code in total:
            total[code] += 1.2 * votes.get(code, 0.0) - (1.5 if code in _RARE else 0.0)
        if prior in total:
            # One foreign word that tells ("socorro") weighs more than where the text came in.
            total[prior] += (2.5 - 2.0 * sure) * (0.5 if votes and prior not in votes else 1.0)
        return max(total, key=lambda code: (total[code], code == prior), default=prior)

    def _identify(self, text: str) -> dict[str, float]:
        return dict(self._model().rank(text.lower()))

    def _model(self) -> LanguageIdentifier:
        if self._identifier is None:
            with self._lock:
                if self._identifier is None:
                    self._identifier = self._load()
        return self._identifier

    def _load(self) -> LanguageIdentifier:
        identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
        known = set(identifier.labels)
        wanted = [code for code in self._languages & _LATIN if code in known]
        identifier.set_languages(sorted(wanted) or ["fr", "en"])
        return identifier


def _speaking(text: str) -> Words | None:
    """Give the words that tell a language; street names, French in every language, tell none."""
    words = words_of(_STREET.sub(" ", text))
    return words if any(word.isalpha() for word in words.folded) else None


def _leaders(votes: dict[str, float]) -> tuple[str, float, float]:
    """Give the language with most votes, its votes, and the votes of the second."""
    if not votes:
        return "", 0.0, 0.0
    best = max(votes, key=votes.__getitem__)
    return best, votes[best], max((n for code, n in votes.items() if code != best), default=0.0)
