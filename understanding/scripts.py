"""Languages that their script gives away."""

from __future__ import annotations

import re
from collections import Counter

from understanding.vocabulary import CYRILLIC

_RANGES: tuple[tuple[str, str], ...] = (
    ("el", "\u0370-\u03ff\u1f00-\u1fff"), ("cyrillic", "\u0400-\u052f"), ("hy", "\u0531-\u058f"),
    ("he", "\u0590-\u05ff"), ("arabic", "\u0600-\u077f\ufb50-\ufdff\ufe70-\ufefc"),
    ("hi", "\u0900-\u097f"), ("bn", "\u0980-\u09ff"), ("pa", "\u0a00-\u0a7f"),
    ("ta", "\u0b80-\u0bff"), ("te", "\u0c00-\u0c7f"), ("ml", "\u0d00-\u0d7f"),
    ("th", "\u0e00-\u0e7f"), ("lo", "\u0e80-\u0eff"), ("ka", "\u10a0-\u10ff"),
    ("am", "\u1200-\u139f"), ("km", "\u1780-\u17ff"), ("kana", "\u3040-\u30ff"),
    ("ko", "\u1100-\u11ff\uac00-\ud7af"), ("zh", "\u3400-\u4dbf\u4e00-\u9fff"),
)  # fmt: skip
_RUNS = re.compile("|".join(f"(?P<{name}>[{letters}]+)" for name, letters in _RANGES))
_BEYOND_LATIN = re.compile("[\u0370-\u1dff\u1f00-\u1fff\u2e80-\ud7ff\uf900-\ufefc]")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f\u1e00-\u1eff]+")
_DENSE = {"zh": 3, "kana": 2, "ko": 2}  # a letter of these says as much as several Latin ones

_URDU = frozenset("ٹڈڑںےھہۓ")
_PASHTO = frozenset("ټډړښږېۍځڅڼ")
_PERSIAN = frozenset("پچژگکی")
_ARABIC = frozenset("ةيكىأإئؤ")
_PERSIAN_WORDS = frozenset({"است", "در", "از", "که", "را", "برای", "نیست", "این", "سلام", "لطفا"})
_WORD = re.compile(r"[\w']+")
_ENDINGS = {  # infinitives and third persons: "жити", "записатися", but "горит", "шумят"
    "uk": re.compile(r"\w(?:[аиуяо]ти|тися|ється|еться)\b"),
    "ru": re.compile(r"\w(?:[аяиуюе]т|ться|[ео]го|ются|ется)\b"),
}
_RUSSIAN_SIGN = re.compile("ъ[еёюя]")


def language_of_script(text: str) -> str | None:
    """Name the language of a text by its letters; None for Latin letters, or for no letters."""
    if text.isascii() or not _BEYOND_LATIN.search(text):
        return None
    counts: Counter[str] = Counter()
    for run in _RUNS.finditer(text):
        name = run.lastgroup or ""
        counts[name] += len(run.group()) * _DENSE.get(name, 1)
    if not counts:
        return None
    latin = sum(len(run) for run in _LATIN.findall(text))
    script, letters = counts.most_common(1)[0]
    # Street names stay French in every language: other letters need not be the majority.
    if letters * 3 < latin:
        return None
    if script == "cyrillic":
        return _cyrillic(text.lower())
    if script == "arabic":
        return _arabic(text)
    if script == "kana" or (script == "zh" and counts["kana"]):
        return "ja"
    return script


def _cyrillic(text: str) -> str:
    letters = set(text)
    if letters & set("іїєґ"):
        return "uk"
    if letters & set("јљњђћџ"):
        return "sr"
    if letters & set("ыэё"):
        return "ru"
    if "ъ" in letters:
        return "ru" if "ь" in letters or _RUSSIAN_SIGN.search(text) else "bg"
    words = set(_WORD.findall(text))
    return max(("ru", "uk"), key=lambda language: _told(text, words, language))


def _told(text: str, words: set[str], language: str) -> int:
    """Count what speaks for a language; a whole word says more than an ending."""
    return 2 * len(words & CYRILLIC[language]) + len(_ENDINGS[language].findall(text))


def _arabic(text: str) -> str:
    letters = set(text)
    if letters & _PASHTO:
        return "ps"
    if letters & _URDU:
        return "ur"
    if letters & _PERSIAN and not letters & (_ARABIC - frozenset("ئ")):
        return "fa"
    if letters & frozenset("پچژگ") or set(_WORD.findall(text)) & _PERSIAN_WORDS:
        return "fa"
    return "ar"
