"""Say in our own words what is wrong with a body that a program sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

_SENTENCES = {
    "missing": "it is missing.",
    "extra_forbidden": "there is no such field.",
    "string_type": "this is no text.",
    "list_type": "this is no list.",
    "model_type": "this is no object.",
    "model_attributes_type": "this is no object.",
    "dict_type": "this is no object.",
    "string_too_short": "it is shorter than {min_length} characters.",
    "string_too_long": "it is longer than {max_length} characters.",
    "string_pattern_mismatch": "it is not of the form {pattern}.",
    "too_long": "there are more than {max_length}.",
    "literal_error": "this is none of {expected}.",
    "enum": "this is none of {expected}.",
    "base64_decode": "this is no base64.",
    "base64_encode": "this is no base64.",
    "bool_type": "this is neither true nor false.",
    "bool_parsing": "this is neither true nor false.",
    "datetime_from_date_parsing": "this is no date of ISO 8601.",
    "datetime_parsing": "this is no date of ISO 8601.",
    "datetime_type": "this is no date of ISO 8601.",
    "timezone_aware": "this date says no time zone.",
}
_UNKNOWN = "this cannot be read here."
_MODELS = {"model_type", "model_attributes_type"}


def first_mistake(error: ValidationError) -> str:
    """Name the place of the first mistake and what it is, in one sentence."""
    problem: Mapping[str, Any] = error.errors(include_url=False, include_input=False)[0]
    kind, where = str(problem["type"]), ".".join(map(str, problem["loc"]))
    if kind == "json_invalid":
        return "The body is no JSON."
    if kind in _MODELS and not where:
        return "The body is no JSON object."
    known = dict(problem.get("ctx", {}))
    if kind == "value_error":
        sentence = f"{known['error']}."
    else:
        sentence = _SENTENCES.get(kind, _UNKNOWN).format_map(known)
    return f"{where}: {sentence}" if where else sentence
