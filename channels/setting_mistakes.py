"""Says in French what is wrong with a setting, and what would be right."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, TypeVar

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from router.errors import ConfigurationError

M = TypeVar("M", bound=BaseModel)
_LONGEST = 60  # characters of a value that is repeated
_TEXT = "un texte entre guillemets"
_WHOLE = "un nombre entier"
_NUMBER = "un nombre"
_YES_OR_NO = "true ou false, sans guillemets"
_PATH = "un chemin entre guillemets"
_TABLE = "une table : des lignes « nom = valeur » sous un titre entre crochets"
_LIST = 'une liste entre crochets, comme ["un", "deux"]'
_DATE = "une date sans guillemets, comme 2026-12-31"
_WANTED = {
    "string_type": _TEXT,
    "string_unicode": _TEXT,
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_parsing_size": _WHOLE,
    "int_from_float": _WHOLE,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "finite_number": _NUMBER,
    "greater_than": _NUMBER,
    "greater_than_equal": _NUMBER,
    "less_than": _NUMBER,
    "less_than_equal": _NUMBER,
    "bool_type": _YES_OR_NO,
    "bool_parsing": _YES_OR_NO,
    "path_type": _PATH,
    "dict_type": _TABLE,
    "model_type": _TABLE,
    "tuple_type": _LIST,
    "list_type": _LIST,
    "frozen_set_type": _LIST,
    "date_type": _DATE,
    "date_parsing": _DATE,
    "date_from_datetime_parsing": _DATE,
    "date_from_datetime_inexact": _DATE,
}
"""By pydantic's type of the error; a word of a closed set has its own sentence."""
_KEY = "[key]"
"""What pydantic adds to the place of a name in a table that is itself the mistake."""
_NUMBERS = {_WHOLE, _NUMBER}
_OWN_WORDS = {"value_error", "assertion_error"}
"""Raised by our own models, whose sentences are French."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """One wrong setting: its name within its table, empty where several are at odds."""

    path: tuple[str, ...]
    sentence: str


class WrongSettings(ConfigurationError):
    """A table of settings that cannot be used: each mistake in a sentence."""

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        super().__init__("\n".join(told(one.path, one.sentence) for one in mistakes))
        self.mistakes = mistakes


def checked(model: type[M], given: Mapping[str, Any]) -> M:
    """Read a table of settings.

    Raises:
        WrongSettings: it cannot be used.
    """
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise WrongSettings(mistakes_of(error, model)) from None


def mistakes_of(error: ValidationError, model: type[BaseModel]) -> tuple[Mistake, ...]:
    """Say each mistake that a model found; a name that is misspelt is not missing as well."""
    found = error.errors()
    meant = {_near(one, model) for one in found if one["type"] == "extra_forbidden"}
    return tuple(
        Mistake(tuple(str(part) for part in one["loc"] if part != _KEY), _sentence(one, model))
        for one in found
        if one["type"] != "missing" or one["loc"][0] not in meant
    )


def told(path: tuple[str, ...], sentence: str) -> str:
    """Put the name of a setting before a sentence."""
    return f"{dotted(path)} : {sentence}" if path else sentence


def dotted(path: tuple[str, ...]) -> str:
    """Write the name of a setting as TOML does, an account's address between quotes."""
    return ".".join(part if re.fullmatch(r"[\w-]+", part) else f'"{part}"' for part in path)


def _sentence(problem: ErrorDetails, model: type[BaseModel]) -> str:
    kind, context = problem["type"], problem.get("ctx", {})
    if kind == "missing":
        return "ce réglage manque : il n'a pas de valeur par défaut."
    if kind == "extra_forbidden":
        near = _near(problem, model)
        return "ce réglage n'existe pas." + (f" Voulez-vous dire « {near} » ?" if near else "")
    if kind in _OWN_WORDS:
        return f"{context.get('error', '')}"
    wanted = _WANTED.get(kind, "")
    if kind in {"enum", "literal_error"}:
        wanted = _either(re.findall(r"'([^']*)'", str(context.get("expected", ""))))
    if wanted in _NUMBERS:
        whole = isinstance(context.get("ge", context.get("le")), int)  # the bound of a whole number
        wanted = (_WHOLE if whole else wanted) + _bounds(problem, model)
    value = _shown(problem, model)
    if not wanted:
        return f"{value} ne convient pas ({kind}) : la documentation dit ce qu'il y faut."
    return f"{value} ne convient pas : il y faut {wanted}."


def _either(words: list[str]) -> str:
    *others, last = [f"« {word} »" for word in words] or ["un autre mot"]
    return f"{', '.join(others)} ou {last}" if others else last


def _near(problem: ErrorDetails, model: type[BaseModel]) -> str:
    """Find the name that may be meant, at the first level of a model."""
    names = [field.alias or name for name, field in model.model_fields.items()]
    place = problem["loc"]
    near = get_close_matches(str(place[-1]), names, 1) if len(place) == 1 else []
    return near[0] if near else ""


def _bounds(problem: ErrorDetails, model: type[BaseModel]) -> str:
    """Say between what a number lies, as the field states it."""
    field = model.model_fields.get(str(problem["loc"][0])) if problem["loc"] else None
    said: dict[type, Any] = {type(one): one for one in (field.metadata if field else ())}
    low, high = said.get(Ge), said.get(Le)
    if low and high:
        return f" de {low.ge} à {high.le}"
    if low:
        return f" d'au moins {low.ge}"
    if high:
        return f" d'au plus {high.le}"
    if Gt in said:
        return f" plus grand que {said[Gt].gt}"
    return f" plus petit que {said[Lt].lt}" if Lt in said else ""


def _shown(problem: ErrorDetails, model: type[BaseModel]) -> str:
    """Repeat a value; what is secret, or no single value, is not repeated."""
    field = model.model_fields.get(str(problem["loc"][0])) if problem["loc"] else None
    value = problem["input"]
    secret = field is not None and "Secret" in str(field.annotation)
    if secret or value is None or isinstance(value, Mapping | list | tuple):
        return "ce qui est donné"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"« {text if len(text) <= _LONGEST else text[: _LONGEST - 2] + ' …'} »"
