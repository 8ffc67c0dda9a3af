"""Decides a case: a pure function of a rule set and the facts."""

from __future__ import annotations

from dataclasses import dataclass, replace

from router.decision import Decision, Escalation, Facts, Reached, ServiceId
from router.record import Outcome
from rules.choice import Choice
from rules.compile import RuleSet
from rules.consequences import Consequences
from rules.effects import Gathered
from rules.model import Promises
from rules.owners import Lack
from rules.questions import ask
from rules.settle import Found, Read, Settled, settle
from rules.situation import PLACE, Situation
from rules.trace import clock_of, sentence, trace

_NOTHING_REACHED = Reached()


def decide(
    ruleset: RuleSet, facts: Facts, reading: Read | None = None, *, traced: bool = True
) -> Decision:
    """Decide who is in charge and what is to be done; never raises for any facts.

    The trace, which is about half of the work, is left empty where nobody will read it.
    """
    return conclude(settle(ruleset, facts, reading, traced=traced), traced=traced)


@dataclass(frozen=True, slots=True)
class Brief:
    """A decision of which as much is known as two are compared by."""

    settled: Settled

    @property
    def outcome(self) -> Outcome:
        settled, choice = self.settled, self.settled.choice
        return Outcome(
            ServiceId(choice.owner),
            choice.rule,
            choice.priority,
            settled.urgency,
            settled.danger,
            settled.no_rule,
        )

    @property
    def consequences(self) -> Consequences:
        settled, case, choice = self.settled, self.settled.case, self.settled.choice
        ruleset, effects, promises = settled.ruleset, settled.effects, _promises(settled)
        notify, _ = _resolved(ruleset, case, effects.notify, choice.owner)
        consult, _ = _resolved(ruleset, case, effects.consult, choice.owner)
        return Consequences(
            tuple(sorted((part.words, part.owner) for part in choice.parts)),
            tuple(_replies(settled, promises)),
            tuple(sorted(notify)),
            effects.confidential,
            tuple(sorted(consult)),
            promises.transmit_by,
            _escalation(ruleset, case, promises),
            str(promises.delay) if promises.delay else None,
            tuple(sorted(effects.proposals)),
            tuple(sorted(effects.labels)),
        )

    @property
    def sentence(self) -> str:
        settled = self.settled
        return sentence(settled.ruleset, settled.case, settled.choice, _question(settled))


def decide_briefly(ruleset: RuleSet, facts: Facts) -> Brief:
    """Decide the same, and leave open what nobody asks for when decisions are compared."""
    return Brief(settle(ruleset, facts, traced=False))


def conclude(settled: Settled, *, traced: bool = True) -> Decision:
    """Draw the whole decision once it is settled who is in charge."""
    ruleset, case, found = settled.ruleset, settled.case, settled.found
    choice, effects = settled.choice, settled.effects
    promises = _promises(settled)
    question = _question(settled)
    notify, pending = _resolved(ruleset, case, effects.notify, choice.owner)
    consult, _ = _resolved(ruleset, case, effects.consult, choice.owner)
    danger_replies, replies = _danger_replies(found), _replies(settled, promises)
    why = trace(settled, promises, question, pending) if traced else {}
    return Decision(
        owner=ServiceId(choice.owner),
        rule=choice.rule,
        ruleset=ruleset.hash,
        sentence=sentence(ruleset, case, choice, question),
        priority=choice.priority,
        category=case.category,
        urgency=settled.urgency,
        notify=notify,
        consult=consult,
        questions=_questions(case, question, effects),
        parts=choice.parts,
        replies=tuple(replies),
        danger_replies=len(danger_replies),
        danger=settled.danger,
        labels=tuple(effects.labels),
        proposals=tuple(effects.proposals),
        reached=_reached(ruleset, case, found, choice, replies),
        delay=str(promises.delay) if promises.delay else None,
        lead=_lead(ruleset, case, choice),
        escalation=_escalation(ruleset, case, promises),
        transmit_by=promises.transmit_by,
        confidential=effects.confidential,
        publish=not effects.private,
        proof=effects.proof,
        candidates=case.whereabouts.candidates,
        no_rule=settled.no_rule,
        outside=case.whereabouts.outside,
        trace=why,
    )


def _question(settled: Settled) -> str | None:
    """Find the fact worth asking, whether or not it was asked before."""
    ruleset, case, unknown = settled.ruleset, settled.case, settled.found.unknown
    return ask(ruleset, case, settled.choice, unknown, owned=bool(settled.deciding))


def _danger_replies(found: Found) -> list[str]:
    dangers = found.dangers
    return list(dict.fromkeys(text for one in dangers for text in one.replies)) if dangers else []


def _replies(settled: Settled, promises: Promises) -> list[str]:
    """List the texts that are sent, those of danger before all others."""
    first = _danger_replies(settled.found)
    return list(dict.fromkeys([*first, *promises.replies])) if first or promises.replies else []


def _promises(settled: Settled) -> Promises:
    """Find what is promised: by the owner's rule, else the category, else the service.

    Whoever is in danger is promised no days, unless the rule of danger that decides says so itself.
    """
    ruleset, choice, category = settled.ruleset, settled.choice, settled.case.category
    own = Promises()
    if choice.winner is not None and choice.keeps_promises:
        own = choice.winner.promises
    said = own if category is None else own.completed_by(ruleset.promised[category])
    entry = ruleset.configuration.services.get(choice.owner)
    if entry is not None:
        said = said.completed_by(entry.promises)
    if settled.danger:
        said = replace(said, delay=own.delay if choice.priority == "danger" else None)
    return said


def _reached(
    ruleset: RuleSet, case: Situation, found: Found, choice: Choice, replies: list[str]
) -> Reached:
    """Collect what the steps do that act just now; of their texts, those that are sent at all."""
    acting = [one for one in found.true if not one.bare and one.once]
    if not acting:
        return _NOTHING_REACHED
    once = [effects for one in acting for effects in one.once]
    names = {ref.id: "" for effects in once for ref in effects.notify}
    texts = {text for effects in once for text in effects.promises.replies}
    return Reached(
        _resolved(ruleset, case, names, choice.owner)[0],
        tuple(text for text in replies if text in texts),
        tuple(f"{one.id} : {number}" for one in acting for number in one.reached),
        _moves(choice),
    )


def _moves(choice: Choice) -> bool:
    """Whether the owner is the one that a step names which acts just now."""
    if choice.winner is None or choice.provisional:
        return False
    return any(effects.owner is not None for effects in choice.winner.once)


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
