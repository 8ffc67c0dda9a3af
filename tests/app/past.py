"""An installation with a past: a folder of rules, a store, and cases that were decided."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rules_town import Town
from typer.testing import CliRunner

from app.__main__ import cli
from app.rulebook import load_files
from app.stores import opened
from app.system import SystemIds
from router.case import Case, Event, EventKind, Reporter, Status
from router.decision import Facts, Place
from router.message import Address
from router.record import Cause, DecisionRecord, Outcome, Shadowed, recorded
from router.tracking import printed
from router.versions import RulesetVersion
from router.work import CaseWrite, Unit, Verdict

RULES = """
- id: gaz
  priorite: danger
  si: {contient: [odeur de gaz]}
  alors: {responsable: astreinte, urgence: immediate, repondre: consigne-gaz}
- id: lampadaires
  si: {contient: [lampadaire]}
  alors: {responsable: eclairage-m}
- id: nuit
  si: {contient: [musique], recu: {heures: 22h-6h}}
  alors: {urgence: haute}
"""

TO_ROADS = (
    "{contient: [lampadaire]}\n  alors: {responsable: eclairage-m}",
    "{contient: [lampadaire]}\n  alors: {responsable: voirie-m}",
)
"""A piece of these rules, and what a draft puts in its place."""
SOON = timedelta(seconds=30)


class Past:
    """Runs commands on a store in which time has passed."""

    def __init__(self, folder: Path) -> None:
        self.town = Town(folder / "config").rules(RULES)
        self.data = folder / "data"
        self.ids = SystemIds()

    def change(self, old: str, new: str) -> None:
        """Make the draft the rules as they are, with one piece of their text replaced."""
        assert old in RULES
        self.town.rules(RULES.replace(old, new))

    @property
    def config(self) -> Path:
        return self.town.folder

    def run(self, *words: str | Path) -> tuple[int, str]:
        """Run `guichet rules …` on this store; returns the exit code and all that was said."""
        line = ["rules", *map(str, words), "--data", str(self.data)]
        result = CliRunner().invoke(cli, line)
        assert result.exception is None or isinstance(result.exception, SystemExit), result
        return result.exit_code, result.output

    def fine(self, *words: str | Path) -> str:
        code, said = self.run(*words)
        assert code == 0, said
        return said

    def read(self, *words: str | Path) -> Any:
        """Run a command that answers in JSON."""
        line = ["rules", *map(str, words), "--json", "--data", str(self.data)]
        result = CliRunner().invoke(cli, line)
        assert result.exception is None or isinstance(result.exception, SystemExit), result
        return json.loads(result.stdout)

    def publish(self, *more: str, by: str = "Awa") -> str:
        return self.fine("publish", self.config, "--reason", "essai", "--par", by, *more)

    def store(self, job):
        """Do something with the open store."""

        async def run():
            async with opened(self.data, "") as store:
                return await job(store)

        return asyncio.run(run())

    def active(self) -> RulesetVersion:
        found = self.store(lambda store: store.active())
        assert found is not None
        return found

    def case(self, text: str, commune: str = "44109", **more: Any) -> str:
        """Have a case decided by the live rules, as a message would; returns its number."""
        now = datetime.now(UTC)  # noqa: TID251 -- the commands look back from the machine's time
        at = now - more.pop("ago", timedelta(hours=1))
        facts = Facts(
            more.pop("received", at), text, language="fr", place=Place(communes=(commune,)),
            channel="sms",
        )  # fmt: skip
        return self.store(lambda store: self._decide(store, facts, at, **more))

    async def _decide(
        self,
        store: Any,
        facts: Facts,
        at: datetime,
        *,
        status: Status = Status.ASSIGNED,
        refused: Sequence[str] = (),
        corrected: str = "",
        blank: bool = False,
    ) -> str:
        rulebook = load_files((await store.active()).files)
        decision = rulebook.decide(facts)
        case = Case(
            id=self.ids.next(), number=self.ids.number(), version=1, status=status,
            owner=decision.owner, created_at=at, updated_at=at, received_at=facts.received_at,
            text=facts.text, place=facts.place, rule=decision.rule, channel="sms",
            reporters=(Reporter(Address("sms", "+33700000000", "+33612345678")),),
        )  # fmt: skip
        beside = await self._beside(store, facts)
        records = [recorded(self.ids.next(), case.id, at, decision, facts, shadow=beside)]
        events = [self._event(case, EventKind.DECIDED, at, decision.sentence, _data(decision))]
        for reason in refused:
            facts = replace(facts, refused_by=(*facts.refused_by, case.owner))
            events.append(self._event(case, EventKind.REFUSED, at, reason))
            case, record = self._again(case, rulebook, facts, at, Cause.REFUSAL)
            records.append(record)
        if corrected:
            facts = replace(facts, agent_choice=corrected)
            case, record = self._again(case, rulebook, facts, at, Cause.AGENT)
            records.append(record)
        if blank:
            records = [replace(each, facts=None) for each in records]
        unit = Unit(
            (), cases=(CaseWrite(case, None),), events=tuple(events), decisions=tuple(records)
        )
        assert list(await store.commit([unit], at)) == [Verdict.COMMITTED]
        return printed(case.number)

    async def _beside(self, store: Any, facts: Facts) -> Shadowed | None:
        draft = await store.shadow()
        if draft is None:
            return None
        return Shadowed(draft.hash, Outcome.of(load_files(draft.files).decide(facts)))

    def _again(
        self, case: Case, rulebook: Any, facts: Facts, at: datetime, cause: Cause
    ) -> tuple[Case, DecisionRecord]:
        decision = rulebook.decide(facts)
        at += timedelta(seconds=1)
        record = recorded(self.ids.next(), case.id, at, decision, facts, cause, replaced=case.rule)
        return replace(case, owner=decision.owner, rule=decision.rule), record

    def _event(self, case: Case, kind: EventKind, at: datetime, text: str, data: str = "") -> Event:
        return Event(self.ids.next(), case.id, kind, at, "rules", text, data=data)


def _data(decision: Any) -> str:
    return json.dumps(
        {
            "owner": decision.owner,
            "rule": decision.rule,
            "ruleset": decision.ruleset,
            "failed": decision.failed,
            "no_rule": decision.no_rule,
            "trace": decision.trace,
        },
        default=str,
    )
