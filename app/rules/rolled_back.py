"""Tells what a rollback did, to people and to programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.console import say
from app.french import STATUSES, counted
from app.rules.second_person import Needed, options
from router.case import Case
from router.tracking import printed
from router.versions import RulesetVersion, VersionState
from rules.trials import TrialResult


@dataclass(frozen=True, slots=True)
class RolledBack:
    """What a rollback to version ``number`` did: the new version, and the cases that the bad ones had sent somewhere.

    Of these ``redispatched`` are decided again; ``staying`` are those among them that no rule moves
    any more, but one of danger. Where it waits for a second person, ``needed`` says why, and nothing
    is done yet. ``trials`` are those of the version, None where it was live already.
    """

    number: int
    version: RulesetVersion
    cases: tuple[tuple[Case, str], ...]
    redispatched: int
    staying: tuple[Case, ...] = ()
    needed: Needed = Needed()
    trials: tuple[TrialResult, ...] | None = None

    @property
    def waits(self) -> bool:
        return self.version.state is VersionState.PENDING

    @property
    def failed(self) -> list[TrialResult]:
        return [one for one in self.trials or () if not one.passed]

    def as_json(self) -> dict[str, Any]:
        """Tell it to programs."""
        return {
            "version": self.version.version,
            "state": self.version.state.value,
            "restores": self.number,
            "second_person": self.needed.as_json(),
            "emergency": self.version.record.get("emergency"),
            "tests": None if self.trials is None else self._tests(self.trials),
            "cases": [_case_json(case, rule) for case, rule in self.cases],
            "redispatched": self.redispatched,
            "staying": [_number(case) for case in self.staying],
        }

    def _tests(self, trials: tuple[TrialResult, ...]) -> dict[str, Any]:
        failed = [one.as_json() for one in self.failed]
        return {"passed": len(trials) - len(failed), "failed": failed}


def tell(done: RolledBack, *, redispatch: bool) -> None:
    """Say it to a person: the version, its failing essais, then the cases."""
    number = done.number
    if done.version.version == number:
        say(f"La version {number} est déjà en service.")
    elif done.waits:
        _tell_waiting(done)
    else:
        say(f"Version {done.version.version} en service : le contenu de la version {number}.")
    _tell_failed(done)
    if not done.cases:
        say("Aucun cas n'a été orienté par une autre version depuis.")
        return
    say(f"{counted(len(done.cases), 'cas orienté', 'cas orientés')} entre-temps :")
    for case, rule in done.cases:
        say(f"  {_number(case)}  {case.owner}, {STATUSES[case.status]}, règle {rule}")
    if done.waits:
        say("Rien ne change pour eux avant l'accord : relancez ensuite cette commande.")
    elif redispatch:
        again = counted(done.redispatched, "cas sera décidé", "cas seront décidés")
        say(f"{again} à nouveau par le routeur en marche.")
        _tell_staying(done.staying)
    else:
        say("Rien ne change pour eux ; --redispatch les ferait décider à nouveau.")


def _tell_failed(done: RolledBack) -> None:
    if not done.failed:
        return
    failed = counted(
        len(done.failed), "essai de cette version échoue", "essais de cette version échouent"
    )
    say(f"! {failed}, sur {len(done.trials or ())}. Le retour n'en est pas empêché :")
    for one in done.failed:
        for line in one.lines:
            say(f"  {line}")


def _tell_waiting(done: RolledBack) -> None:
    own, needed_ = done.version.version, done.needed
    say(
        f"Version {own} en attente de l'accord d'une deuxième personne, avec le contenu de la "
        f"version {done.number} :"
    )
    for sentence in needed_.sentences:
        say(f"  {sentence}")
    say(f"  guichet rules approve {own} --par NOM {needed_.speaking}".rstrip())
    if needed_.by_team_alone:
        say(f"  Si vous en êtes, recommencez avec {options((needed_.foreign or {}).values())}")
    say(
        'Si cela ne peut pas attendre, recommencez avec --urgence "pourquoi" : l\'historique le garde.'
    )


def _tell_staying(staying: Sequence[Case]) -> None:
    if not staying:
        return
    stay = counted(len(staying), "restera", "resteront")
    say(
        f"Dont {stay} au même service, sauf danger : le travail a commencé, ou la demande est "
        "transmise ailleurs, divisée ou placée par un agent."
    )
    for case in staying:
        say(f"  {_number(case)}  {case.owner}, {STATUSES[case.status]}")


def _number(case: Case) -> str:
    return printed(case.public_number or case.number)


def _case_json(case: Case, rule: str) -> dict[str, Any]:
    return {
        "number": _number(case),
        "owner": case.owner,
        "rule": rule,
        "status": case.status.value,
    }
