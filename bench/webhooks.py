"""How many signed webhooks a second one gateway makes durable, beside a bare server.

``python -m bench.webhooks FOLDER`` serves the product's own gateway on loopback: signatures are
checked, each message is wrapped for the journal and durable before the provider is answered.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from pydantic import SecretStr

from app.running.server import Server
from app.serve import listening
from bench.bound import drive, posted, serving
from bench.databases import folder_on_disk
from bench.mail_bag import messages
from bench.way import way
from demo.twilio_shapes import sign

_TOKEN, _SECRET = "jeton-du-bench", "secret-du-bench"
_PUBLIC = "https://guichet.example/webhooks/sms/{number}"
_FASTEST_PER_S = 10_000
_REPEATS = 3
_HOOKS = {"sms": "/webhooks/sms/{account}", "telegram": "/webhooks/telegram/{account}"}


def measure(seconds: float) -> dict[str, object]:
    """Drive gateway and bare server by turns for about ``seconds`` each; the median pair counts."""
    return {"webhook": asyncio.run(_measure(seconds))}


async def _measure(seconds: float) -> dict[str, object]:
    # unlike messages, or the journal would know them: as many as could be taken
    wanted = int(1.1 * _FASTEST_PER_S * seconds / _REPEATS) + 500
    requests = list(requests_of(wanted, seed=1))
    pairs = []
    for _ in range(_REPEATS):
        with folder_on_disk() as folder:
            url = f"sqlite:///{folder / 'bound.db'}"
            async with serving("bench.bound", url, "grouped") as server:
                bodies = itertools.cycle([posted("/", body) for body in _bodies(500)])
                bound = await drive(server, bodies, seconds / _REPEATS)
            async with serving("bench.webhooks", str(folder)) as server:
                reached = await drive(server, iter(requests), seconds / _REPEATS)
            pairs.append((reached.per_s / bound.per_s, reached, bound))
    ratio, reached, bound = sorted(pairs, key=lambda pair: pair[0])[len(pairs) // 2]
    return {
        "per_s": round(reached.per_s, 1),
        "bound_per_s": round(bound.per_s, 1),
        "ratio": round(ratio, 3),
        "ratios": [round(one[0], 3) for one in pairs],
        "cpu_ms": round(reached.cpu_ms, 3),
        "bound_cpu_ms": round(bound.cpu_ms, 3),
        "cpu_ratio": round(bound.cpu_ms / reached.cpu_ms, 3),
    }


def requests_of(count: int, seed: int) -> Iterator[bytes]:
    """Write signed calls of Twilio and Telegram, each of another message."""
    left = count
    for part in itertools.count():
        for raw in messages(1000, seed=seed * 1000 + part):
            if raw.channel not in _HOOKS:
                continue
            path = _HOOKS[raw.channel].format(account=raw.account)
            yield posted(path, raw.payload, _headers(raw.channel, raw.account, raw.payload))
            left -= 1
            if not left:
                return


def _headers(channel: str, account: str, body: bytes) -> str:
    if channel == "telegram":
        return f"X-Telegram-Bot-Api-Secret-Token: {_SECRET}\r\nContent-Type: application/json\r\n"
    url = _PUBLIC.format(number=account)
    signature = sign(_TOKEN, url, dict(parse_qsl(body.decode(), keep_blank_values=True)))
    form = "application/x-www-form-urlencoded"
    return f"X-Twilio-Signature: {signature}\r\nContent-Type: {form}\r\n"


def _bodies(count: int) -> list[bytes]:
    return [raw.payload for raw in messages(3 * count) if raw.channel in _HOOKS][:count]


# --- the gateway ----------------------------------------------------------------------------------


async def run(folder: Path) -> None:
    """Serve until the one who started us closes our standard input; says the port first."""
    numbers = ("+33756000044", "+33756000047")
    sms = {"account_sid": "AC0", "auth_token": _TOKEN}
    channels: dict[str, dict[str, Any]] = {
        "sms": {number: {**sms, "public_url": _PUBLIC.format(number=number)} for number in numbers},
        "telegram": {"token": "1:bench", "webhook_secret": SecretStr(_SECRET)},
    }
    async with way(f"sqlite:///{folder / 'guichet.db'}", folder, channels=channels) as made:
        listener = listening("127.0.0.1", 0)
        server = Server(made.product, roles=("gateway",), sockets=[listener])
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(server.run())
            await server.started.wait()
            print(listener.getsockname()[1], flush=True)
            await asyncio.to_thread(sys.stdin.buffer.read)
            server.stop.set()


if __name__ == "__main__":
    asyncio.run(run(Path(sys.argv[1])))
