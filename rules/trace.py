"""Writes down why a decision came out so: plain JSON for the store, a sentence for people."""

from __future__ import annotations

from typing import Any

from rules.choice import BY_AGENT, Choice
from rules.compile import RuleSet
from rules.conditions.facts import sender_kinds
from rules.model import Promises
from rules.naming import fact_asked
from rules.owners import Lack
from rules.settle import Settled
from rules.situation import Situation
from rules.standing_in import absences, in_whose_place

_SOURCES = {
    "counter": "compteur",
    "message": "message",
    "location": "position",
    "form": "formulaire",
    "agent": "agent",
    "thread": "conversation",
}


def trace(
    settled: Settled, promises: Promises, question: str | None, pending: list[str]
) -> dict[str, Any]:
    """Write the whole record of a decision."""
    ruleset, case, found = settled.ruleset, settled.case, settled.found
    choice, effects, told_by = settled.choice, settled.effects, settled.told_by
    return {
        "facts": _facts(case, told_by),
        "words": _words(settled),
        "repaired": dict(case.text.repaired),
        "place": _place(case),
        "winners": _winners(settled),
        "true_rules": [one.id for one in found.true],
        "effects": effects.by_rule,
        "promises": _promised(promises),
        "near_misses": found.missed,
        "unknown": [one.rule.id for one in (*found.unknown, *found.rows)],
        "at_once": found.at_once,
        "refused": list(case.facts.refused_by),
        "passed_over": choice.passed_over,
        "chain": list(choice.chain),
        "absences": absences(ruleset, case, choice),
        "told_later": pending,
        "clock": clock_of(ruleset, case, choice),
        "question": question,
        "flags": _flags(case, choice),
    }


def clock_of(ruleset: RuleSet, case: Situation, choice: Choice) -> str:
    """Name the service that keeps the clock: the category's lead until another has accepted."""
    for name in ruleset.configuration.ancestry(case.category) if case.category else ():
        lead = ruleset.configuration.categories[name].lead
        if lead is not None:
            found = ruleset.owners.resolve(lead, case.whereabouts)
            return found if isinstance(found, str) else choice.owner
    return choice.owner


def _facts(case: Situation, told_by: list[str]) -> dict[str, Any]:
    facts = case.facts
    known: dict[str, Any] = {
        "recu": case.local.isoformat(),
        "categorie": case.category,
        "categorie_par": "mots" if told_by else ("donnée" if case.category else None),
        "canal": facts.channel,
        "langue": facts.language,
        "urgence": facts.urgency.value if facts.urgency else None,
        "desordre": facts.annoyance,
        "recurrence": facts.recurrence or None,
        "confirmations": facts.confirmations or None,
        "confirmations_avant": facts.confirmations_before or None,
        "afflux": facts.surge or None,
        "comptes": {count.name: count.number for count in facts.counts} or None,
        "piece_jointe": facts.attachment,
        "expediteur": list(sender_kinds(facts)) or ([] if facts.sender_kinds is not None else None),
        "nature": facts.nature.value if facts.nature else None,
        "indisponible": list(facts.unavailable) or None,
        "choix_agent": facts.agent_choice,
    }
    return {name: value for name, value in known.items() if value is not None}


def _place(case: Situation) -> dict[str, Any]:
    place, here = case.facts.place, case.whereabouts
    how = _SOURCES.get(place.source, place.source)
    found: dict[str, Any] = {
        "candidates": list(here.candidates),
        "known": f"lieu : {how or 'message'}" if here.known else "lieu : inconnu",
    }
    if place.postcode:
        found["code_postal"] = place.postcode
    if place.street:
        found["rue"] = place.street
    if place.point:
        found["point"] = [place.point.lat, place.point.lon]
        found["precision"] = place.point.precision_m
    return found


