"""Slow down who guesses: a token bucket for each client, in memory and bounded."""

from __future__ import annotations

import hashlib
import ipaddress
from collections import OrderedDict

from router.ports import Clock

REFILL_S = 10.0
_MOST_CLIENTS = 20_000


class Throttle:
    """Lets a client try ``burst`` times, then once every ``refill_s`` seconds.

    Clients are kept by a hash of their network with a ``key``, so that no address lies here.
    """

    def __init__(self, clock: Clock, burst: int, key: bytes, refill_s: float = REFILL_S) -> None:
        self._clock = clock
        self._burst = float(burst)
        self._refill_s, self._key = refill_s, key[:64]
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_s(self, client: str) -> int:
        """Tell how long this client must wait before the next try; 0 when it need not."""
        left = self._left(self._hash(client))
        return 0 if left >= 1 else max(1, int((1 - left) * self._refill_s + 0.5))

    def spend(self, client: str) -> None:
        """Count a try."""
        network = self._hash(client)
        left = self._left(network)
        self._buckets[network] = (left - 1, self._clock.monotonic())
        self._buckets.move_to_end(network)
        if len(self._buckets) > _MOST_CLIENTS:
            self._buckets.popitem(last=False)

    def _left(self, network: str) -> float:
        left, since = self._buckets.get(network, (self._burst, self._clock.monotonic()))
        return min(self._burst, left + (self._clock.monotonic() - since) / self._refill_s)

    def _hash(self, client: str) -> str:
        return hashlib.blake2b(_network(client).encode(), key=self._key, digest_size=16).hexdigest()


def _network(client: str) -> str:
    # one subscriber of IPv6 owns a whole /64 and could change address at every try
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return client
    if address.version == 6:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return client
