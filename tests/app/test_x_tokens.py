"""The tokens of X: renewed once whatever processes there are, kept before use, found after a stop."""

import asyncio
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from app.running.x_tokens import StoredTokens
from app.system import SystemClock, SystemIds
from channels.x.api import Tokens, login_of
from channels.x.channel import X
from channels.x.settings import XSettings
from demo.clock import WallClock
from demo.x import XSimulator
from router.delivery import Delivery, DeliveryKind, Retry, Sent
from router.errors import StoreUnavailable
from router.message import Address
from storage.engine import open_store
from storage.memory import MemoryStore

ACCOUNT = "GuichetNantes"
GIVEN = Tokens("a0", "r0")


@pytest.fixture(params=["memory", "sqlite"])
async def store(request, tmp_path):
    store = MemoryStore(SystemIds())
    if request.param == "sqlite":
        store = open_store(tmp_path, ids=SystemIds())
    await store.open()
    yield store
    await store.close()


class Provider:
    """Renews tokens; each refresh token is good once."""

    def __init__(self):
        self.spent, self.count = set(), 0

    async def renew(self, used):
        await asyncio.sleep(0.01)
        assert used.refresh not in self.spent, "a refresh token was used twice"
        self.spent.add(used.refresh)
        self.count += 1
        return Tokens(f"a{self.count}", f"r{self.count}")


def keeper(store, given=GIVEN):
    return StoredTokens(store, SystemClock(), ACCOUNT, given)


async def test_what_was_renewed_is_found_after_a_restart(store):
    provider = Provider()
    assert await keeper(store).latest() is None
    fresh = await keeper(store).rotate(GIVEN, provider.renew)
    assert await keeper(store).latest() == fresh == Tokens("a1", "r1")


async def test_many_processes_renew_once(tmp_path):
    provider = Provider()
    stores = [open_store(tmp_path, ids=SystemIds()) for _ in range(3)]
    for store in stores:
        await store.open()
    rotations = [keeper(store).rotate(GIVEN, provider.renew) for store in stores]
    renewed = await asyncio.gather(*rotations)
    assert set(renewed) == {Tokens("a1", "r1")}
    assert provider.count == 1
    assert await keeper(stores[0]).rotate(renewed[0], provider.renew) == Tokens("a2", "r2")
    for store in stores:
        await store.close()


async def test_a_new_login_begins_anew(store):
    await keeper(store).rotate(GIVEN, Provider().renew)
    assert await keeper(store, Tokens("b0", "s0")).latest() is None


async def test_a_renewal_that_fails_keeps_what_there_was_and_frees_the_row(store):
    async def broken(used):
        raise OSError("cut")

    with pytest.raises(OSError, match="cut"):
        await keeper(store).rotate(GIVEN, broken)
    assert await keeper(store).rotate(GIVEN, Provider().renew) == Tokens("a1", "r1")


async def test_nothing_is_asked_of_x_while_the_store_cannot_write(store):
    class Down:
        async def take(self, *_):
            raise StoreUnavailable("down")

    provider = Provider()
    with pytest.raises(StoreUnavailable):
        await keeper(Down()).rotate(GIVEN, provider.renew)
    assert provider.count == 0


def channel(simulator, store, given):
    settings = XSettings(
        access_token=SecretStr(given.access),
        refresh_token=SecretStr(given.refresh),
        client_id=simulator.keys.client_id,
        base_url=simulator.base_url,
        deadline_s=2,
    )
    return X(settings, ACCOUNT, WallClock(), keeper(store, login_of(settings).tokens))


async def send(x, anne):
    address = Address("x", ACCOUNT, anne, "dm")
    at = datetime(2026, 11, 22, 10, tzinfo=UTC)
    [part] = x.render(Delivery(7, "i7", "l", DeliveryKind.ANSWER, address, "Réparé.", at))
    return await x.send(part, "i7")


async def test_a_restarted_channel_goes_on_with_the_tokens_that_were_kept(store):
    async with XSimulator() as simulator:
        given = Tokens(simulator.bearer, simulator.refresh_token)
        for _ in range(3):
            simulator.expire_access()
            x = channel(simulator, store, given)
            assert isinstance(await send(x, simulator.person("anne")), Sent)
            await x.close()


async def test_a_send_that_is_given_up_does_not_lose_what_x_answered(store):
    async with XSimulator() as simulator:
        given = Tokens(simulator.bearer, simulator.refresh_token)
        simulator.expire_access()
        x = channel(simulator, store, given)
        sending = asyncio.ensure_future(send(x, simulator.person("anne")))
        while simulator.refresh_token == given.refresh:  # noqa: ASYNC110 -- no bell rings
            await asyncio.sleep(0.001)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        assert isinstance(await send(x, simulator.person("anne")), Sent)
        await x.close()


async def test_tokens_lost_on_the_way_are_said_plainly_and_nothing_is_lost(store):
    async with XSimulator() as simulator:
        given = Tokens(simulator.bearer, simulator.refresh_token)
        simulator.expire_access()
        simulator.faults.push("cut-after-accept", on="token")
        x = channel(simulator, store, given)
        assert isinstance(await send(x, simulator.person("anne")), Retry)
        health = await x.health()
        assert not health.ok
        assert "a new login is needed" in health.sentence
        await x.close()
