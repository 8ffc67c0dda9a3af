"""Reads the blocks ``si`` and ``sauf`` into conditions."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rules.conditions import words
from rules.conditions.logic import LOGIC, Block, Combined
from rules.conditions.source import Condition
from rules.problems import Problems
from rules.reading import facts, places
from rules.reading.fields import Fields
from rules.reading.names import Names
from rules.reading.value import Value, show
from rules.reading.words import Unless, groups, one_group
from rules.reading.yaml_tree import Mapping as MappingNode
from rules.reading.yaml_tree import Node, Scalar, Sequence

DEEPEST_LOGIC = 3
_SHOWN = 100  # characters of conditions
_Reader = Callable[[Value], Condition | None]

_READERS: Mapping[str, _Reader] = {
    "categorie": facts.category,
    "canal": facts.channel,
    "langue": facts.language,
    "urgence": facts.urgency,
    "expediteur": facts.sender,
    "nature": facts.nature,
    "regle": facts.rule,
    "commune": places.commune,
    "dans": places.inside,
    "code_postal": places.postcode,
    "sur": places.on,
    "pres_de": places.near,
    "rue": places.street,
}
"""Conditions that take their list of values as a whole."""

_ONE_BY_ONE: Mapping[str, _Reader] = {
    "desordre": facts.annoyance,
    "recu": facts.received,
    "recurrence": facts.recurrence,
    "confirmations": facts.confirmations,
    "afflux": facts.surge,
    "piece_jointe": facts.attachment,
}
"""Conditions whose list is read value by value, one of which is enough."""


class ConditionReader:
    """Reads the conditions of one file."""

    def __init__(self, names: Names, problems: Problems, language: str) -> None:
        self.names = names
        self.problems = problems
        self.language = language
        self.territory = ""
        """That of the file, once it is read."""
        self._unless = Unless()

    def blocks(self, node: Node, unless_negated: bool) -> tuple[Block, ...]:
        """Read a block, or a list of blocks of which one is enough."""
        self._unless = Unless(unless_negated)
        return self._blocks(node, 0)

    def _blocks(self, node: Node, depth: int) -> tuple[Block, ...]:
        nodes = node.items if isinstance(node, Sequence) else (node,)
        if isinstance(node, Sequence) and not node.items:
            self._empty(node)
        return tuple(self._block(one, depth) for one in nodes)

    def _empty(self, node: Node) -> None:
        self.problems.error(
            node.at,
            "bloc-vide",
            "Ce bloc de conditions est vide",
            "Écrivez au moins une condition.",
        )

    def _block(self, node: Node, depth: int) -> Block:
        fields = Fields(node, "condition", self.problems, self.language)
        if isinstance(node, MappingNode) and not node.entries:
            self._empty(node)
        found = [self._condition(fields, key, depth) for key in fields.values]
        return Block(tuple(condition for condition in found if condition is not None))

    def _condition(self, fields: Fields, key: str, depth: int) -> Condition | None:
        value = Value(fields, key, self.names, fields.values[key], self.territory)
        if isinstance(value.node, Sequence) and not value.node.items:
            self.problems.error(
                value.at,
                "liste-vide",
                f"La liste de « {fields.said(key)} » est vide",
                "Écrivez au moins une valeur, ou enlevez la clé.",
            )
            return None
        if key in LOGIC:
            return self._combined(value, depth)
        if key == "contient":
            group = one_group(value.node, fields, key, self.names, self._unless)
            return words.Contains(**value.origin, groups=(group,)) if group else None
        if key == "contient_tous":
            found = groups(value.node, fields, key, self.names, self._unless)
            return words.Contains(**value.origin, groups=found) if found else None
        if key in _ONE_BY_ONE:
            return value.any_of(_ONE_BY_ONE[key])
        return _READERS[key](value)

    def _combined(self, value: Value, depth: int) -> Condition | None:
        said = value.fields.said(value.key)
        if depth >= DEEPEST_LOGIC:
            self.problems.error(
                value.fields.keys[value.key].at,
                "trop-imbrique",
                f"« {said} » est imbriqué sur plus de {DEEPEST_LOGIC} niveaux",
                "Séparez en plusieurs règles.",
            )
            return None
        if isinstance(value.node, Scalar):
            self.problems.error(
                value.at,
                "liste-attendue",
                f"« {said} » attend une liste de blocs",
                f"Écrivez « {said}: [{{…}}, {{…}}] ».",
            )
            return None
        self._refuse_all_at_once(value)
        blocks = self._blocks(value.node, depth + 1)
        return Combined(**value.origin, blocks=blocks)

    def _refuse_all_at_once(self, value: Value) -> None:
        """Refuse one block of several conditions where one of them was to be enough."""
        node, said = value.node, value.fields.said(value.key)
        if value.key == "un_de" and isinstance(node, Sequence) and len(node.items) == 1:
            node = node.items[0]
        if value.key == "tous" or not isinstance(node, MappingNode) or len(node.entries) < 2:
            return
        blocks = ", ".join(f"{{{key.text}: {show(one)}}}" for key, one in node.entries)
        if len(blocks) > _SHOWN:
            blocks = ", ".join(f"{{{key.text}: …}}" for key, _ in node.entries)
        self.problems.error(
            node.at,
            "bloc-unique",
            f"Ces conditions de « {said} » doivent toutes être vraies ensemble, dans un seul bloc",
            f"Écrivez un bloc par condition : « {said}: [{blocks}] ».",
        )
