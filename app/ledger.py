"""`guichet ledger`: what providers received for us, beside what became of it, by account and day."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

import typer

from app.city_time import CITY, DAY
from app.console import (
    DEFAULT_CONFIG,
    DEFAULT_DATA,
    FAILED,
    Config,
    Data,
    DatabaseUrl,
    Json,
    config_folder,
    err,
    print_json,
    say,
    speaking,
)
from app.doctor_channels import close_channel
from app.french import counted
from app.running.wiring import build
from app.settings import Settings, load_settings
from app.since import Since
from app.since import since as moment_of
from app.stores import opened
from router.ledger import Became, Day, Ledger, ListsReceived, ProviderSilent
from router.store import Store
from router.words.called import channel_called

_DEADLINE_S = 60.0
_MOST_DAYS = 400
_MOST_SHOWN = 5
_CALLED: Mapping[Became, tuple[str, str]] = {
    Became.CASES: ("demande", "demandes"),
    Became.THREADED: ("suite", "suites"),
    Became.IGNORED: ("sans suite à donner", "sans suite à donner"),
    Became.QUARANTINED: ("illisible", "illisibles"),
    Became.PARTNERS: ("réponse de service", "réponses de services"),
    Became.RECEIPTS: ("accusé d'envoi", "accusés d'envoi"),
    Became.WAITING: ("en attente", "en attente"),
}
Silent = dict[tuple[str, str], str]


def ledger(
    since: Since = "7j",
    data: Data = DEFAULT_DATA,
    database_url: DatabaseUrl = "",
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """Compare what each provider has received for us with what is here, by account and day.

    Exits with 1 when a message that a provider has never came here, or a provider cannot be asked.

    Example: guichet ledger --since 7j
    """
    with speaking():
        settings = load_settings(data=data, database_url=database_url, config=config_folder(config))
        days, silent = asyncio.run(_compared(settings, since))
        if as_json:
            print_json({"days": [_stated(day) for day in days], "silent": _named(silent)})
        else:
            _tell(days)
            for (channel, account), sentence in silent.items():
                say(f"{channel_called(channel)} {account} : {sentence}", to=err)
        if silent or any(day.missing for day in days):
            raise typer.Exit(FAILED)


async def _compared(settings: Settings, since: str) -> tuple[list[Day], Silent]:
    async with opened(settings.data, settings.database_url) as store:
        product = await build(settings, store, publish=False)
        now = product.clock.now()
        moments = [*_mornings(moment_of(since, now), now), now]
        found, silent = Ledger(moments), Silent()
        found.count(await store.tally(moments))
        for (channel, account), one in product.channels.items():
            if isinstance(one, ListsReceived):
                sentence = await _ask(found, store, channel, account, one, moments[0])
                if sentence:
                    silent[channel, account] = sentence
        return found.days, silent


async def _ask(
    found: Ledger, store: Store, channel: str, account: str, one: ListsReceived, since: datetime
) -> str:
    """Compare with a provider's list; gives why it cannot be asked, if so."""
    try:
        async with asyncio.timeout(_DEADLINE_S):
            listed = await one.received(since)
    except ProviderSilent as error:
        return str(error)
    except TimeoutError:
        return f"pas de réponse en {_DEADLINE_S:.0f} s."
    finally:
        await close_channel(one)
    if listed is not None:
        ids = [each.provider_id for each in listed]
        found.compare(channel, account, listed, await store.unknown(channel, account, ids))
    return ""


def _mornings(since: datetime, now: datetime) -> Iterator[datetime]:
    """List the midnights of the city from the day of a moment on, at most some four hundred."""
    day = CITY.day(max(since, now - timedelta(days=_MOST_DAYS)))
    while (morning := CITY.midnight(day)) < now:
        yield morning
        day += timedelta(days=1)


def _tell(days: list[Day]) -> None:
    if not days:
        say("Aucun message depuis ce jour.")
    account = ""
    for day in days:
        heading = f"{channel_called(day.channel)} {day.account}"
        if heading != account:
            say(heading, style="bold")
            account = heading
        say(f"  {CITY.shown(day.begin, DAY)}  {', '.join(_parts(day)) or 'rien'}", hang=14)
        if day.missing:
            shown = ", ".join(day.missing[:_MOST_SHOWN])
            more = f" et {len(day.missing) - _MOST_SHOWN} autres (--json)"
            say(
                f"              Jamais arrivé ici : {shown}{more * (len(day.missing) > _MOST_SHOWN)}",
                style="red",
                hang=14,
            )


def _parts(day: Day) -> Iterator[str]:
    for kind, (one, several) in _CALLED.items():
        number = day.became.get(kind, 0)
        if number:
            yield counted(number, one, several)
    if day.listed is not None:
        yield f"{day.listed} chez le fournisseur"
    if day.refused:
        yield counted(day.refused, "refusé par lui", "refusés par lui")


def _stated(day: Day) -> dict[str, object]:
    return {
        "channel": day.channel,
        "account": day.account,
        "day": day.begin.date().isoformat(),
        **{str(kind): day.became.get(kind, 0) for kind in Became},
        "provider": day.listed,
        "refused_by_provider": day.refused,
        "missing": day.missing,
    }


def _named(silent: Silent) -> list[dict[str, str]]:
    return [
        {"channel": channel, "account": account, "sentence": sentence}
        for (channel, account), sentence in silent.items()
    ]
