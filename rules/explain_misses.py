"""Tells in a few words what kept a rule from holding."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from rules.explain_words import cut, names_said, shown, value_said
from rules.naming import Naming
from rules.spoken import day_said
from rules.vocabulary import URGENCIES, YES
from rules.written import Written, elements, read_back

_URGENCIES = {english: french for french, english in URGENCIES.items()}
_ABSENT = "groupes_absents"
_KEYS = {"recu": "reçu", "regle": "règle", "categorie": "catégorie"}
_ASKED = {
    "canal": "le canal",
    "langue": "la langue",
    "urgence": "l'urgence",
    "desordre": "la gêne ressentie",
    "rue": "la rue",
    "expediteur": "la qualité de la personne",
    "nature": "le genre de demande",
    "confirmations": "le nombre de personnes",
}


def missed(miss: Mapping[str, Any], naming: Naming) -> str:
    """Tell a near miss of a trace: its rule, and the condition that failed."""
    if naming.language != "fr":
        return f"{miss['rule']}: {_in_english(miss, naming)}"
    condition, expected = str(miss["condition"]), str(miss["expected"])
    if condition.startswith("sauf "):
        return f"{miss['rule']} : {_except(condition.removeprefix('sauf '), miss, naming)}"
    tell = _TOLD.get(condition)
    if tell is not None:
        return f"{miss['rule']} : {tell(expected, miss['value'], naming)}"
    return f"{miss['rule']} : {_other(condition, expected, miss['value'], naming)}"


def _in_english(miss: Mapping[str, Any], naming: Naming) -> str:
    expected, value = str(miss["expected"]), miss["value"]
    if isinstance(value, Mapping) and _ABSENT in value:
        return f"the message has none of: {'; none of: '.join(_absent(expected, value, naming))}"
    wants = shown(expected, naming) if "$" in expected else cut(expected)
    has = cut(_plain(value, "unknown"))
    return f"“{miss['condition']}” wants “{wants}”, and the case has “{has}”"


def _other(condition: str, expected: str, value: object, naming: Naming) -> str:
    has = _URGENCIES.get(str(value), "") if condition == "urgence" else ""
    has = has or _plain(value, "")
    said = f"la demande a : {cut(has)}" if has else "la demande n'en dit rien"
    name = _ASKED.get(condition, f"« {condition} »")
    return f"vaut pour {name} : {shown(expected, naming)} ; {said}"


def _except(condition: str, miss: Mapping[str, Any], naming: Naming) -> str:
    if condition in {"contient", "contient_tous"}:
        return f"écartée, car le message contient : {cut(_plain(miss['value'], '–'))}"
    return f"écartée par « sauf », {condition} : {shown(str(miss['expected']), naming)}"


# --- words ---------------------------------------------------------------------------------------


def _no_word(expected: str, _: object, naming: Naming) -> str:
    return f"le message n'a aucun mot de : {shown(expected, naming)}"


def _not_all(expected: str, value: object, naming: Naming) -> str:
    if isinstance(value, Mapping):
        return (
            f"le message n'a aucun mot de : {' ; ni de : '.join(_absent(expected, value, naming))}"
        )
    return f"le message n'a pas tous ces mots : {shown(expected, naming)}"


def _absent(expected: str, value: Mapping[str, Any], naming: Naming) -> list[str]:
    """Show the groups of words of which the message holds none."""
    groups = elements(expected)
    wanted = (groups[number - 1] for number in value[_ABSENT] if number <= len(groups))
    return [shown(one, naming) for one in wanted]


# --- places --------------------------------------------------------------------------------------


def _places(expected: str, value: object, naming: Naming) -> str:
    wanted = ", ".join(naming.place(one.strip(" \"'")) for one in _bare(expected).split(","))
    if value is None:
        return f"vaut pour {wanted}, et le lieu est inconnu"
    here = ", ".join(map(naming.place, value)) if isinstance(value, list) else str(value)
    return f"vaut pour {wanted}, et le lieu est : {here}"


def _postcode(expected: str, value: object, naming: Naming) -> str:
    if isinstance(value, list):
        value = ", ".join(map(naming.place, value))
    return f"vaut pour le code postal {_bare(expected)}, et le lieu est : {value or 'inconnu'}"


def _objects(expected: str, value: object, naming: Naming) -> str:
    """Tell how far the point lies from the objects that are wanted."""
    wanted = read_back(expected)
    if isinstance(wanted, dict):
        what = names_said(wanted.get("quoi", ""))
        near = f"vaut à moins de {value_said(wanted.get('a_moins_de', ''))} de {what}"
    else:
        near = f"vaut sur {names_said(wanted)}"
    if not isinstance(value, Mapping):
        here = "hors du territoire" if value == "hors territoire" else "sans point sur la carte"
        return f"{near}, et le lieu est {here}"
    far = (
        f"« {layer} » n'a aucun objet sur la carte" if metres is None
        else f"le lieu est à {metres} m de « {layer} »"
        for layer, metres in value.items()
    )  # fmt: skip
    return f"{near}, et {', '.join(far)}"


# --- the rest ------------------------------------------------------------------------------------


def _categories(expected: str, value: object, naming: Naming) -> str:
    wanted = " ou ".join(
        f"« {naming.category(one.strip())} »" for one in _bare(expected).split(",")
    )
    return f"vaut pour {wanted}, et la catégorie est « {naming.category(str(value))} »"


def _attachment(expected: str, _: object, __: Naming) -> str:
    wants_one = expected.strip().lower() in YES
    return "la demande n'a pas de pièce jointe" if wants_one else "la demande a une pièce jointe"


def _moment(expected: str, value: object, naming: Naming) -> str:
    at = datetime.fromisoformat(str(value))
    return (
        f"la demande est arrivée le {at:%d/%m/%Y à %H:%M}, hors de : {_when(read_back(expected))}"
    )


_MOMENTS = {"heures", "jours", "dans", "du", "au", "sauf"}


def _when(wanted: Written) -> str:
    """Say moments: hours, days, dates, calendars."""
    if not isinstance(wanted, dict) or not wanted.keys() & _MOMENTS:
        return value_said(wanted)
    said = [value_said(wanted[key]) for key in ("heures", "jours") if key in wanted]
    said += [names_said(wanted["dans"])] if "dans" in wanted else []
    days = [f"{key} {value_said(wanted[key])}" for key in ("du", "au") if key in wanted]
    said += [" ".join(days)] if days else []
    said += ["chaque année"] if "chaque_annee" in wanted else []
    said += [f"sauf {names_said(wanted['sauf'])}"] if "sauf" in wanted else []
    return ", ".join(said)


_SAME = {"lieu": "au même lieu", "personne": "par la même personne",
         "categorie": "de la même catégorie"}  # fmt: skip


def _counted(before: str) -> Callable[[str, object, Naming], str]:
    def tell(expected: str, value: object, _: Naming) -> str:
        wanted = read_back(expected)
        if not isinstance(wanted, dict):
            return f"vaut {before} {expected} demandes, et {_found(value)}"
        said = f"vaut {before} {value_said(wanted.get('fois', '?'))} demandes"
        said += f" en {value_said(wanted['en'])}" if "en" in wanted else ""
        same = wanted.get("par", [])
        said += "".join(
            f" {_SAME.get(value_said(one), value_said(one))}" for one in (same if isinstance(same, list) else [same])
        )  # fmt: skip
        return f"{said}, et {_found(value)}"

    return tell


def _found(count: object) -> str:
    return f"il y en a {count}" if count else "il n'y en a aucune"


def _dates(_: str, value: object, __: Naming) -> str:
    return f"hors de ses dates, car la demande est du {day_said(date.fromisoformat(str(value)))}"


def _conditions(before: str) -> Callable[[str, object, Naming], str]:
    return lambda expected, _, naming: f"{before} : {shown(expected, naming, _block)}"


def _block(conditions: Written) -> str:
    """Say conditions of which each stands under its key."""
    if isinstance(conditions, list):
        return " ; ".join(map(_block, conditions))
    if isinstance(conditions, dict):
        return ", ".join(f"{_KEYS.get(key, key)} {_when(own)}" for key, own in conditions.items())
    return conditions


_TOLD: dict[str, Callable[[str, object, Naming], str]] = {
    "contient": _no_word,
    "contient_tous": _not_all,
    "territoire": _places,
    "commune": _places,
    "dans": _places,
    "code_postal": _postcode,
    "sur": _objects,
    "pres_de": _objects,
    "piece_jointe": _attachment,
    "categorie": _categories,
    "recu": _moment,
    "recurrence": _counted("après"),
    "afflux": _counted("à partir de"),
    "dates": _dates,
    "regle": lambda rules, _, __: f"la règle {names_said(read_back(rules))} ne s'applique pas",
    "tous": _conditions("ces conditions ne tiennent pas toutes"),
    "un_de": _conditions("aucune de ces conditions ne tient"),
    "aucun_de": _conditions("l'une de ces conditions tient"),
}


def _bare(expected: object) -> str:
    text = str(expected)
    whole = text.startswith("[") and text.endswith("]") and "[" not in text[1:-1]
    return text[1:-1] if whole else text


def _plain(value: object, nothing: str) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return nothing if value is None else str(value)
