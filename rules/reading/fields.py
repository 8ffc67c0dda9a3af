"""Takes the keys of a block one by one, typing each value by its field and naming what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from rules import scalars
from rules.problems import At, Problems, proposal
from rules.reading.blocks import BLOCKS
from rules.reading.commas import Cuts, cut_values, tell_of_cut
from rules.reading.meant import MEANT
from rules.reading.unknown_keys import keys_of, meant_key
from rules.reading.yaml_tree import Mapping as MappingNode
from rules.reading.yaml_tree import Node, Scalar, Sequence
from rules.reading.yaml_typed import NO_SPACE, spaced
from rules.scalars import Season, Unreadable
from rules.vocabulary import ENGLISH, FRENCH, plain

T = TypeVar("T")


class Fields:
    """One block of a file. Unknown keys are reported as soon as it is built."""

    def __init__(
        self, node: Node, block: str, problems: Problems, language: str, *, free: bool = False
    ) -> None:
        self.block = block
        self.problems = problems
        self.language = language
        self.at = node.at
        self.keys: dict[str, Scalar] = {}
        self.values: dict[str, Node] = {}
        self._meant: set[str] = set()
        self.readable = isinstance(node, MappingNode)
        if not isinstance(node, MappingNode):
            tight = spaced(node.text) if isinstance(node, Scalar) and node.plain else None
            if tight is not None:
                at = At(node.at.file, node.at.line, node.at.column + tight[0])
                self.problems.error(at, "bloc-attendu", NO_SPACE, tight[1])
                return
            self.problems.error(
                node.at,
                "bloc-attendu",
                "Un bloc de clés est attendu ici",
                f"Clés possibles : {', '.join(keys_of(block, language))}.",
            )
            return
        cuts = Cuts() if free else cut_values(node, block, language)
        for key, value in node.entries:
            if key.at in cuts.cures:
                tell_of_cut(key, cuts.cures[key.at], problems)
            elif key.at in cuts.spoilt:
                self._meant.add(plain(key.text))
            else:
                self._take(key, value, free)

    def _take(self, key: Scalar, value: Node, free: bool) -> None:
        word = plain(key.text)
        name = FRENCH.get(word, "") if self.language == "en" else word
        if word == "langue" and "format" in BLOCKS[self.block]:
            name = word  # the head of a file tells its language before any other key is read
        if name not in BLOCKS[self.block]:
            if not free:
                sentence, meant = meant_key(self.block, self.language, key.text)
                self._meant.add(meant)
                self.problems.error(
                    key.at,
                    "cle-inconnue",
                    f"La clé « {key.text} » est inconnue ici",
                    sentence,
                )
            return
        if name in self.keys:
            self.problems.error(
                key.at,
                "cle-en-double",
                f"La clé « {key.text} » est écrite deux fois "
                f"(déjà ligne {self.keys[name].at.line})",
                "Gardez-en une seule.",
            )
            return
        self.keys[name] = key
        self.values[name] = value

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def where(self, name: str) -> At:
        """Point at a value, or at the block when the key is missing."""
        node = self.values.get(name)
        if node is None:
            return self.at
        if isinstance(node, Scalar) and node.empty:
            return self.keys[name].at
        return node.at

    def said(self, name: str) -> str:
        return ENGLISH.get(name, name) if self.language == "en" else name

    def require(self, *names: str) -> bool:
        """Report the keys that are missing; what is no block has been reported already."""
        if not self.readable:
            return False
        missing = [name for name in names if name not in self.values]
        for name in missing:
            if self.misspelt(name):
                continue
            self.problems.error(
                self.at,
                "cle-manquante",
                f"La clé « {self.said(name)} » manque ici",
                f"Ajoutez « {self.said(name)}: … ».",
            )
        return not missing

    def misspelt(self, name: str) -> bool:
        """Whether a key that is missing was told already as what an unknown one means."""
        return self.said(name) in self._meant

    def node(self, name: str) -> Node | None:
        return self.values.get(name)

    def scalar(self, name: str) -> Scalar | None:
        """Take a value that must be one text."""
        node = self.values.get(name)
        if node is None:
            return None
        if not isinstance(node, Scalar):
            self.problems.error(
                node.at,
                "valeur-simple",
                f"« {self.said(name)} » attend une seule valeur",
                f"Écrivez « {self.said(name)}: valeur ».",
            )
            return None
        if node.empty:
            self.problems.error(
                self.keys[name].at,
                "valeur-vide",
                f"« {self.said(name)} » n'a pas de valeur",
                "Écrivez une valeur, ou enlevez la clé.",
            )
            return None
        return node

    def text(self, name: str, default: str = "") -> str:
        scalar = self.scalar(name)
        return default if scalar is None else scalar.text.strip()

    def read(self, name: str, reader: Callable[[str], T]) -> T | None:
        """Take one value through a reader of :mod:`rules.scalars`."""
        scalar = self.scalar(name)
        return None if scalar is None else self.read_scalar(name, scalar, reader)

    def read_scalar(self, name: str, scalar: Scalar, reader: Callable[[str], T]) -> T | None:
        try:
            return reader(scalar.text)
        except Unreadable as wanted:
            self.problems.error(
                scalar.at,
                "valeur-illisible",
                f"« {scalar.text} » ne convient pas à « {self.said(name)} »",
                f"Écrivez {wanted}.",
            )
            return None

    def scalars(self, name: str) -> tuple[Scalar, ...]:
        """Take one value or a list of values."""
        node = self.values.get(name)
        if node is None:
            return ()
        if isinstance(node, Sequence):
            return tuple(item for item in map(self._item(name), node.items) if item is not None)
        scalar = self.scalar(name)
        return () if scalar is None else (scalar,)

    def _item(self, name: str) -> Callable[[Node], Scalar | None]:
        def check(item: Node) -> Scalar | None:
            if isinstance(item, Scalar) and not item.empty:
                return item
            self.problems.error(
                item.at,
                "valeur-simple",
                f"Chaque élément de « {self.said(name)} » doit être une valeur",
                f"Écrivez « {self.said(name)}: [une, deux] ».",
            )
            return None

        return check

    def texts(self, name: str) -> tuple[str, ...]:
        return tuple(scalar.text.strip() for scalar in self.scalars(name))

    def read_all(self, name: str, reader: Callable[[str], T]) -> tuple[T, ...]:
        values = (self.read_scalar(name, scalar, reader) for scalar in self.scalars(name))
        return tuple(value for value in values if value is not None)

    def items(self, name: str, *, or_one: bool = False) -> tuple[Node, ...]:
        """Take a list of blocks; ``or_one`` admits a single block in its place."""
        node = self.values.get(name)
        if node is None or (isinstance(node, Scalar) and node.empty):
            return ()
        if or_one and isinstance(node, MappingNode):
            return (node,)
        if isinstance(node, Sequence):
            return node.items
        self.problems.error(
            node.at,
            "liste-attendue",
            f"« {self.said(name)} » attend une liste",
            "Commencez chaque élément par un tiret.",
        )
        return ()

    def entries(self, name: str) -> tuple[tuple[Scalar, Node], ...]:
        """Take a block whose keys are names that people choose."""
        node = self.values.get(name)
        if node is None or (isinstance(node, Scalar) and node.empty):
            return ()
        if isinstance(node, MappingNode):
            return node.entries
        self.problems.error(
            node.at,
            "bloc-attendu",
            f"« {self.said(name)} » attend un bloc « nom: valeur »",
            "Écrivez une ligne par nom.",
        )
        return ()

    def one_of(self, name: str, values: Mapping[str, str]) -> str | None:
        scalar = self.scalar(name)
        return None if scalar is None else self.choose(name, scalar, values)

    def some_of(self, name: str, values: Mapping[str, str]) -> tuple[str, ...]:
        chosen = (self.choose(name, scalar, values) for scalar in self.scalars(name))
        return tuple(value for value in chosen if value is not None)

    def choose(self, name: str, scalar: Scalar, values: Mapping[str, str]) -> str | None:
        """Match a value of a closed list; accents and case are free."""
        word = plain(scalar.text)
        if word in values:
            return word
        if self.language == "en":
            for french, english in values.items():
                if word == english:
                    return french
        meant = MEANT.get(word, "")
        shown: Iterable[str] = values.values() if self.language == "en" else values
        self.problems.error(
            scalar.at,
            "valeur-inconnue",
            f"« {scalar.text} » n'est pas une valeur de « {self.said(name)} »",
            f"{scalar.text} → {meant} ?"
            if meant in shown
            else proposal(scalar.text, shown, commonest_first=True),
        )
        return None

    def season(self) -> Season | None:
        """Take ``du``, ``au`` and ``chaque_annee`` where a block may carry them."""
        yearly = bool(self.read("chaque_annee", scalars.yes))
        start, end = self.read("du", scalars.day), self.read("au", scalars.day)
        if start is None and end is None:
            if yearly and not {"du", "au"} & set(self.values):
                self.problems.error(
                    self.where("chaque_annee"),
                    "dates",
                    f"« {self.said('chaque_annee')} » n'a pas de dates",
                    f"Ajoutez « {self.said('du')} » et « {self.said('au')} ».",
                )
            return None
        for name, found in (("du", start), ("au", end)):
            if found is not None and found.year is None and not yearly:
                self.problems.error(
                    self.where(name),
                    "dates",
                    f"Il manque l'année à « {self.text(name)} »",
                    f"Ajoutez l'année, ou « {self.said('chaque_annee')}: oui ».",
                )
                return None
        season = Season(start, end, yearly)
        if not yearly and start and end and Season(end=end).disjoint(Season(start=start)):
            self.problems.error(
                self.where("au"),
                "contradiction",
                "La période finit avant de commencer",
                f"Échangez « {self.said('du')} » et « {self.said('au')} ».",
            )
        return season
