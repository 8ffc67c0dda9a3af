"""What the true rules of a case want done, gathered from all of them."""

from __future__ import annotations

from dataclasses import dataclass, field

from router.decision import Urgency
from rules.conditions.logic import leaves
from rules.conditions.words import Contains
from rules.groups import Group
from rules.model import Effects, Promises, Rule, SplitPart
from rules.situation import Situation


@dataclass(frozen=True, slots=True)
class Active:
    """What one true rule wants at this moment, its thresholds reached or not.

    ``id`` and ``priority`` are the rule's, ``number`` is its rank, ``own`` are its lasting effects, ``once`` those of steps that act only
    when they are reached. What every decision asks stands first, next to each other in memory.
    """

    id: str
    priority: str
    owner: str | None
    bare: bool
    """Whether it brings nothing but an owner."""
    lone: tuple[str, ...] | None
    """The words that it looks for, where each stands alone, so that holding one is finding it."""
    once: tuple[Effects, ...]
    parts: tuple[SplitPart, ...]
    own: tuple[Effects, ...]
    reached: tuple[int, ...]
    """Confirmations of the steps that act just now."""
    groups: tuple[Group, ...]
    """The words that it looks for."""
    rule: Rule
    number: int

    @property
    def decides(self) -> bool:
        return self.owner is not None or bool(self.parts)

    @property
    def danger(self) -> bool:
        return self.priority == "danger"

    @property
    def replies(self) -> tuple[str, ...]:
        base = [self._base()] if self._base() else []
        texts = [reply for one in (*base, *self.once) if one for reply in one.promises.replies]
        return tuple(dict.fromkeys(texts))

    def _base(self) -> Effects | None:
        effects = self.rule.effects
        return effects if effects in self.own else None

    @property
    def promises(self) -> Promises:
        """Give what the rule promises; a step reached speaks before the rule itself."""
        if len(self.own) == 1 and not self.once and self.own[0] is self.rule.effects:
            alone = self.own[0].promises
            if len(alone.replies) < 2:  # else one text may stand twice
                return alone
        found = Promises(replies=self.replies)
        for effects in self.own:
            said = effects.promises
            found = Promises(
                delay=said.delay or found.delay,
                escalation=said.escalation or found.escalation,
                replies=found.replies,
                transmit_by=said.transmit_by or found.transmit_by,
            )
        return found


def steady(rule: Rule, number: int) -> Active | None:
    """See what a rule wants for any case; None where steps or a season of its effects decide."""
    base = rule.effects
    if rule.steps or base.season is not None:
        return None
    groups = words_of(rule)
    return Active(
        rule.id, rule.priority, _named(base), only_decides(rule), _lone(groups), once=(),
        parts=base.parts, own=(base,), reached=(), groups=groups, rule=rule, number=number,
    )  # fmt: skip


def words_of(rule: Rule) -> tuple[Group, ...]:
    """List the groups of words that a rule looks for, its exceptions left out."""
    words = (one for one in leaves(rule.when) if isinstance(one, Contains))
    return tuple(group for one in words for group in one.groups)


def _named(effects: Effects) -> str | None:
    return effects.owner.id if effects.owner is not None else None


def _lone(groups: tuple[Group, ...]) -> tuple[str, ...] | None:
    if any(group.lone_words is None for group in groups):
        return None
    return tuple(phrase.written for group in groups for phrase in group.phrases)


def only_decides(rule: Rule) -> bool:
    """Whether a rule brings nothing to a case that a rule above it has decided.

    What it promises for its owner counts only while it decides; a danger's texts are always sent.
    """
    own = rule.effects
    bare = Effects(owner=own.owner, parts=own.parts, promises=own.promises, season=own.season)
    return rule.priority != "danger" and not rule.steps and own == bare


def active(rule: Rule, number: int, case: Situation) -> Active:
    """See what a rule wants for this case."""
    facts, base = case.facts, rule.effects
    own = [base] if _in_season(base, case) else []
    once, reached = [], []
    for step in rule.steps:
        if facts.confirmations >= step.confirmations and _in_season(step.effects, case):
            own.append(step.effects)
            if facts.confirmations_before < step.confirmations:
                once.append(step.effects)
                reached.append(step.confirmations)
    owner: str | None = None
    parts: tuple[SplitPart, ...] = ()
    for effects in own:
        if effects.owner is not None or effects.parts:
            owner, parts = _named(effects), effects.parts
    return Active(
        rule.id, rule.priority, owner, bare=False, lone=None, once=tuple(once), parts=parts,
        own=tuple(own), reached=tuple(reached), groups=words_of(rule), rule=rule, number=number,
    )  # fmt: skip


def _in_season(effects: Effects, case: Situation) -> bool:
    return effects.season is None or effects.season.holds(case.local.date())


@dataclass(slots=True)
class Gathered:
    """Effects of all true rules; ``by_rule`` tells which rule brought which."""

    notify: dict[str, str] = field(default_factory=dict)
    """Service or role → rule."""
    consult: dict[str, str] = field(default_factory=dict)
    urgency: Urgency | None = None
    labels: dict[str, None] = field(default_factory=dict)
    proposals: dict[str, None] = field(default_factory=dict)
    ask: dict[str, None] = field(default_factory=dict)
    confidential: bool = False
    private: bool = False
    proof: str | None = None
    by_rule: dict[str, list[list[object]]] = field(default_factory=dict)

    def _note(self, effect: str, rule: str, value: object) -> None:
        self.by_rule.setdefault(effect, []).append([rule, value])


def gather(rules: list[Active]) -> Gathered:
    """Collect what all true rules want, in rank order."""
    found = Gathered()
    for one in rules:
        if one.bare:
            continue
        base = one.rule.effects
        for effects in one.own:
            _lasting(found, one.id, effects)
            if effects is base:
                _acting(found, one.id, effects)
        for effects in one.once:
            _acting(found, one.id, effects)
    return found


def _lasting(found: Gathered, rule: str, effects: Effects) -> None:
    if effects.urgency is not None:
        found._note("urgence", rule, effects.urgency.value)
        if found.urgency is None or effects.urgency.rank > found.urgency.rank:
            found.urgency = effects.urgency
    for ref in effects.consult:
        found.consult.setdefault(ref.id, rule)
        found._note("consulter", rule, ref.id)
    for label in effects.labels:
        found.labels.setdefault(label)
        found._note("etiquettes", rule, label)
    for fact in effects.ask:
        found.ask.setdefault(fact)
        found._note("demander", rule, fact)
    if effects.confidential:
        found.confidential = True
        found._note("confidentiel", rule, True)
    if effects.private:
        found.private = True
        found._note("publier", rule, False)
    if effects.proof is not None:
        found.proof = found.proof or effects.proof
        found._note("cloture", rule, effects.proof)


def _acting(found: Gathered, rule: str, effects: Effects) -> None:
    for ref in effects.notify:
        found.notify.setdefault(ref.id, rule)
        found._note("informer", rule, ref.id)
    for proposal in effects.proposals:
        found.proposals.setdefault(proposal)
        found._note("proposer", rule, proposal)
