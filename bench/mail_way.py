"""The way of mails from a real mailbox to committed cases, and of their answers to a relay.

Dovecot is the private one of the tests; where it cannot be started, its figure is null. What leaves
is sent by the product's own couriers, each delivery durable before and after it is sent.
"""

from __future__ import annotations

import asyncio
import imaplib
import importlib.util
import smtplib
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.running.server import ROUTE_LOOPS
from bench.bound import Serving, serving
from bench.databases import folder_on_disk
from bench.mail_bag import COUNTERS, messages
from bench.way import Way, way
from router.outbox import Courier
from router.polling import Poller
from router.ports import Sends
from router.rule_ports import Prepares

_POST_OFFICE = Path(__file__).parent.parent / "tests" / "channels" / "post_office.py"
_BOX = COUNTERS["email"][0]
_CONNECTIONS = 2
_LIMIT_PER_S = 100_000.0  # of the relay, so that not the limit is measured


@dataclass(frozen=True, slots=True)
class Rate:
    """How many were done in how long, beside a bare client at the same server."""

    per_s: float
    cpu_ms: float
    """Milliseconds of CPU of this process for each."""
    bound_per_s: float

    def plain(self, name: str) -> dict[str, float]:
        return {
            f"{name}_per_s": round(self.per_s, 1),
            f"{name}_cpu_ms": round(self.cpu_ms, 2),
            f"{name}_bound_per_s": round(self.bound_per_s, 1),
            f"{name}_ratio": round(self.per_s / self.bound_per_s, 3),
        }


def measure(count: int) -> dict[str, Any]:
    """Take ``count`` mails from a mailbox to cases, then send what leaves to a relay."""
    with ExitStack() as stack:
        office = stack.enter_context(dovecot())
        folder = stack.enter_context(folder_on_disk())
        return asyncio.run(_measure(office, folder, count))


@contextmanager
def dovecot() -> Iterator[Any]:
    """Start the tests' post office; None, with the reason on stderr, where it cannot be had."""
    spec = importlib.util.spec_from_file_location("bench_post_office", _POST_OFFICE)
    if spec is None or spec.loader is None or not _POST_OFFICE.exists():
        sys.stderr.write("IMAP was not measured: this is no checkout with tests\n")
        yield None
        return
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    why = module.missing()
    if why:
        sys.stderr.write(f"IMAP was not measured: {why}\n")
        yield None
        return
    with module.opened() as office:
        yield office


async def _measure(office: Any, folder: Path, count: int) -> dict[str, Any]:
    async with serving("bench.relay") as relay:
        email: dict[str, Any] = {"smtp_host": "127.0.0.1", "smtp_port": relay.port}
        email |= {"smtp_per_s": _LIMIT_PER_S, "smtp_connections": _CONNECTIONS}
        if office is not None:
            email |= {"imap_host": "127.0.0.1", "imap_port": office.imap_port, "imap_tls": False}
            email |= {"password": "mot-de-passe", "imap_wait_s": 1}
        url = f"sqlite:///{folder / 'guichet.db'}"
        async with way(url, folder, channels={"email": email}) as made:
            await _started(made)
            arrived = await _in(made, office, count)
            sent = await _out(made, relay)
    return {
        **(arrived.plain("imap_to_case") if arrived else {"imap_to_case_per_s": None}),
        **sent.plain("smtp_out"),
    }


async def _started(made: Way) -> None:
    """Prepare what `guichet serve` prepares when it starts, before the first mail."""
    understands = made.product.router.understands
    if isinstance(understands, Prepares):
        await asyncio.to_thread(understands.prepare)


# --- in -------------------------------------------------------------------------------------------


async def _in(made: Way, office: Any, count: int) -> Rate | None:
    """Have the mails polled, journalled and worked, as `guichet serve` does; the last commit ends."""
    mails = [raw.payload for raw in messages(8 * count, seed=7) if raw.channel == "email"][:count]
    if office is None:
        for mail in mails:
            raw = made.product.channels[("email", _BOX)].envelope(mail, made.product.clock.now())  # type: ignore[attr-defined]
            await made.product.store.accept([raw])
        await route(made, len(mails))
        return None
    office.put(_BOX, *mails)
    bound = await asyncio.to_thread(_fetch_all, office.imap_port)
    product = made.product
    [channel] = [one for one in product.pollers if one.poller == f"email|{_BOX}"]
    poller = Poller(channel, product.store, product.store, product.clock, made.report)
    began, cpu = time.perf_counter(), time.process_time()
    async with asyncio.TaskGroup() as tasks:
        polling = tasks.create_task(poller.run())
        await route(made, len(mails))
        took, used = time.perf_counter() - began, time.process_time() - cpu
        polling.cancel()
    return Rate(len(mails) / took, 1000 * used / len(mails), bound)


async def route(made: Way, count: int) -> None:
    """Work what waits, with as many loops as in `guichet serve`, until so many are done."""
    made.seen.clear()

    async def loop() -> None:
        while sum(made.seen.values()) < count:
            if await made.router.run_once() == 0:
                await asyncio.sleep(0.005)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(ROUTE_LOOPS):
            tasks.create_task(loop())


def _fetch_all(port: int) -> float:
    """Fetch every mail by a bare client that neither reads nor keeps it; mails a second."""
    with imaplib.IMAP4("127.0.0.1", port) as client:
        client.login(_BOX, "mot-de-passe")
        client.select(readonly=True)
        uids = client.uid("SEARCH", "ALL")[1][0].split()
        began = time.perf_counter()
        for uid in uids:
            client.uid("FETCH", uid.decode(), "(BODY.PEEK[])")
        return len(uids) / (time.perf_counter() - began)


# --- out ------------------------------------------------------------------------------------------


async def _out(made: Way, relay: Serving) -> Rate:
    """Have the couriers send the receipts and the mails to services, until nothing waits."""
    senders = [(role, one) for role, one in made.product.senders.items() if "email|" in role]
    began, cpu = time.perf_counter(), time.process_time()
    async with asyncio.TaskGroup() as tasks:
        counts = [tasks.create_task(_drain(made, role, sender)) for role, sender in senders]
    took, used = time.perf_counter() - began, time.process_time() - cpu
    sent = sum(task.result() for task in counts)
    bound = await asyncio.to_thread(_send_all, relay.port, max(50, sent // 2))
    return Rate(sent / took, 1000 * used / sent, bound)


async def _drain(made: Way, role: str, sender: Sends) -> int:
    product, sent = made.product, 0
    courier = Courier(role, sender, product.store, product.clock, product.ids)
    while worked := await courier.run_once():
        sent += worked
    return sent


def _send_all(port: int, count: int) -> float:
    """Send ready mails over one warm connection of a bare client; mails a second."""
    mail = next(raw.payload for raw in messages(100) if raw.channel == "email")
    with smtplib.SMTP("127.0.0.1", port) as client:
        began = time.perf_counter()
        for _ in range(count):
            client.sendmail(_BOX, ["lea@citoyens.example"], mail)
        took = time.perf_counter() - began
        with suppress(smtplib.SMTPException):
            client.quit()
    return count / took
