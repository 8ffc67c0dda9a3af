"""The words of the pages, one JSON catalogue a language, read once at start-up."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib import resources

from router.errors import ConfigurationError


class Catalogue:
    """Looks up a wording; a language that lacks a key speaks the default language there."""

    def __init__(self, words: Mapping[str, Mapping[str, str]], default: str) -> None:
        self._words = words
        self._default = default

    def say(self, language: str, key: str, **values: object) -> str:
        """Give the wording of ``key`` with its ``{names}`` filled in.

        Raises:
            KeyError: no language has this key; a test walks every template for it.
        """
        words = self._words.get(language, {})
        text = words[key] if key in words else self._words[self._default][key]
        return text.format_map(values) if values else text

    def has(self, key: str) -> bool:
        return key in self._words[self._default]


def load(languages: Sequence[str], default: str) -> Catalogue:
    """Read the catalogues of the offered languages.

    Raises:
        ConfigurationError: a language is offered that has no catalogue, or the default is not.
    """
    if default not in languages:
        raise ConfigurationError(f"the default language « {default} » is not among those offered")
    return Catalogue({language: _read(language) for language in languages}, default)


def _read(language: str) -> dict[str, str]:
    file = resources.files("web").joinpath("locale", f"{language}.json")
    if not language.isalpha() or not file.is_file():
        raise ConfigurationError(f"the pages have no catalogue for the language « {language} »")
    words: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
    return words
