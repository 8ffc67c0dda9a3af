"""Describes values so that equal ones compare equal wherever in a file they stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from rules.problems import At


def described(value: Any) -> Any:
    """Describe a value so that equal ones compare equal wherever in a file they stand."""
    if isinstance(value, At):
        return None
    if is_dataclass(value):
        own = (described(getattr(value, one.name)) for one in fields(value) if one.compare)
        return (type(value).__name__, *own)
    if isinstance(value, Mapping):
        return sorted((repr(key), described(item)) for key, item in value.items())
    if isinstance(value, frozenset | set):
        return sorted(repr(described(item)) for item in value)
    if isinstance(value, tuple | list):
        return [described(item) for item in value]
    return value
