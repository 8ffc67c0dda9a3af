"""Tells a person why a case went where it did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from router.decision import Decision
from rules.compile import RuleSet
from rules.explain_misses import missed
from rules.explain_missing import missing_told
from rules.model import Effects
from rules.naming import Naming, fact_named
from rules.vocabulary import plain

_NAMES = {
    "fr": {
        "held": "Règles qui s'appliquent",
        "none": "Aucune règle ne s'applique.",
        "from": "n'agit qu'à partir de {} confirmations, et il y en a {}",
        "alone": "n'agit qu'à partir de {} confirmations, et il n'y en a aucune",
        "missed": "Règles proches qui ne s'appliquent pas",
        "words": "Mots trouvés",
        "repaired": "Fautes de frappe corrigées",
        "unknown": "Règles en suspens, faute d'un fait",
        "missing": "Faits qui manquent",
        "question": "Question posée",
        "place": "Lieu",
        "category": "Catégorie",
        "urgency": "Urgence",
        "told": "Informés",
        "refused": "Refus",
        "passed": "Règles écartées par ces refus",
        "parts": "Parties",
        "away": "Absence",
        "instead": "{} ; à sa place : {}",
        "nobody": "{} ; personne à sa place",
        "later": "Informés quand le lieu sera connu",
        "nothing": "inconnu",
        "no_category": "inconnue",
        "nowhere": "hors du territoire",
        "rules": "Version des règles",
        "read": "lu : {} → {}",
    },
    "en": {
        "held": "Rules that hold",
        "none": "No rule holds.",
        "from": "acts only from {} confirmations on, and there are {}",
        "alone": "acts only from {} confirmations on, and there are none",
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
        "away": "Away",
        "instead": "{}; in its place: {}",
        "nobody": "{}; nobody in its place",
        "later": "Told once the place is known",
        "nothing": "unknown",
        "no_category": "unknown",
        "nowhere": "outside the territory",
        "rules": "Version of the rules",
        "read": "read: {} → {}",
    },
}
_SOURCES = {
    "fr": {
        "message": "d'après le message",
        "position": "d'après la position envoyée",
        "formulaire": "d'après le formulaire",
        "compteur": "d'après le compte qui reçoit",
        "conversation": "d'après la conversation",
        "agent": "dit par un agent",
        "mots": "d'après les mots",
        "donnée": "donnée avec la demande",
    }
}
_NEAREST = 5
_URGENCIES = {"low": "basse", "normal": "normale", "high": "haute", "immediate": "immédiate"}


def explain(
    decision: Decision,
    language: str = "fr",
    ruleset: RuleSet | None = None,
    near: Sequence[Mapping[str, Any]] | None = None,
) -> str:
    """Tell a decision: a sentence, the rules that held, the nearest that did not, words, facts.

    With the rule set, services, places and categories are called by their names. ``near`` are the
    rules that nearly held, nearest first, of which five are told; without them, what the decision
    recorded in rank order.
    """
    names, naming = _NAMES.get(language, _NAMES["fr"]), Naming(ruleset, language)
    trace = decision.trace
    if not trace:
        return decision.sentence
    lines = [decision.sentence, ""]
    lines += _held(trace, names, naming)
    near = trace["near_misses"] if near is None else near
    if near:
        lines += ["", f"{names['missed']} :"]
        lines += [f"  - {missed(one, naming)}" for one in near[:_NEAREST]]
    lines.append("")
    lines += _line(names["words"], ", ".join(_once(trace["words"])))
    repaired = (names["read"].format(read, taken) for read, taken in trace["repaired"].items())
    lines += _line(names["repaired"], ", ".join(repaired))
    lines += _line(names["place"], _place(trace, names, naming))
    lines += _line(names["category"], _category(trace, names, naming))
    urgency = decision.urgency.value
    lines += _line(names["urgency"], _URGENCIES[urgency] if language == "fr" else urgency)
    lines += _line(names["told"], naming.services(decision.notify))
    lines += _line(names["later"], ", ".join(trace.get("told_later", ())))
    parts = (f"{part.words} → {naming.service(part.owner)}" for part in decision.parts)
    lines += _line(names["parts"], ", ".join(parts))
    lines += _line(names["refused"], naming.services(trace["refused"]))
    lines += _absences(trace, names, naming)
    lines += _line(names["passed"], ", ".join(map(naming.rule, trace.get("passed_over", ()))))
    french = naming.language == "fr"
    asked = (fact_named(one) if french else one for one in decision.questions)
    lines += _line(names["question"], ", ".join(asked))
    if french and ruleset is not None and trace["unknown"]:
        lines += ["", f"{names['missing']} :"]
        lines += [f"  - {one}" for one in missing_told(trace, ruleset)]
    else:
        lines += _line(names["unknown"], ", ".join(trace["unknown"]))
    lines += ["", f"{names['rules']} : {decision.ruleset}"]
    return "\n".join(lines)


def reasons(
    decision: Decision, ruleset: RuleSet, near: Sequence[Mapping[str, Any]] = ()
) -> list[str]:
    """Say in a few French sentences why a decision came out so, for a test that failed."""
    said = [decision.sentence]
    if near:
        said.append(f"Au plus près : {missed(near[0], Naming(ruleset))}.")
    return said


def _held(trace: Mapping[str, Any], names: Mapping[str, str], naming: Naming) -> list[str]:
    owners = {one["rule"]: one["owner"] for one in trace["winners"]}
    rules = list(dict.fromkeys([*trace["true_rules"], *owners]))
    if not rules:
        return [names["none"]]
    lines = [f"{names['held']} :"]
    for rule in rules:
        owner = owners.get(rule)
        to = f" → {naming.service(owner)}" if owner else _waits(rule, trace, names, naming)
        lines.append(f"  - {naming.rule(rule)}{to}")
    return lines


def _waits(rule: str, trace: Mapping[str, Any], names: Mapping[str, str], naming: Naming) -> str:
    """Say from when a rule acts that holds and does nothing yet."""
    found = naming.ruleset.by_id.get(rule) if naming.ruleset else None
    if found is None or not found.rule.steps or found.rule.effects != Effects():
        return ""
    first = min(step.confirmations for step in found.rule.steps)
    count = trace["facts"].get("confirmations", 0)
    if count >= first:
        return ""
    return f" : {names['from' if count else 'alone'].format(first, count)}"


def _absences(trace: Mapping[str, Any], names: Mapping[str, str], naming: Naming) -> list[str]:
    """Tell of each that is away since when, until when, why, and who is there instead."""
    lines = []
    for one in trace.get("absences", ()):
        reason = f" ({one['reason']})" if one["reason"] else ""
        when = one["when"].get(naming.language, one["when"]["fr"])
        who = f"{naming.service(one['service'])}, {when}{reason}"
        end = names["instead"] if one["instead"] else names["nobody"]
        lines.append(f"{names['away']} : {end.format(who, naming.service(one['instead'] or ''))}")
    return lines


def _once(words: Sequence[str]) -> list[str]:
    """Leave out the words that only an accent or a capital tells from an earlier one."""
    return list({plain(word): word for word in reversed(words)}.values())[::-1]


def _line(name: str, value: str) -> list[str]:
    return [f"{name} : {value}"] if value else []


def _place(trace: Mapping[str, Any], names: Mapping[str, str], naming: Naming) -> str:
    place = trace["place"]
    source = place["known"].removeprefix("lieu : ")
    if source == "inconnu":
        return names["nothing"]
    candidates = ", ".join(map(naming.place, place["candidates"])) or names["nowhere"]
    where = ", ".join(filter(None, (place.get("rue", ""), candidates)))
    return f"{where} ({_source(source, naming)})"


def _category(trace: Mapping[str, Any], names: Mapping[str, str], naming: Naming) -> str:
    category = trace["facts"].get("categorie")
    if category is None:
        return names["no_category"]
    return f"{naming.category(category)} ({_source(trace['facts'].get('categorie_par'), naming)})"


def _source(source: str, naming: Naming) -> str:
    return _SOURCES.get(naming.language, {}).get(source, source)
