"""Tells in a few words what kept a rule from holding."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from rules.naming import Naming
from rules.vocabulary import URGENCIES, YES

_LONGEST_SHOWN = 100
_URGENCIES = {english: french for french, english in URGENCIES.items()}


def missed(miss: Mapping[str, Any], naming: Naming) -> str:
    """Tell a near miss of a trace: its rule, and the condition that failed."""
    if naming.language != "fr":
        wants, has = cut(str(miss["expected"])), cut(_plain(miss["value"], "unknown"))
        return f"{miss['rule']}: “{miss['condition']}” wants “{wants}”, and the case has “{has}”"
    condition = str(miss["condition"])
    tell = _TOLD.get(condition)
    if tell is not None:
        return f"{miss['rule']} : {tell(cut(_bare(miss['expected'])), miss['value'], naming)}"
    if condition.startswith("sauf "):
        return f"{miss['rule']} : {_except(condition.removeprefix('sauf '), miss)}"
    return f"{miss['rule']} : {_other(condition, miss)}"


def _other(condition: str, miss: Mapping[str, Any]) -> str:
    value = miss["value"]
    has = _URGENCIES.get(str(value), "") if condition == "urgence" else ""
    has = has or _plain(value, "")
    said = f"la demande a « {cut(has)} »" if has else "la demande n'en dit rien"
    return f"« {condition} » veut « {cut(_bare(miss['expected']))} », et {said}"


def _except(condition: str, miss: Mapping[str, Any]) -> str:
    if condition in {"contient", "contient_tous"}:
        return f"écartée, car le message contient : {cut(_plain(miss['value'], '–'))}"
    return f"écartée par « sauf », {condition} : {cut(_bare(miss['expected']))}"


def _places(expected: str, value: object, naming: Naming) -> str:
    wanted = ", ".join(naming.place(one.strip(" \"'")) for one in expected.split(","))
    if value is None:
        return f"vaut pour {wanted}, et le lieu est inconnu"
    here = ", ".join(map(naming.place, value)) if isinstance(value, list) else str(value)
    return f"vaut pour {wanted}, et le lieu est : {here}"


def _categories(expected: str, value: object, naming: Naming) -> str:
    wanted = ", ".join(f"« {naming.category(one.strip())} »" for one in expected.split(","))
    return f"vaut pour {wanted}, et la demande est de « {naming.category(str(value))} »"


def _postcode(expected: str, value: object, naming: Naming) -> str:
    if isinstance(value, list):
        value = ", ".join(map(naming.place, value))
    return f"vaut pour le code postal {expected}, et le lieu est : {value or 'inconnu'}"


def _objects(expected: str, value: object, naming: Naming) -> str:
    """Tell how far the point lies from the objects that are wanted."""
    wanted = expected.strip("{}")
    if not isinstance(value, Mapping):
        return _near(wanted, "hors territoire" if value == "hors territoire" else "sans point")
    far = (
        f"aucun objet « {layer} » sur la carte" if metres is None
        else f"à {metres} m de « {layer} »"
        for layer, metres in value.items()
    )  # fmt: skip
    return _near(wanted, ", ".join(far))


def _near(wanted: str, here: str) -> str:
    return f"vaut près de : {wanted}, et le lieu est : {here}"


def _attachment(expected: str, _: object, __: Naming) -> str:
    wants_one = expected.strip().lower() in YES
    return "la demande n'a pas de pièce jointe" if wants_one else "la demande a une pièce jointe"


def _moment(expected: str, value: object, naming: Naming) -> str:
    at = datetime.fromisoformat(str(value))
    return f"la demande est arrivée le {at:%d/%m/%Y à %H:%M}, hors de : {expected.strip('{}')}"


_TOLD: dict[str, Callable[[str, object, Naming], str]] = {
    "contient": lambda words, _, __: f"le message n'a aucun mot de : {words}",
    "contient_tous": lambda words, _, __: f"le message n'a pas tous ces mots : {words}",
    "territoire": _places,
    "commune": _places,
    "dans": _places,
    "code_postal": _postcode,
    "sur": _objects,
    "pres_de": _objects,
    "piece_jointe": _attachment,
    "categorie": _categories,
    "recu": _moment,
    "dates": lambda _, value, __: f"hors de ses dates (demande du {value})",
    "regle": lambda rules, _, __: f"la règle {rules} ne s'applique pas",
    "tous": lambda wanted, _, __: f"ces conditions ne tiennent pas toutes : {wanted}",
    "un_de": lambda wanted, _, __: f"aucune de ces conditions ne tient : {wanted}",
    "aucun_de": lambda wanted, _, __: f"l'une de ces conditions tient : {wanted}",
}


def _bare(expected: object) -> str:
    text = str(expected)
    whole = text.startswith("[") and text.endswith("]") and "[" not in text[1:-1]
    return text[1:-1] if whole else text


def _plain(value: object, nothing: str) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return nothing if value is None else str(value)


def cut(text: str) -> str:
    """Shorten a long list of words; the rule itself shows them all."""
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 1].rstrip(' ,')}…"
