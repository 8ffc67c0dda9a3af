"""Tells a person why a case went where it did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from router.decision import Decision

_NAMES = {
    "fr": {
        "held": "Règles qui s'appliquent",
        "none": "Aucune règle ne s'applique.",
        "missed": "Règles proches qui ne s'appliquent pas",
        "words": "Mots trouvés",
        "repaired": "Fautes de frappe corrigées",
        "unknown": "Règles en suspens, faute d'un fait",
        "question": "Question posée",
        "place": "Lieu",
        "category": "Catégorie",
        "urgency": "Urgence",
        "told": "Informés",
        "refused": "Refus",
        "passed": "Règles écartées par ces refus",
        "parts": "Parties",
        "later": "Informés quand le lieu sera connu",
        "nothing": "inconnu",
        "rules": "Version des règles",
        "read": "lu : {} → {}",
        "wants": "veut « {} », et le dossier a « {} »",
    },
    "en": {
        "held": "Rules that hold",
        "none": "No rule holds.",
        "missed": "Nearest rules that do not hold",
        "words": "Words found",
        "repaired": "Typing errors repaired",
        "unknown": "Rules that wait for a fact",
        "question": "Question asked",
        "place": "Place",
        "category": "Category",
        "urgency": "Urgency",
        "told": "Told",
        "refused": "Refusals",
        "passed": "Rules passed over by them",
        "parts": "Parts",
        "later": "Told once the place is known",
        "nothing": "unknown",
        "rules": "Version of the rules",
        "read": "read: {} → {}",
        "wants": "wants “{}”, and the case has “{}”",
    },
}
_LONGEST_SHOWN = 100
_URGENCIES = {"low": "basse", "normal": "normale", "high": "haute", "immediate": "immédiate"}


def explain(decision: Decision, language: str = "fr") -> str:
    """Tell a decision: one sentence, the rules that held, the nearest that did not, the words."""
    names = _NAMES.get(language, _NAMES["fr"])
    trace = decision.trace
    if not trace:
        return decision.sentence
    lines = [decision.sentence, ""]
    lines += _held(trace, names)
    lines += _line(names["place"], _place(trace, names))
    lines += _line(names["category"], _category(trace, names))
    urgency = decision.urgency.value
    lines += _line(names["urgency"], _URGENCIES[urgency] if language == "fr" else urgency)
    lines += _line(names["told"], ", ".join(decision.notify))
    lines += _line(names["later"], ", ".join(trace.get("told_later", ())))
    lines += _line(names["parts"], ", ".join(f"{p.words} → {p.owner}" for p in decision.parts))
    lines += _line(names["words"], ", ".join(trace["words"]))
    repaired = (names["read"].format(read, taken) for read, taken in trace["repaired"].items())
    lines += _line(names["repaired"], ", ".join(repaired))
    lines += _line(names["refused"], ", ".join(trace["refused"]))
    lines += _line(names["passed"], ", ".join(trace.get("passed_over", ())))
    lines += _line(names["question"], ", ".join(decision.questions))
    lines += _line(names["unknown"], ", ".join(trace["unknown"]))
    if trace["near_misses"]:
        lines += ["", f"{names['missed']} :"]
        lines += [f"  - {_missed(one, names)}" for one in trace["near_misses"]]
    lines += ["", f"{names['rules']} : {decision.ruleset}"]
    return "\n".join(lines)


def reasons(decision: Decision) -> list[str]:
    """Say in a few French sentences why a decision came out so, for a test that failed."""
    said = [decision.sentence]
    near = decision.trace.get("near_misses", ())
    if near:
        said.append(f"Au plus près : {_missed(near[0], _NAMES['fr'])}.")
    return said


def _held(trace: Mapping[str, Any], names: Mapping[str, str]) -> list[str]:
    owners = {one["rule"]: one["owner"] for one in trace["winners"]}
    rules = list(dict.fromkeys([*trace["true_rules"], *owners]))
    if not rules:
        return [names["none"]]
    lines = [f"{names['held']} :"]
    for rule in rules:
        owner = owners.get(rule)
        lines.append(f"  - {rule}" + (f" → {owner}" if owner else ""))
    return lines


def _line(name: str, value: str) -> list[str]:
    return [f"{name} : {value}"] if value else []


def _place(trace: Mapping[str, Any], names: Mapping[str, str]) -> str:
    place = trace["place"]
    if place["known"] == "lieu : inconnu":
        return names["nothing"]
    candidates = ", ".join(place["candidates"]) or "hors territoire"
    return f"{candidates} ({place['known']})"


def _category(trace: Mapping[str, Any], names: Mapping[str, str]) -> str:
    category = trace["facts"].get("categorie")
    if category is None:
        return names["nothing"]
    return f"{category} ({trace['facts'].get('categorie_par')})"


def _missed(one: Mapping[str, Any], names: Mapping[str, str]) -> str:
    value = one["value"]
    shown = ", ".join(map(str, value)) if isinstance(value, list) else value
    wants = names["wants"].format(
        _cut(str(one["expected"])), names["nothing"] if value is None else _cut(str(shown))
    )
    return f"{one['rule']} : « {one['condition']} » {wants}"


def _cut(text: str) -> str:
    """Shorten a long list of words; the rule itself shows them all."""
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 1].rstrip(' ,')}…"
