"""`guichet doctor`: checks configuration, database and channels, a sentence each."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import typer

from app.console import (
    DEFAULT_CONFIG,
    DEFAULT_DATA,
    FAILED,
    Config,
    Data,
    DatabaseUrl,
    Json,
    config_folder,
    print_json,
    say,
    speaking,
)
from app.doctor_channels import Finding, ask_all, secrets_of
from app.french import counted
from app.named_accounts import strangers
from app.rulebook import load_folder
from app.running.partner_queues import queues
from app.running.stranded import stranded
from app.running.wiring import build
from app.settings import Settings, load_settings
from app.store_told import trouble_of
from app.stores import folder_of, opened
from router.delivery import DeliveryState
from router.errors import GuichetError, StoreUnavailable
from router.store import Store
from storage.private import open_to_others
from web.desk.tasks import late_tasks

_MARKS = {True: ("✓", "green"), False: ("✗", "red"), None: ("–", "")}
_LOST = (DeliveryState.DEAD, DeliveryState.REJECTED, DeliveryState.BOUNCED)


def doctor(
    data: Data = DEFAULT_DATA,
    database_url: DatabaseUrl = "",
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """Check the configuration, the database, every channel and every way to a service.

    Exits with 1 when something is wrong.

    Example: guichet doctor --json
    """
    with speaking():
        settings = load_settings(data=data, database_url=database_url, config=config_folder(config))

        async def run() -> list[Finding]:
            asyncio.get_running_loop().set_exception_handler(_left_behind)
            return [finding async for finding in _check(settings)]

        with _libraries_silent():
            findings = asyncio.run(run())
        if as_json:
            print_json([{"what": f.what, "ok": f.ok, "sentence": f.sentence} for f in findings])
        else:
            for finding in findings:
                mark, colour = _MARKS[finding.ok]
                say(f"{mark} {finding.what} : {finding.sentence}", style=colour)
        if any(finding.ok is False for finding in findings):
            raise typer.Exit(FAILED)


@contextmanager
def _libraries_silent() -> Iterator[None]:
    """What libraries log of a provider that is none stands in the findings, in a sentence."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


def _left_behind(loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    """Say nothing of tasks that a library has left behind after it was cut off."""


async def _check(settings: Settings) -> AsyncIterator[Finding]:
    try:
        rulebook = load_folder(settings.config)
    except GuichetError as error:
        yield Finding("configuration", False, str(error).splitlines()[0])
        return
    services = len(rulebook.directory.services())
    yield Finding("configuration", True, f"{services} services, sans erreur ({settings.config}).")
    try:
        async with opened(settings.data, settings.database_url) as store:
            async for finding in _check_store(settings, store):
                yield finding
    except StoreUnavailable as error:
        yield Finding("base de données", False, trouble_of(error))
    except GuichetError as error:
        for line in str(error).splitlines():
            yield Finding("réglages", False, line)


async def _check_store(settings: Settings, store: Store) -> AsyncIterator[Finding]:
    waiting = await store.pending()
    yield Finding("base de données", True, f"répond, {counted(waiting, 'tâche')} en attente.")
    for folder in {settings.data, folder_of(settings.data, settings.database_url) or settings.data}:
        if (seen := open_to_others(folder)) is not None:
            yield Finding(
                "données",
                False,
                f"tous les comptes de cette machine peuvent lire {seen} : chmod -R go= {folder}",
            )
    lost = await store.list_deliveries(_LOST, 1000)
    yield Finding(
        "envois abandonnés", not lost, f"{len(lost)} (guichet outbox list)" if lost else "aucun."
    )
    product = await build(settings, store, publish=False)
    for name, sentence in strangers(settings, product.rulebooks.current().directory):
        yield Finding(name, False, sentence)
    stuck = {
        f"{one.channel} {one.account}".strip(): one for one in await stranded(store, product.sends)
    }
    for name, waits in stuck.items():
        yield Finding(name, False, waits.sentence)
    for counter in product.unconnected:
        if counter not in stuck:
            yield Finding(counter, None, "pas de réglages, ce canal n'est pas branché.")
    now = product.clock.now()
    for queue in await queues(store, product.policy.partners):
        yield Finding(f"file {queue.account}", not queue.late(now), queue.sentence(now))
    late = await late_tasks(store, now)
    told = (
        f"{len(late)} en retard (guichet desk tasks --en-retard)" if late else "aucune en retard."
    )
    yield Finding("tâches du guichet", not late, told)
    for finding in await ask_all(product.channels, secrets_of(settings.channels)):
        yield finding
