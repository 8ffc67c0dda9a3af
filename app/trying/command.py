"""`guichet try`: the command."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from app.console import (
    BAD_INPUT,
    DEFAULT_CONFIG,
    Config,
    Json,
    config_folder,
    print_json,
    say,
    speaking,
)
from app.french import ACTIONS, URGENCIES, counted
from app.known_commune import check_commune
from app.rulebook import LoadedRulebook, load_folder
from app.settings import load_settings
from app.system import SystemClock
from app.trying.attempt import attempts
from app.trying.lines import lines_of
from app.trying.sms_cost import sms_cost
from channels.system_words import refusal
from router.archive import Action
from router.decision import Urgency
from router.delivery import DeliveryKind
from router.errors import ConfigurationError, InvalidInput
from router.words.called import SENDINGS, channel_called
from router.words.place_line import one_line
from router.words.rule_names import by_rule


def try_(
    channel: Annotated[
        str, typer.Option(help="email, sms, whatsapp, telegram, matrix, x, web or desk.")
    ] = "web",
    kind: Annotated[str, typer.Option(help="On X: dm or mention.")] = "",
    sender: Annotated[str, typer.Option("--from", help="Who writes.")] = "",
    to: Annotated[str, typer.Option(help="The counter; unknown: the default one.")] = "",
    text: Annotated[str, typer.Option(help="What is written.")] = "",
    subject: Annotated[str, typer.Option(help="Subject of an e-mail.")] = "",
    at: Annotated[str, typer.Option(help="When: 2026-11-24T10:15:00, local time.")] = "",
    location: Annotated[str, typer.Option(help="A pin: LAT,LON.")] = "",
    commune: Annotated[str, typer.Option(help="Commune given by a form: name or code.")] = "",
    category: Annotated[str, typer.Option(help="Category given by a form or an agent.")] = "",
    raw: Annotated[str, typer.Option(help="File in the provider's raw form; wins.")] = "",
    batch: Annotated[Path | None, typer.Option(help="One message a line, as JSON.")] = None,
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """Run a message through the rules; nothing is sent and nothing is stored.

    Example: guichet try --channel sms --text "Lampadaire cassé rue de la Poterie à Rezé"
    """
    one = {
        "channel": channel, "kind": kind, "from": sender, "to": to, "text": text,
        "subject": subject, "at": at, "location": location, "commune": commune,
        "category": category, "raw": raw,
    }  # fmt: skip
    with speaking():
        rulebook = load_folder(config_folder(config))
        if batch:
            asyncio.run(_run(rulebook, _batch(batch), as_json=True))
            return
        check_commune(commune, rulebook)
        if sentence := asyncio.run(_run(rulebook, [one], as_json=as_json)):
            if as_json:
                raise typer.Exit(BAD_INPUT)  # the result says why
            raise InvalidInput(sentence)


def _batch(path: Path) -> Iterable[Mapping[str, Any]]:
    try:
        return lines_of(path.read_bytes())
    except OSError as error:
        raise ConfigurationError(f"« {path} » ne peut pas être lu : {refusal(error)}.") from error


async def _run(
    rulebook: LoadedRulebook, lines: Iterable[Mapping[str, Any]], *, as_json: bool
) -> str:
    """Try messages and print what comes of them; tells why the last cannot be read, "" if it can.

    What cannot be read is printed as JSON only.
    """
    unread = ""
    clock, settings = SystemClock(), load_settings()
    account = next((c.address for c in rulebook.directory.counters() if c.channel == "sms"), "+")
    async with attempts(rulebook, settings.base_url) as attempt:
        for line in lines:
            result = await attempt.run(line, clock.now())
            to = str(line.get("to") or account)
            result["sms"] = sms_cost(result["replies"], settings, to)
            unread = _unread(line, attempt.refused) if result["action"] == Action.QUARANTINE else ""
            if as_json:
                print_json(result)
                sys.stdout.flush()
            elif not unread:
                _show(result, rulebook)
    return unread


def _unread(line: Mapping[str, Any], refused: str) -> str:
    """Say that a message cannot be read; what its channel says of it is for programs."""
    if refused:
        return f"{refused[:1].upper()}{refused[1:]}."
    what = f"« {line['raw']} »" if line.get("raw") else "Ce qui est donné"
    return f"{what} n'est pas un message du canal {line.get('channel') or 'web'}."


def _show(result: Mapping[str, Any], rulebook: LoadedRulebook) -> None:
    decision, place = result["decision"], result["place"]
    number = f"  {result['case']}" if result["case"] else ""
    why = "" if decision and decision["sentence"] == result["reason"] else f"  ({result['reason']})"
    say(f"{ACTIONS[Action(result['action'])].capitalize()}{number}{why}", style="bold")
    if decision:
        _row("service", f"{decision['owner']} : {by_rule(decision['rule'])}")
        _row("pourquoi", decision["sentence"])
        _row("urgence", URGENCIES[Urgency(result["urgency"])])
        _row("catégorie", result["category"] or "inconnue")
        commune = rulebook.commune_name(place["insee"]) if place["insee"] else ""
        _row("lieu", one_line((place["text"], commune)) or "inconnu")
    for reply in result["replies"]:
        _row("réponse", f"{channel_called(reply['channel'])} ({reply['language']})")
        for paragraph in reply["text"].splitlines():
            _row("", paragraph)
    if result["sms"]:
        _row("SMS", _priced(result["sms"]))
    for delivery in result["deliveries"]:
        _row(
            "envoi",
            f"{SENDINGS[DeliveryKind(delivery['kind'])]} → {channel_called(delivery['channel'])} {delivery['to']}",
        )


def _row(name: str, value: str) -> None:
    say(f"  {name:<11}{value}".rstrip(), hang=13)


def _priced(sms: Mapping[str, Any]) -> str:
    count, price = sms["segments"], sms["price"]
    segments = counted(count, "segment facturé")
    return segments if price is None else f"{segments}, {price:.3f} €".replace(".", ",")
