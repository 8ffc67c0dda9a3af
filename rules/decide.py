"""Decides a case: a pure function of a rule set and the facts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from router.decision import Decision, Escalation, Facts, Reached, ServiceId, Urgency
from rules.choice import Choice, choose
from rules.compile import RuleSet
from rules.compiled import Compiled
from rules.effects import Active, Gathered, gather
from rules.model import Promises
from rules.owners import Lack
from rules.questions import ask
from rules.situation import PLACE, Situation, Truth
from rules.trace import clock_of, sentence, trace

_NOTHING_REACHED = Reached()


@dataclass(slots=True)
class Found:
    """The rules that a case concerns, by what they turned out to be, in rank order."""

    true: list[Active] = field(default_factory=list)
    unknown: list[Compiled] = field(default_factory=list)
    missed: list[Compiled] = field(default_factory=list)
    rows: Sequence[Compiled] = ()
    """Rows of the competence table that wait for the category."""
    at_once: list[str] = field(default_factory=list)
    """Danger rules that act though the place is unknown."""

    def note(self, one: Compiled, value: Truth, case: Situation) -> None:
        """Keep what a rule turned out to be; a danger that lacks only the place acts at once."""
        if value is None and one.rule.priority == "danger" and _lacks_only_place(one, case):
            self.at_once.append(one.rule.id)
            value = True
        if value:
            self.true.append(one.active(case))
        elif value is None:
            self.unknown.append(one)
        else:
            self.missed.append(one)


def decide(ruleset: RuleSet, facts: Facts, *, traced: bool = True) -> Decision:
    """Decide who is in charge and what is to be done; never raises for any facts.

    The trace, which is about half of the work, is left empty where nobody will read it.
    """
    case = ruleset.situation(facts)
    told_by = ruleset.categorise(case)
    return conclude(ruleset, case, told_by, _evaluate(ruleset, case, traced), traced=traced)


def conclude(
    ruleset: RuleSet, case: Situation, told_by: list[str], found: Found, *, traced: bool = True
) -> Decision:
    """Draw the decision from what the rules turned out to be, in rank order."""
    deciding = [one for one in found.true if one.decides]
    owned = bool(deciding)
    _table(ruleset, case, found, deciding)
    choice = choose(ruleset, case, deciding)
    effects = gather(found.true)
    promises = _promises(ruleset, case, choice)
    question = ask(ruleset, case, choice, found.unknown, owned=owned or bool(deciding))
    notify, pending = _resolved(ruleset, case, effects.notify, choice.owner)
    consult, _ = _resolved(ruleset, case, effects.consult, choice.owner)
    dangers = [one for one in found.true if one.danger]
    danger_replies = list(dict.fromkeys(text for one in dangers for text in one.replies))
    replies = list(dict.fromkeys([*danger_replies, *promises.replies]))
    why = {}
    if traced:
        why = trace(ruleset, case, told_by, found, choice, effects, promises, question, pending)
    return Decision(
        owner=ServiceId(choice.owner),
        rule=choice.rule,
        ruleset=ruleset.hash,
        sentence=sentence(ruleset, case, choice, question),
        priority=choice.priority,
        category=case.category,
        urgency=effects.urgency or Urgency.NORMAL,
        notify=notify,
        consult=consult,
        questions=_questions(case, question, effects),
        parts=choice.parts,
        replies=tuple(replies),
        danger_replies=len(danger_replies),
        danger=bool(dangers),
        labels=tuple(effects.labels),
        proposals=tuple(effects.proposals),
        reached=_reached(ruleset, case, found, choice.owner, replies),
        delay=str(promises.delay) if promises.delay else None,
        lead=_lead(ruleset, case, choice),
        escalation=_escalation(ruleset, case, promises),
        transmit_by=promises.transmit_by,
        confidential=effects.confidential,
        publish=not effects.private,
        proof=effects.proof,
        candidates=case.whereabouts.candidates,
        no_rule=choice.priority == "a_defaut" and not deciding,
        outside=case.whereabouts.outside,
        trace=why,
    )


def _evaluate(ruleset: RuleSet, case: Situation, traced: bool) -> Found:
    found = Found()
    hits = ruleset.index.hits(case)
    rules = ruleset.rules
    failed: list[int] = []
    for number in sorted(hits.worth):
        one = rules[number]
        value = one.value(case)
        if value is False:
            failed.append(number)
        else:
            found.note(one, value, case)
    if traced:
        found.missed = [rules[number] for number in hits.missed(failed)]
    return found


def _lacks_only_place(one: Compiled, case: Situation) -> bool:
    """Whether the place alone could make a rule true."""
    if case.whereabouts.outside:
        return False
    candidates = case.whereabouts.candidates
    if len(candidates) < 2:
        return one.chances(case.suppose_place(None))[0]
    return any(one.chances(case.suppose_place(candidate))[0] for candidate in candidates)


def _table(ruleset: RuleSet, case: Situation, found: Found, deciding: list[Active]) -> None:
    """Add the competence table below the rules; without a category it is all unknown."""
    if case.category is None:
        if not deciding:
            found.rows = ruleset.table.open(case.whereabouts)
        return
    family = ruleset.configuration.categories[case.category].family
    for one in ruleset.table.of(family):
        value = one.value(case)
        if value:
            deciding.append(one.active(case))
        elif value is None:
            found.unknown.append(one)


def _promises(ruleset: RuleSet, case: Situation, choice: Choice) -> Promises:
    """Find what is promised: by the owner's rule, else the category, else the service."""
    said: list[Promises] = []
    if choice.winner is not None and choice.keeps_promises:
        said.append(choice.winner.promises)
    said += [
        ruleset.configuration.categories[name].promises
        for name in (ruleset.configuration.ancestry(case.category) if case.category else ())
    ]
    entry = ruleset.configuration.services.get(choice.owner)
    if entry is not None:
        said.append(entry.promises)
    return Promises(
        delay=next((one.delay for one in said if one.delay), None),
        escalation=next((one.escalation for one in said if one.escalation), None),
        replies=next((one.replies for one in said if one.replies), ()),
        transmit_by=next((one.transmit_by for one in said if one.transmit_by), None),
    )


