"""A case and the decisions taken on it, told to the supervisor who asks why."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from app.city_time import CITY, DAY
from app.draft import live_rulebook
from router.case import Case, Event, EventKind
from router.decision import Decision, Facts, Part, ServiceId, Urgency
from router.record import After
from router.store import Store
from router.tracking import printed
from router.versions import RulesetVersion, VersionState
from rules.compile import RuleSet
from rules.explain import explain as explained
from rules.explain_missing import missing
from rules.model import Rule
from rules.naming import Naming
from rules.nearness import near_ones, nearest

_PAGE = 100


@dataclass(frozen=True, slots=True)
class Told:
    """A decision that is stored with a case, and the version of the rules that took it."""

    event: Event
    data: Mapping[str, Any]
    version: RulesetVersion | None

    @property
    def decision(self) -> Decision:
        """The decision as far as the case keeps it."""
        said = self.data
        return Decision(
            owner=ServiceId(said["owner"]),
            rule=said["rule"],
            ruleset=said["ruleset"],
            sentence=self.event.text,
            urgency=Urgency(said.get("urgency", Urgency.NORMAL)),
            notify=tuple(map(ServiceId, said.get("notify", ()))),
            questions=tuple(said.get("questions", ())),
            parts=tuple(Part(**each) for each in said.get("parts", ())),
            failed=said.get("failed", False),
            no_rule=said.get("no_rule", False),
            trace=said.get("trace", {}),
        )


def decided(events: Sequence[Event]) -> list[Event]:
    return [one for one in events if one.kind is EventKind.DECIDED and one.data]


def told_of(event: Event, versions: Sequence[RulesetVersion]) -> Told:
    """Find the version that was live at the time; one content may have been published twice."""
    data = json.loads(event.data)
    published = (one for one in versions if one.state is VersionState.PUBLISHED)
    same = [one for one in published if one.hash == data["ruleset"]]
    before = [one for one in same if one.at <= event.at]  # clocks differ between machines
    return Told(event, data, next(iter(before or same[-1:]), None))


def _places(told: Told, rules: Mapping[str, Rule]) -> dict[str, str]:
    """Tell where the rules that held stand: id → file:line."""
    named = dict.fromkeys([*told.data.get("trace", {}).get("true_rules", ()), told.data["rule"]])
    return {one: f"{rules[one].at.file}:{rules[one].at.line}" for one in named if one in rules}


async def nearest_of(store: Store, told: Told) -> list[dict[str, Any]] | None:
    """Find the rules that nearly held when a decision was taken, by the rules and facts of then.

    None where the facts are gone, or those rules can no longer be read.
    """
    event, version = told.event, told.version
    found = await store.version(version.version) if version else None
    if found is None or (facts := await _facts_of(store, event)) is None:
        return None
    rulebook = await asyncio.to_thread(live_rulebook, found)
    return nearest(rulebook.ruleset, facts) if rulebook else None


async def _facts_of(store: Store, event: Event) -> Facts | None:
    """Find the facts of a decision: those recorded in the moment in which it was told."""
    behind = After(event.at + timedelta(microseconds=1), 0)
    while page := await store.decisions(event.at, after=behind, limit=_PAGE):
        for one in page:
            if one.case_id == event.case_id:
                return one.facts
        behind = After(page[-1].at, page[-1].id)
    return None


def _near(case: Case, told: Told, ruleset: RuleSet) -> list[Mapping[str, Any]]:
    """Sort what a decision recorded by how near it was to what the person had written."""
    trace = told.data.get("trace", {})
    facts = Facts(
        case.received_at,
        case.text,
        language=case.language,
        category=trace.get("facts", {}).get("categorie"),
        place=case.place,
        channel=case.channel,
    )
    return near_ones(ruleset, facts, trace.get("near_misses", ()))


def lines_of(
    case: Case,
    told: Sequence[Told],
    rules: Mapping[str, Rule],
    ruleset: RuleSet | None,
    near: Sequence[Mapping[str, Any]] | None = None,
) -> list[str]:
    """Tell a case; ``near`` are the rules that nearly held, else what the decision recorded."""
    last, naming = told[-1], Naming(ruleset)
    if near is None and ruleset is not None:
        near = _near(case, last, ruleset)
    lines = explained(last.decision, ruleset=ruleset, near=near).splitlines()
    if last.version is not None:
        version = last.version
        lines.append(
            f"Publiée comme version {version.version} par {version.author}, le "
            f"{CITY.shown(version.at, DAY)} : {version.reason}"
        )
    places = _places(last, rules)
    if places:
        lines += ["", "À relire :", *(f"  {rule} : {where}" for rule, where in places.items())]
    if case.refused_by:
        lines += ["", f"Rendue par : {naming.services(case.refused_by)}"]
    if case.owner != last.data["owner"]:
        lines += ["", f"La demande est aujourd'hui à ce service : {naming.service(case.owner)}."]
    if len(told) > 1:
        lines += ["", "Décisions précédentes :"]
        lines += [f"  {CITY.shown(one.event.at)}  {one.event.text}" for one in told[:-1]]
    return lines


def as_json_of(case: Case, told: Sequence[Told], rules: Mapping[str, Rule]) -> dict[str, Any]:
    def one(each: Told) -> dict[str, Any]:
        version = each.version
        return {
            "at": each.event.at.isoformat(),
            "sentence": each.event.text,
            "version": version.version if version else None,
            **each.data,
        }

    return {
        "case": printed(case.public_number or case.number),
        "owner": case.owner,
        "refused_by": list(case.refused_by),
        "places": _places(told[-1], rules),
        "missing": missing(told[-1].data.get("trace", {}), rules),
        **one(told[-1]),
        "before": [one(each) for each in told[:-1]],
    }
