"""Reads the file of a definition: YAML without its traps, or TOML."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Hashable
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

_SHIPPED = "providers"


class _Plain(yaml.SafeLoader):
    """What no number, true or false is stays text: ``no``, ``on``, ``22:00``, dates and codes."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        found: dict[Hashable, Any] = {}
        for key, value in node.value:
            name = str(key.value)
            if not isinstance(key, yaml.ScalarNode) or name in found or name == "<<":
                what = f"la clé « {name} » y est deux fois" if name in found else "cette clé"
                raise yaml.MarkedYAMLError(problem=what, problem_mark=key.start_mark)
            found[name] = self.construct_object(value, deep=True)
        return found

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem="un renvoi (« * »)", problem_mark=mark)
        return super().compose_node(parent, index)


_Plain.yaml_implicit_resolvers = {}
_Plain.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"(?:true|false)\Z"), list("tf"))
_Plain.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"-?(?:0|[1-9][0-9]{0,17})\Z"), list("-0123456789")
)


def read_definition(provider: str) -> Any:
    """Give what the definition of this name, or the file at this path, says.

    Raises:
        ValueError: there is none of this name, or it cannot be read; one French sentence.
        OSError: the file cannot be opened.
    """
    if not provider.endswith((".yaml", ".yml", ".toml")):
        shipped = files("channels.phone") / _SHIPPED / f"{provider}.yaml"
        if provider.isidentifier() and shipped.is_file():
            return _yaml(shipped.read_text(encoding="utf-8"))
        raise ValueError("Guichet n'en a pas de définition ; un chemin finit par .yaml")
    text = Path(provider).read_text(encoding="utf-8")
    return _toml(text) if provider.endswith(".toml") else _yaml(text)


def _yaml(text: str) -> Any:
    try:
        return yaml.load(text, _Plain)  # noqa: S506 -- a safe loader that knows fewer types
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ValueError(f"ce n'est pas du YAML (ligne {line} : {error.problem})") from None
    except (yaml.YAMLError, RecursionError):
        raise ValueError("ce n'est pas du YAML") from None


def _toml(text: str) -> Any:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"ce n'est pas du TOML ({error})") from None