def _reached(
    ruleset: RuleSet, case: Situation, found: Found, owner: str, replies: list[str]
) -> Reached:
    """Collect what the steps do that act just now; of their texts, those that are sent at all."""
    acting = [one for one in found.true if one.once]
    if not acting:
        return _NOTHING_REACHED
    once = [effects for one in acting for effects in one.once]
    names = {ref.id: "" for effects in once for ref in effects.notify}
    texts = {text for effects in once for text in effects.promises.replies}
    return Reached(
        _resolved(ruleset, case, names, owner)[0],
        tuple(text for text in replies if text in texts),
        tuple(f"{one.id} : {number}" for one in acting for number in one.reached),
    )


def _lead(ruleset: RuleSet, case: Situation, choice: Choice) -> ServiceId | None:
    """Name the service that keeps the clock where another is in charge."""
    keeper = clock_of(ruleset, case, choice)
    return None if keeper == choice.owner else ServiceId(keeper)


def _escalation(ruleset: RuleSet, case: Situation, promises: Promises) -> Escalation | None:
    """Say who is told when nothing happens; a role that the place leaves open means the desk."""
    said = promises.escalation
    if said is None:
        return None
    found = ruleset.owners.resolve(said.to.id, case.whereabouts)
    to = ruleset.owners.last.service if isinstance(found, Lack) else found
    return Escalation(str(said.after), ServiceId(to))


def _resolved(
    ruleset: RuleSet, case: Situation, names: dict[str, str], owner: str
) -> tuple[tuple[ServiceId, ...], list[str]]:
    """Find the services told; a role that the place must decide waits in the second list."""
    services: dict[ServiceId, None] = {}
    pending = []
    for name in names:
        found = ruleset.owners.resolve(name, case.whereabouts)
        if found is Lack.UNKNOWN:
            pending.append(name)
        elif isinstance(found, str) and found != owner:
            services.setdefault(ServiceId(found))
    return tuple(services), pending


def _questions(case: Situation, question: str | None, effects: Gathered) -> tuple[str, ...]:
    """Ask one fact at most, and never twice: what could change the owner, else what a rule wants."""
    asked = case.facts.asked
    if question is not None and question not in asked:
        return (question,)
    if case.whereabouts.outside:
        return ()
    missing = [fact for fact in effects.ask if fact not in asked and not _is_known(fact, case)]
    return tuple(missing[:1])


def _is_known(fact: str, case: Situation) -> bool:
    place, facts = case.facts.place, case.facts
    known = {
        PLACE: case.whereabouts.known,
        "rue": bool(place.street or place.point),
        "adresse": bool(place.street or place.point),
        "commune": bool(place.communes or place.point),
        "categorie": case.category is not None,
        "photo": bool(facts.attachment),
        "piece_jointe": bool(facts.attachment),
        "desordre": facts.annoyance is not None,
        "langue": facts.language is not None,
        "canal": facts.channel is not None,
        "nature": facts.nature is not None,
        "expediteur": facts.sender_kinds is not None,
        "urgence": facts.urgency is not None,
    }
    return known.get(fact, False)
