"""`guichet services`: who can be in charge."""

from __future__ import annotations

import typer

from app.console import DEFAULT_CONFIG, Config, Json, config_folder, print_json, say, speaking
from app.rulebook import load_folder

_LEVELS = {"city": "ville", "metropole": "métropole", "partner": "partenaire"}
cli = typer.Typer(no_args_is_help=True, help="Services, and what they are in charge of.")


@cli.callback()
def _services() -> None:
    """Services, and what they are in charge of."""


@cli.command("list")
def list_services(config: Config = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """List the services of a configuration.

    Example: guichet services list --json
    """
    with speaking():
        services = load_folder(config_folder(config)).directory.services()
        if as_json:
            print_json(
                [
                    {
                        "id": service.id,
                        "family": service.family,
                        "level": service.level,
                        "insee": service.insee,
                        "names": dict(service.names),
                    }
                    for service in services
                ]
            )
            return
        for service in services:
            where = f", {service.insee}" if service.insee else ""
            say(f"{service.id} : {service.name('fr')}")
            say(f"    {service.family}, {_LEVELS.get(service.level, service.level)}{where}", hang=4)
