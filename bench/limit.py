"""Two processes send by one account: together they reach its limit, and never pass it.

``python -m bench.limit FOLDER PORT PER_S`` is one of them: it sends what waits until nothing does.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.bound import Serving, serving
from bench.databases import folder_on_disk
from bench.mail_bag import COUNTERS, messages
from bench.mail_way import route
from bench.way import Way, way
from router.outbox import Courier

_BOX = COUNTERS["email"][0]
_PER_S = 20.0
_PROCESSES = 2
_REST_S = 0.02


def measure(seconds: float) -> dict[str, Any]:
    """Have enough to send for ``seconds`` at the limit, and look when each mail came."""
    return {"limit": asyncio.run(_measure(int(_PER_S * (seconds + 1))))}


async def _measure(count: int) -> dict[str, Any]:
    with folder_on_disk() as folder:
        came = folder / "came.json"
        async with serving("bench.relay", str(came)) as relay:
            async with _opened(folder, relay.port, _PER_S) as made:
                await _fill(made, count)
            await asyncio.gather(*(_send(folder, relay) for _ in range(_PROCESSES)))
        return told(json.loads(came.read_text()))


def told(moments: Sequence[float]) -> dict[str, Any]:
    """Tell the rate beyond the burst, and the most that came within any second."""
    moments = sorted(moments)
    burst = round(_PER_S)
    rate = (len(moments) - burst) / (moments[-1] - moments[0])
    busiest = max(
        sum(moment <= later < moment + 1 for later in moments[place:])
        for place, moment in enumerate(moments)
    )
    return {
        "processes": _PROCESSES,
        "sent": len(moments),
        "per_s": round(rate, 2),
        "limit_per_s": _PER_S,
        "ratio": round(rate / _PER_S, 3),
        "most_in_a_second": busiest,
        "allowed_in_a_second": round(_PER_S) + burst,
    }


def _opened(folder: Path, port: int, per_s: float) -> Any:
    email = {"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_per_s": per_s}
    return way(f"sqlite:///{folder / 'guichet.db'}", folder, channels={"email": email})


async def _fill(made: Way, count: int) -> None:
    """Let cases be opened, each of which answers its reporter."""
    channel: Any = made.product.channels[("email", _BOX)]
    mails = (raw for raw in messages(10 * count, seed=9) if raw.channel == "email")
    taken = [next(mails) for _ in range(count)]
    now = made.product.clock.now()
    await made.product.store.accept([channel.envelope(mail.payload, now) for mail in taken])
    await route(made, count)


async def _send(folder: Path, relay: Serving) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.limit", str(folder), str(relay.port), str(_PER_S),
        cwd=Path(__file__).parent.parent,
    )  # fmt: skip
    await process.wait()


async def run(folder: Path, port: int, per_s: float) -> None:
    """Send what waits for the people of one mailbox, until nothing does."""
    async with _opened(folder, port, per_s) as made:
        product, role = made.product, f"send:email|{_BOX}"
        sender = product.senders[role]
        courier = Courier(role, sender, product.store, product.clock, product.ids)
        while await courier.run_once() or await product.store.next_due(role) is not None:  # noqa: ASYNC110 -- the other process rings no bell here
            await asyncio.sleep(_REST_S)


if __name__ == "__main__":
    asyncio.run(run(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
