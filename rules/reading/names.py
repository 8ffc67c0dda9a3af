"""Every name that a folder defines, and the sentence for one that it does not."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from rules.calendars import BUILT_IN
from rules.coordinates import Box
from rules.model import Ref
from rules.phrases import Phrase
from rules.problems import At, Problems, proposal
from rules.reading.yaml_tree import Scalar
from rules.vocabulary import plain
from rules.words import tokens


def name_key(name: str) -> str:
    """Fold a commune's name: case, accents, hyphens and « St » are free."""
    long = {"st": "saint", "ste": "sainte"}
    return " ".join(long.get(word, word) for word in tokens(name))


RESERVED = re.compile(r"choix_agent$|(competence|a_defaut):")
"""What a decision names in the place of a rule: an agent, the table, an owner by default."""

MOST_CITED = 300_000
"""Words that rules may take from lists, each counted once a citation: they cost time and memory."""


@dataclass(slots=True)
class Names:
    """Ids by kind. A kind that is None could not be read: its names are not judged."""

    problems: Problems
    communes: dict[str, str] = field(default_factory=dict)
    """INSEE code → name, of the installation."""
    abroad: dict[str, str] = field(default_factory=dict)
    """The same for communes that have an outline but belong to no territory."""
    territories: Collection[str] | None = ()
    zones: Collection[str] = ()
    layers: Mapping[str, float] = field(default_factory=dict)
    postcodes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    services: Collection[str] | None = ()
    roles: Collection[str] = ()
    categories: Collection[str] | None = ()
    calendars: Collection[str] | None = ()
    texts: Collection[str] | None = ()
    lists: Mapping[str, tuple[Phrase, ...]] | None = field(default_factory=dict)
    rules: Collection[str] | None = ()
    counters: Mapping[str, tuple[str, str | None, str | None]] | None = field(default_factory=dict)
    """Counter id → channel, commune, language."""
    timezone: str = "Europe/Paris"
    families: Collection[str] = ()
    box: Box | None = None
    metropole: str = ""
    _by_name: dict[str, list[str]] = field(default_factory=dict)
    _cited: int = 0

    def learn_communes(self, communes: dict[str, str], abroad: dict[str, str]) -> None:
        self.communes, self.abroad = communes, abroad
        self._by_name = {}
        for code, name in {**abroad, **communes}.items():
            self._by_name.setdefault(name_key(name), []).append(code)

    def _unknown(self, at: At, kind: str, word: str, known: Collection[str]) -> None:
        code = {"le": "inconnu", "la": "inconnue"}[kind.split()[0]]
        self.problems.error(
            at,
            f"{plain(kind.split()[1])}-{code}",
            f"{kind[0].upper()}{kind[1:]} « {word} » n'existe pas",
            proposal(word, known),
        )

    def service(self, scalar: Scalar) -> Ref | None:
        """Read the name of a service or of a role."""
        word = scalar.text.strip()
        if self.services is None or word in self.services or word in self.roles:
            return Ref(word, scalar.at)
        self._unknown(scalar.at, "le service", word, [*self.services, *self.roles])
        return None

    def only_service(self, scalar: Scalar) -> str | None:
        """Read the name of a service where a role is not allowed."""
        word = scalar.text.strip()
        if self.services is None or word in self.services:
            return word
        if word in self.roles:
            self.problems.error(
                scalar.at,
                "role-refuse",
                f"« {word} » est un rôle, et un service est attendu ici",
                "Nommez le service lui-même.",
            )
            return None
        self._unknown(scalar.at, "le service", word, self.services)
        return None

    def category(self, scalar: Scalar) -> str | None:
        word = scalar.text.strip()
        if self.categories is None or word in self.categories:
            return word
        self._unknown(scalar.at, "la catégorie", word, self.categories)
        return None

    def text(self, scalar: Scalar) -> str | None:
        word = scalar.text.strip()
        if self.texts is None or word in self.texts:
            return word
        self._unknown(scalar.at, "le texte", word, self.texts)
        return None

    def layer(self, scalar: Scalar) -> str | None:
        word = scalar.text.strip()
        if self.territories is None or word in self.layers:
            return word
        self._unknown(scalar.at, "la couche", word, self.layers)
        return None

    def calendar(self, scalar: Scalar) -> str | None:
        word = scalar.text.strip()
        if self.calendars is None or word in self.calendars:
            return word
        if plain(word) in BUILT_IN:
            return plain(word)
        self._unknown(scalar.at, "le calendrier", word, [*self.calendars, *BUILT_IN])
        return None

    def counter_facts(self, scalar: Scalar) -> tuple[str, str | None, str | None] | None:
        word = scalar.text.strip()
        if self.counters is None or word in self.counters:
            return (self.counters or {}).get(word)
        self._unknown(scalar.at, "le compteur", word, self.counters)
        return None

    def unknown_rule(self, scalar: Scalar) -> None:
        self._unknown(scalar.at, "la règle", scalar.text.strip(), self.rules or ())

    def words_of(self, scalar: Scalar) -> tuple[Phrase, ...]:
        """Read ``$liste``; nothing more once all rules together have taken too many words."""
        word = scalar.text.strip()[1:]
        if self.lists is None:
            return ()
        if word in self.lists:
            return self._given(scalar, self.lists[word])
        self._unknown(scalar.at, "la liste", f"${word}", [f"${name}" for name in self.lists])
        return ()

    def _given(self, scalar: Scalar, words: tuple[Phrase, ...]) -> tuple[Phrase, ...]:
        before, self._cited = self._cited, self._cited + len(words)
        if self._cited <= MOST_CITED:
            return words
        if before <= MOST_CITED:
            self.problems.error(
                scalar.at,
                "trop-de-mots",
                f"Jusqu'ici, les règles citent plus de {MOST_CITED // 1000} 000 mots de listes",
                "Raccourcissez la liste, ou citez-la dans une seule règle, que les autres citent "
                "avec « regle ».",
            )
        return ()

    def commune(self, scalar: Scalar, *, anywhere: bool = False) -> str | None:
        """Read a commune by name or INSEE code; ``anywhere`` admits those outside."""
        word = scalar.text.strip()
        if self.territories is None or word in self.communes or (anywhere and word in self.abroad):
            return word
        found = self._named(scalar, anywhere)
        if found is not None:
            return found
        if anywhere and word.isalnum() and len(word) == 5 and word[2:].isdigit():
            return word
        self._unknown(scalar.at, "la commune", word, self.communes.values())
        return None

    def _named(self, scalar: Scalar, anywhere: bool) -> str | None:
        codes = self._by_name.get(name_key(scalar.text), [])
        here = [code for code in codes if anywhere or code in self.communes]
        if len(here) > 1:
            self.problems.error(
                scalar.at,
                "commune-ambigue",
                f"Plusieurs communes s'appellent « {scalar.text.strip()} »",
                f"Écrivez le code INSEE : {' ou '.join(sorted(here))}.",
            )
        return here[0] if here else None

    def territory(self, scalar: Scalar, *, zones: bool = True) -> str | None:
        """Read a territory or zone by id, or a commune by name or code."""
        word = scalar.text.strip()
        if self.territories is None or word in self.territories or word in self.communes:
            return word
        if zones and word in self.zones:
            return word
        found = self._named(scalar, False)
        if found is not None:
            return found
        known = [*self.territories, *self.communes.values(), *(self.zones if zones else ())]
        self._unknown(scalar.at, "le territoire", word, known)
        return None
