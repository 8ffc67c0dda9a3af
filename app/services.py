"""`guichet services`: who can be in charge."""

from __future__ import annotations

import typer
from rich.table import Table

from app.console import DEFAULT_CONFIG, Config, Json, config_folder, out, print_json, speaking
from app.rulebook import load_folder

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
        table = Table("service", "famille", "niveau", "commune", "nom")
        for service in services:
            table.add_row(
                service.id, service.family, service.level, service.insee or "", service.name("fr")
            )
        out.print(table)
