"""Matrix homeservers for one suite: our simulator and a real Synapse, both on loopback.

Citizens use the client-server API on both, so that what the simulator answers is proved.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

import httpx
from post_office import _free_ports

from channels.matrix import Matrix, MatrixSettings
from demo.faults import Faults
from demo.matrix import SERVER, MatrixSimulator

_SECRET = "secret-de-l-inscription"
_START_S = 60
_LOG = {
    "version": 1,
    "handlers": {"here": {"class": "logging.StreamHandler"}},
    "root": {"level": "WARNING", "handlers": ["here"]},
}
_QUICK = {"per_second": 10_000, "burst_count": 10_000}


class Homeserver(Protocol):
    """What the suite needs of a server: an address, and people with accounts."""

    base_url: str

    async def account(self, local: str, name: str) -> tuple[str, str]:
        """Register somebody; give the user id and the access token."""
        ...


# --- people --------------------------------------------------------------------------------------


@dataclass
class Person:
    """Somebody with a program of his own."""

    user: str
    token: str
    base_url: str
    _http: httpx.AsyncClient = field(init=False)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        headers = {"authorization": f"Bearer {self.token}"}
        self._http = httpx.AsyncClient(base_url=self.base_url, headers=headers, timeout=30)

    async def call(self, method: str, path: str, body: object = None, **named: Any) -> Any:
        answer = await self._http.request(
            method, f"/_matrix/client/v3{path}", json={} if body is None else body, **named
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def room(self, *guests: str, direct: bool = True, **more: Any) -> str:
        """Make a room and invite people into it."""
        body = {"preset": "private_chat", "is_direct": direct, "invite": guests, **more}
        return str((await self.call("POST", "/createRoom", body))["room_id"])

    async def says(self, room: str, text: str = "", *, kind: str = "m.text", **more: Any) -> str:
        """Write into a room; give the event's id."""
        return await self.sends(room, "m.room.message", {"msgtype": kind, "body": text, **more})

    async def sends(self, room: str, kind: str, content: dict[str, Any]) -> str:
        txn = f"t{next(self._numbers)}"
        path = f"/rooms/{quote(room)}/send/{kind}/{txn}"
        return str((await self.call("PUT", path, content))["event_id"])

    async def edits(self, room: str, event: str, text: str) -> str:
        new = {"msgtype": "m.text", "body": text}
        relation = {"rel_type": "m.replace", "event_id": event}
        return await self.says(
            room, f"* {text}", **{"m.new_content": new, "m.relates_to": relation}
        )

    async def answers(self, room: str, event: str, text: str) -> str:
        relation = {"m.in_reply_to": {"event_id": event}}
        return await self.says(room, text, **{"m.relates_to": relation})

    async def takes_back(self, room: str, event: str) -> None:
        await self.call("PUT", f"/rooms/{quote(room)}/redact/{quote(event)}/r{event[1:9]}")

    async def encrypts(self, room: str) -> None:
        """Turn encryption on in a room, as most programs do in private ones."""
        content = {"algorithm": "m.megolm.v1.aes-sha2"}
        await self.call("PUT", f"/rooms/{quote(room)}/state/m.room.encryption/", content)

    async def stands(self, room: str, act: str, user: str = "") -> None:
        """Join, leave, invite, kick or ban."""
        await self.call("POST", f"/rooms/{quote(room)}/{act}", {"user_id": user} if user else {})

    async def uploads(self, content: bytes, media_type: str) -> str:
        answer = await self._http.post(
            "/_matrix/media/v3/upload", content=content, headers={"content-type": media_type}
        )
        return str(answer.json()["content_uri"])

    async def reads(self, room: str) -> list[dict[str, Any]]:
        """List the messages of a room, oldest first."""
        path = f"/rooms/{quote(room)}/messages"
        query = {"dir": "b", "limit": "200", "filter": '{"types": ["m.room.message"]}'}
        first = await self.call("GET", "/sync", params={"timeout": "0"})
        answer = await self.call("GET", path, params=query | {"from": first["next_batch"]})
        return [event for event in answer["chunk"][::-1] if event["content"]]

    async def close(self) -> None:
        await self._http.aclose()


@dataclass
class Place:
    """A homeserver at work for one test: people, and the counter that they write to."""

    server: Homeserver
    people: list[Any] = field(default_factory=list)

    async def person(self, name: str = "Anne") -> Person:
        local = f"{name.lower()}{next(_NAMES)}"
        user, token = await self.server.account(local, name)
        self.people.append(Person(user, token, self.server.base_url))
        return self.people[-1]  # type: ignore[no-any-return]

    async def counter(self, **settings: Any) -> Matrix:
        """Make a counter of its own, with a homeserver that answers at once."""
        user, token = await self.server.account(f"guichet{next(_NAMES)}", "Guichet")
        given = {"base_url": self.server.base_url, "access_token": token, "poll_s": 0.05}
        self.people.append(Matrix(MatrixSettings(**given | settings), user))
        return self.people[-1]  # type: ignore[no-any-return]

    def hand_of(self, counter: Matrix) -> Person:
        """Give somebody who writes under a counter's name, beside Guichet."""
        settings = counter._settings
        token = settings.access_token.get_secret_value()
        self.people.append(Person(counter.account, token, settings.base_url))
        return self.people[-1]  # type: ignore[no-any-return]

    async def close(self) -> None:
        for one in self.people:
            await one.close()


_NAMES = itertools.count(1)


# --- the simulator -------------------------------------------------------------------------------


