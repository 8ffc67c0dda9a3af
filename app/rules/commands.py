"""`guichet rules`: check and test the YAML that supervisors write, and all that changes it safely."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from app.console import (
    BAD_INPUT,
    DEFAULT_CONFIG,
    DEFAULT_DATA,
    FAILED,
    Data,
    DatabaseUrl,
    Folder,
    Json,
    config_folder,
    err,
    print_json,
    say,
    speaking,
)
from app.french import counted
from app.rulebook import check_anything, load_folder
from app.rules import approve as rules_approve
from app.rules import explain as rules_explain
from app.rules import fmt as rules_fmt
from app.rules import history as rules_history
from app.rules import list as rules_list
from app.rules import publish as rules_publish
from app.rules import replay as rules_replay
from app.rules import rollback as rules_rollback
from app.rules import schema as rules_schema
from app.rules import shadow as rules_shadow
from app.rules.use import uses
from app.stores import kept_in, opened
from app.system import SystemClock
from router.record import After
from rules import trials
from rules.compile import RuleSet
from rules.coverage import untried
from rules.lint.history import FEWEST, Unseen
from rules.problems import Problem, Problems
from rules.trials import TrialResult

_HELP = """The rules in YAML: check, test, explain, and change them safely.

\b
guichet rules check config/                 what is wrong, with its place
guichet rules test config/                  the essais beside the rules
guichet rules replay config/ --since 90j    what past cases would become
guichet rules publish config/ --reason "…"  live at once, in every process
guichet rules history                       who published what, and why
guichet rules rollback 3 --reason "…"       the way back
guichet rules explain 7K4M-Q2XD-9TZ         why a case went there
guichet rules schema > guichet.schema.json  for editors: keys are completed
"""
cli = typer.Typer(no_args_is_help=True, help=_HELP)
cli.command("explain")(rules_explain.explain)
cli.command("list")(rules_list.list_rules)
cli.command("fmt")(rules_fmt.fmt)
cli.command("table")(rules_fmt.table)
cli.command("replay")(rules_replay.replay)
cli.command("publish")(rules_publish.publish_rules)
cli.command("approve")(rules_approve.approve)
cli.command("history")(rules_history.history)
cli.command("rollback")(rules_rollback.rollback)
cli.command("shadow")(rules_shadow.shadow)
cli.command("schema")(rules_schema.schema)
_EVER = datetime(1970, 1, 1, tzinfo=UTC)
_PAGE = 2_000


@cli.command("check")
def check_rules(
    folder: Folder = DEFAULT_CONFIG,
    history: Annotated[
        bool, typer.Option("--history", help="Warn also of words that no past message holds.")
    ] = False,
    data: Data = DEFAULT_DATA,
    database_url: DatabaseUrl = "",
    as_json: Json = False,
) -> None:
    """Read every file and report what is wrong, with its place.

    Example: guichet rules check config/
    Example: guichet rules check config/ --history --data /var/lib/guichet
    """
    with speaking(as_json=as_json):
        checked = check_anything(config_folder(folder), SystemClock().now().date())
        found = checked.problems
        if history and checked.ruleset is not None:
            found += asyncio.run(_never_seen(checked.ruleset, data, database_url))
        errors = [one for one in found if one.severity == "error"]
        if as_json:
            print_json([one.as_json() for one in found])
        else:
            for one in found:
                sign = "✗" if one.severity == "error" else "!"
                say(f"{sign} {one}")
            warnings = len(found) - len(errors)
            doubts = counted(warnings, "avertissement")
            say(f"{counted(len(errors), 'erreur')}, {doubts}")
        if errors:
            raise typer.Exit(BAD_INPUT)


async def _never_seen(ruleset: RuleSet, data: Path, database_url: str) -> tuple[Problem, ...]:
    """List the words of rules that no message of the store holds, as far as facts are kept."""
    unseen, after = Unseen(ruleset), None
    async with opened(data, database_url) as store:
        while page := await store.decisions(_EVER, after=after, limit=_PAGE):
            facts = [one.facts for one in page if one.facts is not None]
            await asyncio.to_thread(unseen.look, facts)
            after = After(page[-1].at, page[-1].id)
    if unseen.messages < FEWEST:
        say(
            f"{counted(unseen.messages, 'message')} en mémoire : il en faut {FEWEST} pour dire "
            "quels mots n'ont jamais servi.",
            to=err,
        )
    problems = Problems()
    unseen.report(problems)
    return problems.sorted()


@cli.command("test")
def test_rules(
    folder: Folder = DEFAULT_CONFIG,
    coverage: Annotated[
        bool, typer.Option("--coverage", help="List the rules without essai, and never applied.")
    ] = False,
    data: Data = DEFAULT_DATA,
    database_url: DatabaseUrl = "",
    as_json: Json = False,
) -> None:
    """Run the tests (`essais`) that stand beside the rules.

    Example: guichet rules test config/ --coverage
    """
    with speaking(as_json=as_json):
        ruleset = load_folder(config_folder(folder)).ruleset
        results = trials.run(ruleset)
        failed = [result for result in results if not result.passed]
        reach = _reach(ruleset, data, database_url) if coverage else {}
        if as_json:
            failures = [result.as_json() for result in failed]
            passed = len(results) - len(failed)
            print_json({"passed": passed, "failed": len(failed), "failures": failures, **reach})
        else:
            _tell(results, failed, reach)
        if failed:
            raise typer.Exit(FAILED)


def _tell(
    results: Sequence[TrialResult], failed: Sequence[TrialResult], reach: Mapping[str, list[str]]
) -> None:
    for result in failed:
        first, *more = result.lines
        say(f"✗ {first}")
        for line in more:
            say(f"    {line}")
    for what, rules in reach.items():
        say(f"{counted(len(rules), *_REACH[what])} :" if rules else _NONE[what])
        for rule in rules:
            say(f"  {rule}")
    passed = counted(len(results) - len(failed), "essai réussi")
    say(f"{passed}, {counted(len(failed), 'en échec', 'en échec')}")


_REACH = {
    "untried": ("règle sans essai", "règles sans essai"),
    "never_applied": ("règle jamais appliquée à un cas", "règles jamais appliquées à un cas"),
}
_NONE = {
    "untried": "Aucune règle n'est sans essai.",
    "never_applied": "Toutes les règles ont déjà été appliquées à un cas.",
}


def _reach(ruleset: RuleSet, data: Path, database_url: str) -> dict[str, list[str]]:
    """List what no test reaches, and what no case ever did where there is a history."""
    found = {"untried": untried(ruleset)}
    if database_url or kept_in(data):
        hit = asyncio.run(_hit(data, database_url))
        never = [
            f"{rule.at.file}:{rule.at.line}: {rule.id}"
            for file in ruleset.configuration.files
            for rule in file.rules
            if rule.id not in hit
        ]
        if hit:
            found["never_applied"] = never
    return found


async def _hit(data: Path, database_url: str) -> set[str]:
    """Find every rule that ever held, whether or not it won."""
    async with opened(data, database_url) as store:
        used = await uses(store, _EVER, _EVER)
        return set(used)
