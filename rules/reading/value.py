"""One key of a condition block as it is written, with all that typing its value needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypedDict, TypeVar

from rules.conditions.logic import Block, Combined
from rules.conditions.source import Condition
from rules.problems import At, Problems
from rules.reading.fields import Fields
from rules.reading.names import Names
from rules.reading.yaml_tree import Node, Scalar, Sequence

T = TypeVar("T")


def show(node: Node) -> str:
    """Write a value back on one line, for people."""
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Sequence):
        return f"[{', '.join(show(item) for item in node.items)}]"
    return "{" + ", ".join(f"{key.text}: {show(value)}" for key, value in node.entries) + "}"


class Origin(TypedDict):
    """What every condition keeps of the place where it is written."""

    key: str
    written: str
    at: At


@dataclass(frozen=True, slots=True)
class Value:
    """The value of ``key`` in a block, or one element of it when a list stands there."""

    fields: Fields
    key: str
    names: Names
    node: Node
    territory: str = ""
    """That of the file."""

    @property
    def problems(self) -> Problems:
        return self.fields.problems

    @property
    def language(self) -> str:
        return self.fields.language

    @property
    def at(self) -> At:
        if isinstance(self.node, Scalar) and self.node.empty:
            return self.fields.keys[self.key].at
        return self.node.at

    @property
    def origin(self) -> Origin:
        return {"key": self.key, "written": show(self.node), "at": self.at}

    def scalars(self) -> tuple[Scalar, ...]:
        return self.fields.scalars(self.key)

    def scalar(self, reader: Callable[[str], T]) -> T | None:
        """Read a value that must be one text."""
        if not isinstance(self.node, Scalar) or self.node.empty:
            self.problems.error(
                self.at,
                "valeur-simple",
                f"« {self.fields.said(self.key)} » attend une valeur",
                f"Écrivez « {self.fields.said(self.key)}: valeur ».",
            )
            return None
        return self.fields.read_scalar(self.key, self.node, reader)

    def each(self) -> tuple[Value, ...]:
        """List the elements of a list; a single value is its own element."""
        if not isinstance(self.node, Sequence):
            return (self,)
        return tuple(replace(self, node=item) for item in self.node.items)

    def block(self, name: str) -> Fields:
        return Fields(self.node, name, self.problems, self.language)

    def any_of(self, reader: Callable[[Value], Condition | None]) -> Condition | None:
        """Read one value, or a list of which one is enough."""
        read = (reader(one) for one in self.each())
        found = [condition for condition in read if condition is not None]
        if len(found) < 2:
            return found[0] if found else None
        return Combined(**self.origin, blocks=tuple(Block((one,)) for one in found))