class Simulated:
    """Our simulator, as the suite sees a server."""

    def __init__(self, simulator: MatrixSimulator) -> None:
        self.base_url, self.faults = simulator.base_url, simulator.faults
        self._simulator = simulator

    faults: Faults

    async def account(self, local: str, name: str) -> tuple[str, str]:
        return self._simulator.account(local, name)


@asynccontextmanager
async def simulated() -> AsyncIterator[Simulated]:
    async with MatrixSimulator() as simulator:
        yield Simulated(simulator)


# --- Synapse -------------------------------------------------------------------------------------


def python() -> Path:
    """Say where the Python is that has Synapse: `.ci/run` makes it an environment of its own."""
    own = Path(__file__).parents[2] / ".synapse"
    return Path(os.environ.get("GUICHET_TEST_SYNAPSE") or own) / "bin" / "python"


def missing() -> str:
    """Say why there is no Synapse to start; empty when there is one."""
    if python().with_name("synapse_homeserver").exists():
        return ""
    return "no Synapse: `python3 -m venv .synapse && .synapse/bin/pip install matrix-synapse`"


class Synapse:
    """A Synapse that keeps to itself: no federation, no limits, its data in a folder that goes."""

    def __init__(self, home: Path) -> None:
        self._home = home
        [self._port] = _free_ports(1)
        self.base_url = f"http://127.0.0.1:{self._port}"

    def _settings(self) -> dict[str, Any]:
        # YAML, of which JSON is a part
        listener = {"port": self._port, "bind_addresses": ["127.0.0.1"], "type": "http"}
        listener |= {"tls": False, "resources": [{"names": ["client"]}]}
        limits = {f"rc_{name}": _QUICK for name in ("message", "registration", "admin_redaction")}
        limits |= {"rc_login": {"address": _QUICK, "account": _QUICK}}
        limits |= {"rc_joins": {"local": _QUICK, "remote": _QUICK}}
        limits |= {"rc_joins_per_room": _QUICK, "rc_room_creation": _QUICK}
        limits |= {"rc_invites": dict.fromkeys(("per_room", "per_user", "per_issuer"), _QUICK)}
        return limits | {
            "server_name": SERVER,
            "report_stats": False,
            "signing_key_path": str(self._home / "signing.key"),
            "media_store_path": str(self._home / "media"),
            "database": {"name": "sqlite3", "args": {"database": str(self._home / "db.sqlite")}},
            "registration_shared_secret": _SECRET,
            "macaroon_secret_key": "macaron",
            "form_secret": "formulaire",
            "trusted_key_servers": [],
            "federation_domain_whitelist": [],
            "presence": {"enabled": False},
            "bcrypt_rounds": 4,
            "caches": {"sync_response_cache_duration": "0s"},
            "log_config": str(self._home / "log.yaml"),
            "listeners": [listener],
        }

    @contextmanager
    def running(self) -> Iterator[Synapse]:
        config = self._home / "homeserver.yaml"
        config.write_text(json.dumps(self._settings()))
        (self._home / "log.yaml").write_text(json.dumps(_LOG))
        program = [python(), "-m", "synapse.app.homeserver", "-c", config]
        subprocess.run(
            [*program, "--generate-keys"], check=True, capture_output=True, timeout=_START_S
        )
        log = self._home / "synapse.log"
        with log.open("wb") as out:
            process = subprocess.Popen(program, stdout=out, stderr=out, cwd=self._home)
        try:
            self._wait(process, log)
            yield self
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _wait(self, process: subprocess.Popen[bytes], log: Path) -> None:
        for _ in range(_START_S * 20):
            if process.poll() is not None:
                raise RuntimeError(f"Synapse ended: {log.read_text(errors='replace')[-2000:]}")
            try:
                httpx.get(f"{self.base_url}/_matrix/client/versions", timeout=5)
            except httpx.HTTPError:
                time.sleep(0.05)
            else:
                return
        raise RuntimeError(f"Synapse is not ready after {_START_S} s")

    async def account(self, local: str, name: str, *, admin: bool = False) -> tuple[str, str]:
        """Register by the shared secret, as the program that comes with Synapse does."""
        path = f"{self.base_url}/_synapse/admin/v1/register"
        async with httpx.AsyncClient(timeout=30) as http:
            nonce = (await http.get(path)).json()["nonce"]
            rank = "admin" if admin else "notadmin"
            said = "\0".join((nonce, local, "mot-de-passe", rank)).encode()
            mac = hmac.new(_SECRET.encode(), said, hashlib.sha1).hexdigest()
            asked = {"nonce": nonce, "username": local, "displayname": name, "mac": mac}
            asked |= {"password": "mot-de-passe", "admin": admin}
            answer = (await http.post(path, json=asked)).json()
        return str(answer["user_id"]), str(answer["access_token"])

    async def slow_down(self, user: str, per_second: int, burst: int) -> None:
        """Limit what a user may send, as an operator does."""
        _, token = await self.account(f"chef{next(_NAMES)}", "Chef", admin=True)
        path = f"{self.base_url}/_synapse/admin/v1/users/{user}/override_ratelimit"
        limit = {"messages_per_second": per_second, "burst_count": burst}
        async with httpx.AsyncClient(timeout=30) as http:
            headers = {"authorization": f"Bearer {token}"}
            answer = await http.post(path, json=limit, headers=headers)
        assert answer.status_code == 200, answer.text


@contextmanager
def opened() -> Iterator[Synapse]:
    home = Path(tempfile.mkdtemp(prefix="guichet-synapse-"))
    try:
        with Synapse(home).running() as server:
            yield server
    finally:
        shutil.rmtree(home, ignore_errors=True)