def _words(settled: Settled) -> list[str]:
    """List the words that the true rules found, as these write them, in rank order."""
    text, spelled = settled.case.text, settled.ruleset.spelled
    left = {own for word in settled.case.known for own in spelled.get(word, ())}
    matched: dict[str, None] = {}
    for one in settled.found.true:
        if one.lone is None:
            for group in one.groups:
                matched.update(dict.fromkeys(group.matched(text)))
        elif left:  # else all that it can have found has been told
            own = [word for word in one.lone if word in left]
            if own:
                matched.update(dict.fromkeys(own))
                left.difference_update(own)
    return list(matched | dict.fromkeys(settled.told_by))


def _winners(settled: Settled) -> list[dict[str, Any]]:
    """List the true rules with an owner, in rank order; of the table's rows only one that won."""
    ruleset, here, winner = settled.ruleset, settled.case.whereabouts, settled.choice.winner
    is_role = ruleset.owners.is_role
    told = []
    for one in settled.deciding:
        if one.priority != "competence" or one is winner:
            owner = one.owner
            if owner is not None and is_role(owner):
                found = ruleset.owners.resolve(owner, here)
                owner = found if isinstance(found, str) else owner
            told.append({"rule": one.id, "priority": one.priority, "owner": owner})
    return told


def _promised(promises: Promises) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if promises.delay:
        found["delai"] = str(promises.delay)
    if promises.escalation:
        found["escalade"] = {
            "apres": str(promises.escalation.after),
            "vers": promises.escalation.to.id,
        }
    if promises.transmit_by:
        found["transmettre_par"] = promises.transmit_by
    return found


def _flags(case: Situation, choice: Choice) -> list[str]:
    flags = []
    if case.whereabouts.outside:
        flags.append("hors territoire")
    if choice.priority == "a_defaut" and not choice.passed_over:
        flags.append("aucune règle")
    if choice.provisional:
        flags.append("responsable provisoire")
    if choice.rule == BY_AGENT:
        flags.append("choix d'un agent")
    return flags


def sentence(ruleset: RuleSet, case: Situation, choice: Choice, question: str | None) -> str:
    """Say the decision in one plain French sentence for the supervisor."""
    entry = ruleset.configuration.services.get(choice.owner)
    name = entry.service.name("fr") if entry else choice.owner
    why = _because(ruleset, case, choice) + in_whose_place(ruleset, case, choice)
    said = f"{name} est responsable {why}"
    if question is not None:
        said += f" ; {fact_asked(question)} à la personne"
    return f"{said}."


def _without_service(ruleset: RuleSet, case: Situation, choice: Choice) -> str | None:
    """Name the role that a rule gives the case to and that nobody has at this place."""
    named = choice.winner.owner if choice.winner else None
    if named is None or choice.provisional or choice.priority == "competence":
        return None
    found = ruleset.owners.resolve(named, case.whereabouts)
    return named if found is Lack.NOBODY else None


def _commune(ruleset: RuleSet, column: str) -> str:
    """Name a column of the table that is written as a code."""
    geography = ruleset.geography
    return geography.commune_name(column) if geography.known(column) else column


def _because(ruleset: RuleSet, case: Situation, choice: Choice) -> str:
    if choice.rule == BY_AGENT:
        return "par choix d'un agent"
    if case.whereabouts.outside:
        return "par défaut, car le lieu est hors du territoire"
    if choice.priority == "a_defaut":
        refused = len(case.facts.refused_by)
        if refused:
            return f"par défaut, après {refused} refus"
        return "par défaut, car aucune règle ne s'applique"
    why = f"par la règle « {choice.rule} »"
    if nobody := _without_service(ruleset, case, choice):
        return (
            f"par défaut, car « {nobody} », que veut la règle « {choice.rule} », n'a personne ici"
        )
    if choice.priority == "competence" and choice.winner is not None:
        family = choice.rule.split(":")[1]
        column = choice.rule.split(":", 2)[2]
        where = "partout" if column == "partout" else f"à {_commune(ruleset, column)}"
        why = f"par la table des compétences (famille « {family} », {where})"
    if choice.provisional:
        return f"en attendant, car le lieu manque pour savoir qui l'est {why}"
    if choice.parts:
        return f"de coordonner les {len(choice.parts)} parties de la demande, {why}"
    return why
