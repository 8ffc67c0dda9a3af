"""The command line `guichet`."""

from __future__ import annotations

import typer

from app import cases, database, doctor, outbox, play, rules, serve, services, trying

cli = typer.Typer(
    name="guichet",
    help="One counter for several cities: every message becomes a case and finds its service.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
cli.command("demo")(play.demo)
cli.command("serve")(serve.serve)
cli.command("try")(trying.try_)
cli.command("doctor")(doctor.doctor)
cli.add_typer(rules.cli, name="rules")
cli.add_typer(services.cli, name="services")
cli.add_typer(cases.cli, name="cases")
cli.add_typer(outbox.cli, name="outbox")
cli.add_typer(database.cli, name="db")


def main() -> None:
    """Run the command line."""
    cli()


if __name__ == "__main__":
    main()
