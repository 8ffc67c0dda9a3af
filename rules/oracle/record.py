"""Records why a case went where it did, straight from what is written: the oracle's own reading of 3.20."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from router.decision import Escalation, Reached, ServiceId
from rules.model import Effects, Rule
from rules.oracle.effects import Acting, Promised, upwards
from rules.oracle.owner import UNKNOWN, Directory, Owner, Wish
from rules.situation import Situation


def recorded(
    case: Situation,
    directory: Directory,
    owner: Owner,
    wishes: Sequence[Wish],
    holding: Sequence[Acting],
    unknown: Iterable[Rule],
    promised: Promised,
    question: str | None,
) -> dict[str, Any]:
    """Write what is told of the rules, of promises and of who is in charge, as parts of a trace.

    What was cut, read and repaired in the text, and the place, are written down by the engine.
    """
    told = [own for one in holding for own in one.acting]
    return {
        "winners": [_winner(wish, directory) for wish in wishes if _tells(wish, owner)],
        "true_rules": [one.rule.id for one in holding],
        "effects": _by_rule(holding),
        "promises": _promises(promised),
        "unknown": [rule.id for rule in unknown],
        "refused": list(case.facts.refused_by),
        "passed_over": _passed_over(wishes, owner, case),
        "told_later": _waiting((ref.id for own in told for ref in own.notify), directory),
        "clock": keeper(directory, owner, case.category),
        "question": question,
        "flags": _flags(case, directory, owner, wishes),
    }


# --- who decides ---------------------------------------------------------------------------------


def _tells(wish: Wish, owner: Owner) -> bool:
    """Whether a wish is told: of the competence table only the row that decides."""
    return wish.rule.priority != "competence" or wish is owner.wish


def _winner(wish: Wish, directory: Directory) -> dict[str, Any]:
    named: object = wish.owner
    if wish.owner is not None:
        found = directory.lookup(wish.owner)
        named = found if isinstance(found, str) else wish.owner
    return {"rule": wish.rule.id, "priority": wish.rule.priority, "owner": named}


def _passed_over(wishes: Sequence[Wish], owner: Owner, case: Situation) -> list[str]:
    """List the rules above the one that decides, whose services have refused the case."""
    if owner.priority == "choix_agent":
        return []
    above = [wish.rule.id for wish in wishes if owner.wish is None or wish.rank < owner.wish.rank]
    return above if case.facts.refused_by else []


def _flags(
    case: Situation, directory: Directory, owner: Owner, wishes: Sequence[Wish]
) -> list[str]:
    by_default = owner.priority == "a_defaut"
    found = {
        "hors territoire": case.whereabouts.outside,
        "aucune règle": by_default and not _passed_over(wishes, owner, case),
        "responsable provisoire": owner.provisional,
        "choix d'un agent": owner.priority == "choix_agent",
    }
    return [flag for flag, holds in found.items() if holds]


# --- what they want ------------------------------------------------------------------------------


def _by_rule(holding: Sequence[Acting]) -> dict[str, list[list[object]]]:
    """List for each effect which rule brought which, in rank order."""
    found: dict[str, list[list[object]]] = {}
    for one in holding:
        for own in one.lasting:
            said = _lasting(own) + (_acting(own) if own is one.rule.effects else [])
            for name, value in said:
                found.setdefault(name, []).append([one.rule.id, value])
        for own in one.once:
            for name, value in _acting(own):
                found.setdefault(name, []).append([one.rule.id, value])
    return found


def _lasting(own: Effects) -> list[tuple[str, object]]:
    return [
        *([("urgence", own.urgency.value)] if own.urgency is not None else []),
        *(("consulter", ref.id) for ref in own.consult),
        *(("etiquettes", label) for label in own.labels),
        *(("demander", fact) for fact in own.ask),
        *([("confidentiel", True)] if own.confidential else []),
        *([("publier", False)] if own.private else []),
        *([("cloture", own.proof)] if own.proof is not None else []),
    ]


def _acting(own: Effects) -> list[tuple[str, object]]:
    return [
        *(("informer", ref.id) for ref in own.notify),
        *(("proposer", word) for word in own.proposals),
    ]


def _waiting(names: Iterable[str], directory: Directory) -> list[str]:
    """List the roles that are told once the place is known."""
    return [name for name in dict.fromkeys(names) if directory.lookup(name) is UNKNOWN]


def reached(
    holding: Sequence[Acting], directory: Directory, owner: Owner, replies: Sequence[str]
) -> Reached:
    """Collect what the steps do that are reached just now (3.17); ``replies`` are those sent at all."""
    once = [own for one in holding for own in one.once]
    told = [directory.lookup(ref.id) for own in once for ref in own.notify]
    texts = {text for own in once for text in own.promises.replies}
    moves = [one for one in holding if owner.wish is not None and one.rule is owner.wish.rule]
    return Reached(
        tuple(
            dict.fromkeys(
                ServiceId(one) for one in told if isinstance(one, str) and one != owner.service
            )
        ),
        tuple(text for text in replies if text in texts),
        tuple(f"{one.rule.id} : {number}" for one in holding for number in one.numbers),
        not owner.provisional and any(own.owner is not None for one in moves for own in one.once),
    )


# --- what is promised ----------------------------------------------------------------------------


def _promises(promised: Promised) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if promised.delay:
        found["delai"] = str(promised.delay)
    if promised.escalation:
        after, to = promised.escalation.after, promised.escalation.to
        found["escalade"] = {"apres": str(after), "vers": to.id}
    if promised.transmit_by:
        found["transmettre_par"] = promised.transmit_by
    return found


def escalation(promised: Promised, directory: Directory) -> Escalation | None:
    """Say who is alerted; the desk for a role that nobody has here, or that the place leaves open."""
    if promised.escalation is None:
        return None
    to = directory.lookup(promised.escalation.to.id)
    named = to if isinstance(to, str) else directory.desk[0]
    return Escalation(str(promised.escalation.after), ServiceId(named))


def keeper(directory: Directory, owner: Owner, category: str | None) -> str:
    """Name who keeps the clock: the nearest lead of the category, while another has not accepted."""
    for name in upwards(directory, category):
        lead = directory.ruleset.configuration.categories[name].lead
        if lead is not None:
            found = directory.lookup(lead)
            return found if isinstance(found, str) else owner.service
    return owner.service
