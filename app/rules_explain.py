"""`guichet rules explain`: why a case went where it did, or where a message would go."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from app.attempt import attempts
from app.console import (
    DEFAULT_CONFIG,
    DEFAULT_DATA,
    Config,
    Data,
    DatabaseUrl,
    Json,
    config_folder,
    out,
    print_json,
)
from app.draft import live_rulebook
from app.refused import refusing
from app.rulebook import LoadedRulebook, load_folder
from app.stores import opened
from app.system import SystemClock
from router.archive import Action
from router.case import Case, Event, EventKind
from router.decision import Decision, ServiceId, Urgency
from router.errors import InvalidInput
from router.tracking import TrackingNumber, parse, printed
from router.versions import RulesetVersion, VersionState
from rules.conditions.logic import leaves
from rules.explain import explain as explained
from rules.model import Rule
from rules.problems import proposal


def explain(
    number: Annotated[str, typer.Argument(help="Tracking number of a case.")] = "",
    text: Annotated[str, typer.Option("--texte", help="What a person would write.")] = "",
    commune: Annotated[str, typer.Option("--commune", help="Name or INSEE code.")] = "",
    received: Annotated[str, typer.Option("--recu", help="When: 2026-11-24T22:30.")] = "",
    channel: Annotated[str, typer.Option("--canal", help="By which channel.")] = "web",
    config: Config = DEFAULT_CONFIG,
    data: Data = DEFAULT_DATA,
    database_url: DatabaseUrl = "",
    as_json: Json = False,
) -> None:
    """Say where a case went, or a message would go, and why.

    Example: guichet rules explain 7K4M-Q2XD-9TZ
    Example: guichet rules explain --texte "lampadaire cassé" --commune Rezé
    """
    with refusing(as_json=as_json):
        if bool(number) == bool(text):
            raise InvalidInput('Donnez le numéro d\'une demande, ou --texte "…".')
        if number:
            asyncio.run(_explain_case(_number(number), data, database_url, as_json))
        else:
            rulebook = load_folder(config_folder(config))
            _check_commune(commune, rulebook)
            line = {"text": text, "commune": commune, "at": received, "channel": channel}
            asyncio.run(_explain_text(line, rulebook, as_json))


def _check_commune(commune: str, rulebook: LoadedRulebook) -> None:
    geography = rulebook.geography
    if commune and geography.commune(commune) is None:
        names = [geography.commune_name(code) for code in geography.communes()]
        raise InvalidInput(f"La commune « {commune} » n'existe pas. {proposal(commune, names)}")


async def _explain_text(line: Mapping[str, Any], rulebook: LoadedRulebook, as_json: bool) -> None:
    async with attempts(rulebook) as attempt:
        result = await attempt.run(line, SystemClock().now())
        if result["action"] == Action.QUARANTINE:
            raise InvalidInput(f"{result['reason'][:1].upper()}{result['reason'][1:]}.")
        decision = attempt.decided
        if as_json or decision is None:
            print_json(result["decision"] or {"reason": result["reason"]})
        else:
            out.print(explained(decision), markup=False, soft_wrap=True)


# --- a case ----------------------------------------------------------------------------------


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
            failed=said.get("failed", False),
            no_rule=said.get("no_rule", False),
            trace=said.get("trace", {}),
        )


def _number(text: str) -> TrackingNumber:
    try:
        return parse(text)
    except InvalidInput:
        raise InvalidInput(
            f"« {text[:40]} » n'est pas un numéro de demande (7K4M-Q2XD-9TZ en est un)."
        ) from None


async def _explain_case(
    wanted: TrackingNumber, data: Path, database_url: str, as_json: bool
) -> None:
    async with opened(data, database_url) as store:
        case = await store.case(wanted)
        if case is None:
            raise InvalidInput(f"Aucune demande ne porte le numéro {printed(wanted)}.")
        events = await store.events(case.id)
        if case.parent is not None and not _decided(events):
            events = await store.events(case.parent)  # a part was decided with the whole
        versions = await store.versions()
        live = await store.active()
    told = [_told(one, versions) for one in _decided(events)]
    if not told:
        raise InvalidInput(f"La demande {printed(wanted)} n'a encore été décidée par aucune règle.")
    rules = _rules(live)
    if as_json:
        print_json(_json(case, told, rules))
    else:
        for line in _lines(case, told, rules):
            out.print(line, markup=False, soft_wrap=True)


def _decided(events: Sequence[Event]) -> list[Event]:
    return [one for one in events if one.kind is EventKind.DECIDED and one.data]


def _told(event: Event, versions: Sequence[RulesetVersion]) -> Told:
    """Find the version that was live at the time; one content may have been published twice."""
    data = json.loads(event.data)
    published = (one for one in versions if one.state is VersionState.PUBLISHED)
    same = [one for one in published if one.hash == data["ruleset"]]
    before = [one for one in same if one.at <= event.at]  # clocks differ between machines
    return Told(event, data, next(iter(before or same[-1:]), None))


def _rules(live: RulesetVersion | None) -> dict[str, Rule]:
    """Give the live rules by their ids."""
    rulebook = live_rulebook(live)
    files = rulebook.ruleset.configuration.files if rulebook else ()
    return {rule.id: rule for file in files for rule in file.rules}


def _places(told: Told, rules: Mapping[str, Rule]) -> dict[str, str]:
    """Tell where the rules that held stand: id → file:line."""
    named = dict.fromkeys([*told.data.get("trace", {}).get("true_rules", ()), told.data["rule"]])
    return {one: f"{rules[one].at.file}:{rules[one].at.line}" for one in named if one in rules}


def _missing(told: Told, rules: Mapping[str, Rule]) -> dict[str, list[str]]:
    """List the facts that were not known, each with the rules that waited for it."""
    trace = told.data.get("trace", {})
    known = {"", "texte", "date", *trace.get("facts", {})}
    if trace.get("place", {}).get("known", "lieu : inconnu") != "lieu : inconnu":
        known.add("lieu")
    found: dict[str, list[str]] = {}
    for name in trace.get("unknown", ()):
        rule = rules.get(name)
        conditions = leaves((*rule.when, *rule.unless)) if rule else ()
        for fact in dict.fromkeys(one.fact for one in conditions if one.fact not in known):
            found.setdefault(fact, []).append(name)
    return found


def _lines(case: Case, told: Sequence[Told], rules: Mapping[str, Rule]) -> list[str]:
    last = told[-1]
    lines = [explained(last.decision)]
    if last.version is not None:
        version = last.version
        lines.append(
            f"Publiée comme version {version.version} par {version.author}, le "
            f"{version.at.astimezone():%Y-%m-%d} : {version.reason}"
        )
    missing = _missing(last, rules)
    if missing:
        lines += ["", "Faits qui manquaient :"]
        lines += [f"  {fact} : attendu par {', '.join(own)}" for fact, own in missing.items()]
    places = _places(last, rules)
    if places:
        lines += ["", "À relire :", *(f"  {rule} : {where}" for rule, where in places.items())]
    if case.refused_by:
        lines += ["", f"Rendue par : {', '.join(case.refused_by)}"]
    if case.owner != last.data["owner"]:
        lines += ["", f"La demande est aujourd'hui à {case.owner}."]
    if len(told) > 1:
        lines += ["", "Décisions précédentes :"]
        lines += [
            f"  {one.event.at.astimezone():%Y-%m-%d %H:%M}  {one.event.text}" for one in told[:-1]
        ]
    return lines


def _json(case: Case, told: Sequence[Told], rules: Mapping[str, Rule]) -> dict[str, Any]:
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
        "missing": _missing(told[-1], rules),
        **one(told[-1]),
        "before": [one(each) for each in told[:-1]],
    }
