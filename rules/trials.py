"""Runs the ``essais`` of a rule set: what was expected, what came out, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from weakref import WeakKeyDictionary

from router.decision import Decision
from rules.collecting import no_collection
from rules.compile import RuleSet
from rules.decide import decide
from rules.explain import reasons
from rules.model import Trial
from rules.nearness import nearest
from rules.phrases import parse_phrase
from rules.vocabulary import plain
from rules.words import tokens


@dataclass(frozen=True, slots=True)
class Difference:
    """One expectation that was not met, in words."""

    key: str
    expected: str
    got: str


@dataclass(frozen=True, slots=True)
class TrialResult:
    """What became of one test."""

    name: str
    file: str
    line: int
    passed: bool
    differences: tuple[Difference, ...]
    why: str
    decision: Decision

    def as_json(self) -> dict[str, object]:
        """Give it as plain data, for programs."""
        told = {"name": self.name, "file": self.file, "line": self.line, "why": self.why}
        return {**told, "differences": [asdict(one) for one in self.differences]}

    @property
    def lines(self) -> list[str]:
        """Tell it to a person: where it stands, what was expected, what came out, and why."""
        told = [f"{one.key} : attendu {one.expected}, obtenu {one.got}" for one in self.differences]
        return [f"{self.file}:{self.line}: {self.name}", *told, self.why]

    def __str__(self) -> str:
        if self.passed:
            return f"{self.file}:{self.line}: {self.name}: réussi"
        told = "; ".join(
            f"{one.key} : attendu {one.expected}, obtenu {one.got}" for one in self.differences
        )
        return f"{self.file}:{self.line}: {self.name}: {told}. {self.why}"


_RUN: WeakKeyDictionary[RuleSet, tuple[TrialResult, ...]] = WeakKeyDictionary()
"""Results by rule set, which never changes: the check and the test of a draft run them once."""


@no_collection()
def run(ruleset: RuleSet) -> tuple[TrialResult, ...]:
    """Run the tests of all files, in the order of the files."""
    if ruleset not in _RUN:
        _RUN[ruleset] = tuple(
            run_one(ruleset, trial) for file in ruleset.configuration.files for trial in file.trials
        )
    return _RUN[ruleset]


def run_one(ruleset: RuleSet, trial: Trial) -> TrialResult:
    # an essai says what the rules mean, not who is on leave on its day, unless it asks for that
    seen = ruleset if trial.absences else ruleset.without_absences()
    decision = decide(seen, trial.facts)
    differences = _differences(seen, trial, decision)
    return TrialResult(
        name=trial.name,
        file=trial.at.file,
        line=trial.at.line,
        passed=not differences,
        differences=differences,
        why=_why(seen, trial, decision) + _hint(ruleset, trial) if differences else "",
        decision=decision,
    )


def _differences(ruleset: RuleSet, trial: Trial, decision: Decision) -> tuple[Difference, ...]:
    found = (_compare(ruleset, decision, key, own) for key, own in trial.expected.items())
    return tuple(one for one in found if one is not None)


def _hint(ruleset: RuleSet, trial: Trial) -> str:
    """Propose the absences of its day to a test that passes with them."""
    if trial.absences or not trial.dated or not ruleset.absences:
        return ""
    if _differences(ruleset, trial, decide(ruleset, trial.facts)):
        return ""
    return (
        " Avec les absences de ce jour, l'essai réussit : écrivez « absences: oui » dans son cas."
    )


def _why(ruleset: RuleSet, trial: Trial, decision: Decision) -> str:
    """Say why it came out so, and what kept the expected rule, or else the nearest, from holding."""
    wanted = str(trial.expected.get("regle", ""))
    near = nearest(ruleset, trial.facts, first=wanted, most=1, related=True)
    return " ".join(reasons(decision, ruleset, near))


def _compare(ruleset: RuleSet, decision: Decision, key: str, expected: object) -> Difference | None:
    got = _got(ruleset, decision, key)
    if key in _SETS_AMONG:
        wanted = {_name(ruleset, decision, one) for one in _each(expected)}
        fine = wanted <= set(_each(got))
    elif key == "pas_informes":
        wanted = {_name(ruleset, decision, one) for one in _each(expected)}
        fine = wanted.isdisjoint(_each(got))
    elif key == "mots":
        fine = {_forms(str(one)) for one in _each(expected)} <= {
            _forms(str(one)) for one in _each(got)
        }
    elif key == "candidats":
        fine = set(_each(expected)) == set(_each(got))
    elif key in {"parts", "repartir"}:
        fine = _same_parts(ruleset, decision, _each(expected), _each(got))
    elif key == "corrige":
        wanted_pairs = dict(expected) if isinstance(expected, Mapping) else {}
        got_pairs = dict(got) if isinstance(got, Mapping) else {}
        fine = (
            all(got_pairs.get(read) == taken for read, taken in wanted_pairs.items())
            if wanted_pairs
            else not got_pairs
        )
    elif key == "escalade":
        fine = _same_escalation(ruleset, decision, expected, got)
    elif key == "responsable":
        fine = _name(ruleset, decision, expected) == got
    else:
        fine = expected == got
    if fine:
        return None
    if key == "candidats":
        expected, got = _named(ruleset, expected), _named(ruleset, got)
    if key == "pas_informes":
        return Difference(key, f"aucun de {_shown(expected)}", _shown(got))
    return Difference(key, _shown(expected), _shown(got))


def _named(ruleset: RuleSet, territories: object) -> tuple[str, ...]:
    return tuple(ruleset.geography.commune_name(str(one)) for one in _each(territories))


_SETS_AMONG = frozenset({"informer", "consulter", "etiquettes", "proposer", "repondre", "demander"})


def _name(ruleset: RuleSet, decision: Decision, name: object) -> object:
    """Let a test name a role: it means the service that the role has for this case."""
    if isinstance(name, str) and ruleset.owners.is_role(name):
        return ruleset.resolve_for(decision.candidates, name)
    return name


def _forms(word: str) -> object:
    """Read a word of ``mots``: any of its forms names it."""
    phrase = parse_phrase(word)
    return (phrase.forms or tokens(word)) if phrase else ()


def _each(value: object) -> tuple[object, ...]:
    return tuple(value) if isinstance(value, tuple | list) else ()


def _got(ruleset: RuleSet, decision: Decision, key: str) -> object:
    trace = decision.trace
    promises = trace["promises"]
    readers: Mapping[str, object] = {
        "responsable": decision.owner,
        "regle": decision.rule,
        "priorite": decision.priority,
        "urgence": decision.urgency.value,
        "informer": decision.notify,
        "pas_informes": decision.notify,
        "consulter": decision.consult,
        "question": decision.questions[0] if decision.questions else "aucune",
        "demander": tuple(one for _, one in trace["effects"].get("demander", ())),
        "parts": decision.parts,
        "repartir": decision.parts,
        "categorie": decision.category,
        "candidats": decision.candidates,
        "corrige": trace["repaired"],
        "mots": tuple(trace["words"]),
        "etiquettes": decision.labels,
        "proposer": decision.proposals,
        "repondre": decision.replies,
        "delai": promises.get("delai", ""),
        "escalade": promises.get("escalade"),
        "transmettre_par": decision.transmit_by,
        "confidentiel": decision.confidential,
        "publier": decision.publish,
        "cloture": decision.proof,
    }
    return readers[key]


def _same_parts(
    ruleset: RuleSet, decision: Decision, expected: tuple[object, ...], got: tuple[object, ...]
) -> bool:
    left = list(decision.parts)
    if len(expected) != len(got):
        return False
    for wanted in expected:
        if not isinstance(wanted, Mapping):
            return False
        found = next(
            (
                part
                for part in left
                if part.owner == _name(ruleset, decision, wanted["responsable"])
                and ("part" not in wanted or plain(part.words) == plain(str(wanted["part"])))
                and ("categorie" not in wanted or part.category == wanted["categorie"])
            ),
            None,
        )
        if found is None:
            return False
        left.remove(found)
    return True


def _same_escalation(ruleset: RuleSet, decision: Decision, expected: object, got: object) -> bool:
    if not isinstance(expected, Mapping) or not isinstance(got, Mapping):
        return False
    return all(
        _name(ruleset, decision, got.get(key)) == _name(ruleset, decision, value)
        for key, value in expected.items()
    )


_URGENCIES = {"low": "basse", "normal": "normale", "high": "haute", "immediate": "immediate"}


def _shown(value: object) -> str:
    if value is None or value == "":
        return "rien"
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, str):
        return _URGENCIES.get(value, value)
    if isinstance(value, tuple | list):
        if not value:
            return "rien"
        return "[" + ", ".join(_one_shown(one) for one in value) + "]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {own}" for key, own in value.items()) + "}"
    return str(value)


def _one_shown(value: object) -> str:
    if isinstance(value, Mapping):
        return _shown(value)
    words, owner = getattr(value, "words", None), getattr(value, "owner", None)
    return f"{words} → {owner}" if owner is not None else str(value)
