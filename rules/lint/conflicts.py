"""Finds rules that want different owners for one case, and rules that can never win."""

from __future__ import annotations

from collections import Counter

from router.geography import Geography
from rules.compile import RuleSet
from rules.conditions.facts import RuleHolds
from rules.conditions.place import OnStreet
from rules.dnf import Term
from rules.lint.made_up import MadeUp
from rules.lint.overlap import Comparison, groups_of, seasons_of
from rules.lint.pairs import Pairs, Subject, categories_of, objects_of
from rules.lint.same_owner import SameOwner, owning
from rules.model import Rule
from rules.problems import Problems
from rules.ranking import block_places, rule_places

MOST_COMPARED = 60_000
"""Pairs of alternatives that one check compares, some 3 seconds; it then says so and stops."""
MANY_WORDS = 50
"""Words of two rules that cost as much to compare as the rest of a pair of alternatives."""
MOST_TOLD = 500
"""Conflicts, and rules that never win, that one check tells."""


class Conflicts:
    """Compares the rules of one rule set two by two, but only those that can meet."""

    def __init__(self, ruleset: RuleSet, problems: Problems) -> None:
        self.problems = problems
        self.geography: Geography = ruleset.geography
        self.same_owner = SameOwner(ruleset)
        self.compare = Comparison.of(ruleset)
        self.made_up = MadeUp(ruleset, self.compare)
        self.subjects = [
            Subject(
                one,
                rule_places(one.rule, ruleset.geography),
                owning(one.rule),
                max(_words(term) for term in one.terms),
                _promises(one.rule),
            )
            for one in ruleset.rules
            if one.rule.owners
        ]
        self._told: Counter[str] = Counter()

    def report(self) -> None:
        """Compare pair after pair, up to a bound that a sane configuration is far from."""
        compared = 0
        for first, second in Pairs(self.subjects, self.compare):
            alternatives = len(first.compiled.terms) * len(second.compiled.terms)
            compared += alternatives * (1 + (first.words + second.words) // MANY_WORDS)
            if compared > MOST_COMPARED or self._told["error"] >= MOST_TOLD:
                self._stop(first)
                return
            if self.same_owner.of(first.owners, second.owners, _ground(first), _ground(second)):
                self._shadow(first, second, same_owner=True)
                continue
            meeting = self._meeting(first, second)
            if meeting is not None:
                self._conflict(first, second, meeting)
            else:
                self._street(first, second)
            self._shadow(first, second)

    # --- meeting ---------------------------------------------------------------------------------

    def _meeting(self, one: Subject, other: Subject) -> tuple[Term, Term] | None:
        """Find how two rules of equal priority and place can both hold for one subject."""
        if one.compiled.level != other.compiled.level or not self._same_ground(one, other):
            return None
        return self._together(one, other)

    def _together(self, one: Subject, other: Subject) -> tuple[Term, Term] | None:
        """Find how two rules can both hold for one subject, whatever their ranks."""
        calendars = self.compare.calendars
        for mine in one.compiled.terms:
            for theirs in other.compiled.terms:
                apart = any(
                    ours.disjoint(yours)
                    for ours in seasons_of(one.compiled.rule, mine, calendars)
                    for yours in seasons_of(other.compiled.rule, theirs, calendars)
                )
                if apart or _stands_back(mine, other) or _stands_back(theirs, one):
                    continue
                if self.compare.clash((*mine, *theirs)) is not None:
                    continue
                if self._meet(mine, theirs):
                    return mine, theirs
        return None

    def _same_ground(self, one: Subject, other: Subject) -> bool:
        """Whether territories are equal, or overlap without either containing the other."""
        if not one.places or not other.places:
            return not one.places and not other.places
        inner = self.compare.within(one.places, other.places)
        outer = self.compare.within(other.places, one.places)
        if inner or outer:
            return inner and outer
        return any(
            self.geography.overlaps(here, there) for here in one.places for there in other.places
        )

    def _meet(self, one: Term, other: Term) -> bool:
        if self.compare.term_implies(one, other) or self.compare.term_implies(other, one):
            return True
        ours, theirs = groups_of(one), groups_of(other)
        if ours and theirs:
            shared = self.compare.words.shared
            return any(shared(mine, yours) is not None for mine in ours for yours in theirs)
        categories = categories_of(self.compare, one), categories_of(self.compare, other)
        if categories[0] and categories[1]:
            return not categories[0].isdisjoint(categories[1])
        return not objects_of(one).isdisjoint(objects_of(other))

    # --- reporting -------------------------------------------------------------------------------

    def _may_tell(self, kind: str) -> bool:
        self._told[kind] += 1
        return self._told[kind] <= MOST_TOLD

    def _stop(self, at: Subject) -> None:
        rule = at.compiled.rule
        self.problems.warning(
            rule.at,
            "conflits-non-cherches",
            f"Trop de règles se ressemblent : à partir de « {rule.id} », les conflits ne sont plus "
            "cherchés",
            "Réunissez celles qui se ressemblent, puis vérifiez de nouveau.",
        )

    def _conflict(self, one: Subject, other: Subject, meeting: tuple[Term, Term]) -> None:
        first, second = sorted((one, other), key=lambda subject: subject.compiled.rule.at)
        rule = second.compiled.rule
        severity = "warning" if first.compiled.rule.at.file == rule.at.file else "error"
        if not self._may_tell(severity):
            return
        message = (
            f"Les règles {first.where} et « {rule.id} » nomment des responsables différents "
            "pour un même cas"
        )
        fix = "Donnez une priorité à l'une, ou excluez son cas dans l'autre avec « sauf »."
        example = self.made_up.case((one.compiled, other.compiled), meeting)
        if severity == "warning":
            self.problems.warning(rule.at, "conflit", message, fix, example)
        else:
            self.problems.error(rule.at, "conflit", message, fix, example)

    def _street(self, above: Subject, below: Subject) -> None:
        """Report a street that ranks below a smaller territory: it has no rank of its own."""
        rule = below.compiled.rule
        if above.compiled.level != below.compiled.level or not _only_street(rule):
            return
        within = self.compare.within
        if not above.places or not within(above.places, below.places):
            return
        meeting = None if within(below.places, above.places) else self._together(above, below)
        if meeting is not None and self._may_tell("street"):
            self.problems.warning(
                rule.at,
                "rue-sans-commune",
                f"La règle « {rule.id} » nomme une rue sans sa commune : {above.where}, "
                "d'un territoire plus petit, passe avant elle",
                "Ajoutez « commune » à côté de « rue ».",
                self.made_up.case((above.compiled, below.compiled), meeting),
            )

    def _shadow(self, one: Subject, other: Subject, *, same_owner: bool = False) -> None:
        """Report a rule whose every case is taken by one that ranks above it.

        Of one owner it matters only where the lower one promises something.
        """
        above, below = (one, other) if one.compiled.number < other.compiled.number else (other, one)
        rule = above.compiled.rule
        if rule.season or rule.effects.season or not _decides(rule):
            return
        if same_owner and not below.promises:
            return
        if not self.compare.within({below.compiled.rule.territory}, {rule.territory}):
            return
        meetings = []
        for term in below.compiled.terms:
            taken = (w for w in above.compiled.terms if self.compare.term_implies(term, w))
            wide = next(taken, None)
            if wide is None:
                return
            meetings.append((wide, term))
        if not self._may_tell("shadow"):
            return
        self.problems.warning(
            below.compiled.rule.at,
            "jamais-gagnante",
            f"La règle « {below.compiled.rule.id} » ne gagne jamais : "
            f"{above.where} passe avant elle{_lost(below) if same_owner else ''}",
            "Donnez-lui une priorité plus haute, ou supprimez-la.",
            self.made_up.case((above.compiled, below.compiled), meetings[0]),
        )


def _only_street(rule: Rule) -> bool:
    """Whether a rule names streets, and no place beside them that would rank it."""
    streets = [
        any(isinstance(condition, OnStreet) for condition in block.conditions)
        and not block_places(block)
        for block in rule.when
    ]
    return bool(streets) and all(streets)


def _decides(rule: Rule) -> bool:
    return rule.effects.owner is not None or bool(rule.effects.parts)


def _promises(rule: Rule) -> tuple[str, ...]:
    """List what a rule states that counts only while it decides; a danger's texts always do."""
    own = rule.effects.promises
    stated = {
        "delai": own.delay,
        "escalade": own.escalation,
        "repondre": own.replies and rule.priority != "danger",
        "transmettre_par": own.transmit_by,
    }
    return tuple(key for key, value in stated.items() if value)


def _lost(below: Subject) -> str:
    keys = ", ".join(f"« {key} »" for key in below.promises)
    return f", donc sans effet : {keys}"


def _ground(subject: Subject) -> frozenset[str]:
    """List the territories in which a rule acts; an object layer has none of its own."""
    return subject.places or frozenset({subject.compiled.rule.territory})


def _words(term: Term) -> int:
    return sum(len(group.phrases) for group in groups_of(term))


def _stands_back(term: Term, other: Subject) -> bool:
    """Whether a rule leaves its cases to the other (``sauf: {regle: …}``)."""
    return any(
        isinstance(literal.condition, RuleHolds)
        and not literal.positive
        and other.compiled.rule.id in literal.condition.rules
        for literal in term
    )
