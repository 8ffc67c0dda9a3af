"""`guichet rules`: check, test and explain the YAML that supervisors write."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from app.attempt import attempts
from app.console import (
    BAD_INPUT,
    DEFAULT_CONFIG,
    FAILED,
    Config,
    Json,
    config_folder,
    err,
    out,
    print_json,
    speaking,
)
from app.rulebook import load_folder
from app.system import SystemClock
from router.errors import ConfigurationError
from rules import trials
from rules.checking import Checked, check
from rules.explain import explain as explained
from understanding.territory import Territory

cli = typer.Typer(no_args_is_help=True, help="The rules in YAML: check, test, explain.")
Folder = Annotated[Path, typer.Argument(help="Folder of the YAML.")]


def _checked(folder: Path) -> Checked:
    if not folder.is_dir():
        raise ConfigurationError(f"Le dossier de configuration « {folder} » n'existe pas.")
    return check(folder, Territory.from_description, SystemClock().now().date())


@cli.command("check")
def check_rules(folder: Folder = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """Read every file and report what is wrong, with its place.

    Example: guichet rules check config/
    """
    with speaking():
        checked = _checked(config_folder(folder))
        errors = [one for one in checked.problems if one.severity == "error"]
        if as_json:
            print_json(
                [
                    {
                        "file": one.file,
                        "line": one.line,
                        "column": one.column,
                        "severity": one.severity,
                        "code": one.code,
                        "message": one.message,
                        "fix": one.fix,
                        "example": one.example,
                    }
                    for one in checked.problems
                ]
            )
        else:
            for one in checked.problems:
                sign = "✗" if one.severity == "error" else "!"
                out.print(f"{sign} {one}", markup=False, soft_wrap=True)
            warnings = len(checked.problems) - len(errors)
            out.print(f"{len(errors)} erreur(s), {warnings} avertissement(s)")
        if errors:
            raise typer.Exit(BAD_INPUT)


@cli.command("test")
def test_rules(folder: Folder = DEFAULT_CONFIG) -> None:
    """Run the tests (`essais`) that stand beside the rules.

    Example: guichet rules test config/
    """
    with speaking():
        checked = _checked(config_folder(folder))
        if checked.ruleset is None:
            for one in checked.problems:
                if one.severity == "error":
                    err.print(str(one), markup=False, soft_wrap=True)
            raise typer.Exit(BAD_INPUT)
        results = trials.run(checked.ruleset)
        failed = [result for result in results if not result.passed]
        for result in failed:
            out.print(f"✗ {result}", markup=False, soft_wrap=True)
        out.print(f"{len(results) - len(failed)} passed, {len(failed)} failed")
        if failed:
            raise typer.Exit(FAILED)


@cli.command("explain")
def explain(
    text: Annotated[str, typer.Option("--texte", help="What the person writes.")],
    commune: Annotated[str, typer.Option("--commune", help="Name or INSEE code.")] = "",
    received: Annotated[str, typer.Option("--recu", help="When: 2026-11-24T22:30.")] = "",
    channel: Annotated[str, typer.Option("--canal", help="By which channel.")] = "web",
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """Say where a message would go, and why.

    Example: guichet rules explain --texte "lampadaire cassé" --commune Rezé
    """
    line = {"text": text, "commune": commune, "at": received, "channel": channel}

    async def run() -> None:
        async with attempts(load_folder(config_folder(config))) as attempt:
            result = await attempt.run(line, SystemClock().now())
            decision = attempt.decided
            if as_json or decision is None:
                print_json(result["decision"] or {"reason": result["reason"]})
            else:
                out.print(explained(decision), markup=False, soft_wrap=True)

    with speaking():
        asyncio.run(run())
