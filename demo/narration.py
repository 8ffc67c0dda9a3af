"""Tell on the terminal, in French, what happens to each message of the demo."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from demo.clock import WallClock
from router.archive import Action
from router.case import Case, ReporterRole
from router.delivery import Delivery
from router.message import Address
from router.tracking import printed
from router.work import Inbound
from router.worked import Worked

WIDTH = 80
_CHANNELS = {
    "email": ("✉", "courriel", "cyan"),
    "sms": ("☎", "SMS", "green"),
    "whatsapp": ("✆", "WhatsApp", "bright_green"),
    "telegram": ("➤", "Telegram", "blue"),
    "matrix": ("⊞", "Matrix", "bright_blue"),
    "x": ("✕", "X", "white"),
    "web": ("▤", "formulaire", "magenta"),
    "desk": ("⌂", "guichet", "yellow"),
}
_URGENCIES = {"low": "basse", "normal": "normale", "high": "haute", "immediate": "IMMÉDIATE"}
_BLOCKS: Mapping[Action, tuple[str, str]] = {
    Action.CREATE: ("nouvelle demande", "bold"),
    Action.ASK: ("demande à préciser", "bold"),
    Action.EMERGENCY: ("▲ DANGER : les numéros d'urgence d'abord", "bold red"),
    Action.REDIRECT: ("la personne est orientée, aucun service n'est dérangé", "bold"),
    Action.APPEND: ("suite de la demande", "bold"),
    Action.IGNORE: ("rien à faire", "dim"),
    Action.OPT_OUT: ("ne plus écrire à cette personne", "dim"),
    Action.QUARANTINE: ("illisible : gardé pour un agent", "yellow"),
}
_SILENT = ("référence", "note", "l'acte vient trop tard")
"""Words of a service that the person is not told."""
_HOW = {
    "email": "par courriel à",
    "sms": "par SMS au",
    "whatsapp": "par WhatsApp au",
    "telegram": "par Telegram à",
    "matrix": "par Matrix à",
    "x": "sur X à",
    "callback": "au téléphone, par un agent, au",
    "relay": "au téléphone, par le relais, au",
    "letter": "par lettre à",
}
"""By channel, and at the desk by way."""


@dataclass(slots=True)
class Narrator:
    """Writes one block a message; ``quiet`` writes nothing at all, for programs that read stdout."""

    quiet: bool = False
    console: Console = field(
        default_factory=lambda: Console(
            file=sys.stderr, width=WIDTH, highlight=False, soft_wrap=False
        )
    )
    names: dict[str, str] = field(default_factory=dict)
    """What services are called, by their id."""
    _owners: Counter[str] = field(default_factory=Counter)
    _people: dict[tuple[str, str], str] = field(default_factory=dict)
    """What people are called, where their address is a mere number."""
    _began: float = field(default_factory=WallClock().monotonic)

    def opening(self, rules: str = "") -> None:
        """Say what is about to be seen; ``rules`` names those that decide."""
        self._print(
            Panel(
                "Des citoyens écrivent par courriel, SMS, WhatsApp, Telegram, Matrix, X ou\n"
                "formulaire, appellent ou envoient une lettre, qu'un agent du guichet saisit.\n"
                "Chaque message devient une demande ; les règles choisissent le service ;\n"
                "sa réponse repart par le canal de chacun. Tout se passe sur cette machine.",
                title="[bold]Guichet – démonstration[/]",
                border_style="cyan",
            )
        )
        if rules:
            self._print(f"Règles jouées : {escape(rules)}.\n")

    # --- one message -----------------------------------------------------------------------------

    def routed(self, inbound: Inbound, worked: Worked) -> None:
        """Tell what became of a message, or of a service's answer."""
        echo = worked.action is Action.IGNORE and worked.message is None
        if worked.action is Action.RECEIPT or echo or self.quiet:
            return
        if worked.action is Action.PARTNER:
            self._partner(worked)
            return
        self._heading(inbound, worked)
        words, style = _BLOCKS[worked.action]
        facts = self._facts(worked.case)
        room = WIDTH - len(words) - len(Text.from_markup(facts)) - 2
        self._print(f"  [{style}]{words}[/]{facts if room >= 0 else ''}")
        if room < 0:
            self._print(f"   {facts}")
        if worked.decision is not None and worked.case is not None:
            self._decision(worked)
        elif worked.reason:
            self._print(f"  [dim]parce que : {escape(_short(worked.reason, 66))}[/]")
        if worked.reply is not None:
            self._print(f"  [green]✓ réponse {self._towards(worked.reply.address)}[/]")
        self._print("")

    def delivered(self, delivery: Delivery) -> None:
        """Tell that something has left."""
        words = _short(delivery.text, 40)
        self._print(
            f"  [green]✓ parti {self._towards(delivery.address)}[/] [dim]{escape(words)}[/]"
        )

    def _towards(self, address: Address) -> str:
        """Say by which channel and to whom; a page and a public reply have nobody's address."""
        if address.channel == "web":
            return "sur la page de suivi"
        if address.kind == "mention":
            return "en public, sans rien de la demande"
        who = self._people.get((address.channel, address.value), address.value)
        how = _HOW.get(address.kind if address.channel == "desk" else address.channel, "à")
        return f"{how} {escape(' '.join(who.split()))}"

    def _heading(self, inbound: Inbound, worked: Worked) -> None:
        symbol, name, colour = _CHANNELS.get(inbound.envelope.channel, ("•", "?", "white"))
        message = worked.message
        who = (message.sender_name or message.address.value) if message else ""
        if message and message.address.channel in {"telegram", "matrix", "x"} and who:
            self._people[message.address.channel, message.address.value] = who
        text = (message.text_shown or message.subject or _other(worked)) if message else ""
        room = WIDTH - len(symbol) - len(name) - len(who) - 12
        said = f" « {_short(text, max(room, 20))} »" if text else ""
        who = who or Address.from_key(inbound.envelope.conversation).value
        who = escape(_short(who, 26))
        self._print(f"[{colour}]{symbol} {name}[/]  [bold]{who}[/]{escape(said)}")

    @staticmethod
    def _facts(case: Case | None) -> str:
        if case is None:
            return ""
        number = printed(case.public_number or case.number)
        urgency = _URGENCIES.get(case.urgency, str(case.urgency))
        category = escape(case.category or "à préciser")
        return f" [bold cyan]{number}[/] · {category} · urgence {urgency}"

    def _decision(self, worked: Worked) -> None:
        decision, case = worked.decision, worked.case
        assert decision is not None  # noqa: S101 -- the caller has looked
        assert case is not None  # noqa: S101 -- the caller has looked
        new = worked.action is not Action.APPEND
        if new and worked.action is not Action.REDIRECT:
            for owner in [part.owner for part in decision.parts] or [case.owner]:
                self._owners[owner] += 1
        name, _, why = decision.sentence.partition(" est responsable ")
        self.names[decision.owner] = name
        if not new:
            self._print(f"  [dim]parce que : {escape(_short(worked.reason, 66))}[/]")
            return
        owners = [self.names.get(part.owner, part.owner) for part in decision.parts] or [name]
        for called in owners:
            self._print(f"  [yellow]→ {escape(called)}[/]")
        if decision.parts:
            why = f"en {len(decision.parts)} parties, par la règle « {decision.rule} »."
        self._print(f"    [dim]{escape(_short(why or decision.sentence, 74))}[/]")

    def _partner(self, worked: Worked) -> None:
        case = worked.case
        if case is None:
            self._print(f"[red]✗ {escape(worked.reason)}[/]\n")
            return
        number = printed(case.public_number or case.number)
        text = _short(worked.message.text_shown, 70) if worked.message else ""
        said = f" « {escape(text)} »" if text else ""
        what = escape(_short(self._named(worked.reason), WIDTH - len(number) - 4))
        self._print(f"[yellow]◆ {what}[/]  [cyan]{number}[/]")
        if said:
            self._print(f"  [italic]{said.strip()}[/]")
        silent = worked.reason.startswith(_SILENT)
        for reporter in () if silent else case.reporters:
            if reporter.role is ReporterRole.REPORTER:
                self._print(f"  [green]→ réponse {self._towards(reporter.address)}[/]")
        self._print("")

    def _named(self, sentence: str) -> str:
        """Call the service by its name in a sentence that ends with its id."""
        words, _, last = sentence.rpartition(" ")
        if last not in self.names:
            return sentence
        return f"{words.removesuffix(' de').removesuffix(' par')} – {self.names[last]}"

    # --- the end ---------------------------------------------------------------------------------

    def closing(self, report: Mapping[str, Any]) -> None:
        """Sum up."""
        self._print(self._channels(report))
        if self._owners:
            self._print(self._services())
        good = not any(report[key] for key in ("unanswered", "wrong_channel", "dead"))
        if good:
            self._print("[bold green]✓ Chaque personne a reçu sa réponse là où elle l'attend.[/]")
        seconds = f"{WallClock().monotonic() - self._began:.1f}".replace(".", ",")
        times = f"{report['cases']} demandes, transmises {report['forwarded']} fois"
        self._print(f"[dim]{times}, en {seconds} secondes[/]\n")
        for key, words in (
            ("unanswered", "sans réponse"),
            ("wrong_channel", "réponse au mauvais endroit"),
            ("dead", "envoi abandonné"),
        ):
            for one in report[key]:
                self._print(f"[bold red]✗ {words} :[/] {escape(str(one))}")

    def your_turn(self, base_url: str, play_url: str) -> None:
        """Say where to go on by hand."""
        lines = [f"La page des habitants   [bold]{base_url}/[/]"]
        lines.append(f"Suivre une demande      [bold]{base_url}/suivi[/]")
        if play_url:
            lines.append(f"Jouer un citoyen        [bold]{play_url}/[/]")
        self._print(Panel("\n".join(lines), title="Et maintenant, à vous", border_style="cyan"))

    @staticmethod
    def _channels(report: Mapping[str, Any]) -> Table:
        table = Table(width=WIDTH, title="Par canal", title_justify="left")
        table.add_column("canal")
        for column in ("messages", "demandes", "réponses"):
            table.add_column(column, justify="right")
        for channel, counts in report["by_channel"].items():
            symbol, name, colour = _CHANNELS[channel]
            numbers = (str(counts[key]) for key in ("in", "cases", "replies"))
            table.add_row(f"[{colour}]{symbol} {name}[/]", *numbers)
        replies = sum(counts["replies"] for counts in report["by_channel"].values())
        table.add_section()
        table.add_row("total", str(report["messages"]), str(report["cases"]), str(replies))
        return table

    def _services(self) -> Table:
        table = Table(width=WIDTH, title="Par service", title_justify="left")
        table.add_column("service")
        table.add_column("demandes", justify="right")
        for owner, count in self._owners.most_common():
            table.add_row(escape(self.names.get(owner, owner)), str(count))
        return table

    def _print(self, what: object) -> None:
        if not self.quiet:
            self.console.print(what)


def _other(worked: Worked) -> str:
    message = worked.message
    if message is None:
        return ""
    return "(position)" if message.location else "(photo)" if message.attachments else ""


def _short(text: str, length: int) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= length else plain[: length - 1].rstrip() + "…"
