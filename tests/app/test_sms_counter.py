"""A number at OVHcloud in the whole product: fetched, routed, answered, its receipt taken."""

import asyncio

from app.running.server import Server
from app.running.wiring import build
from app.settings import Settings, load_settings
from app.stores import opened
from demo.clock import WallClock
from demo.ovh import APPLICATION_KEY, APPLICATION_SECRET, CONSUMER_KEY, OvhSimulator
from demo.server import listen
from router.delivery import DeliveryState

CITIZEN, COUNTER = "+33612345678", "+33756000044"
KEYS = {
    "application_key": APPLICATION_KEY,
    "application_secret": APPLICATION_SECRET,
    "consumer_key": CONSUMER_KEY,
    "webhook": "mot-de-passe",
}


async def until(condition):
    async with asyncio.timeout(20):
        while not await condition():  # noqa: ASYNC110 -- the product rings no bell for tests
            await asyncio.sleep(0.02)


async def test_a_text_is_fetched_answered_and_its_receipt_is_taken(tmp_path):
    async with OvhSimulator(WallClock().now().timestamp, number=COUNTER) as ovh:
        sms = {
            "provider": "ovh", "account_sid": ovh.service, "base_url": ovh.base_url,
            "poll_s": 0.05, "keys": KEYS,
        }  # fmt: skip
        settings = load_settings(data=tmp_path, channels={"sms": sms})
        async with opened(settings.data, "") as store:
            product = await build(settings, store)
            roles = ("gateway", "router", "courier", "clock", "web")
            listener = listen()
            server = Server(product, roles=roles, sockets=[listener])
            base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(server.run())
                ovh.citizen_sends(CITIZEN, "Lampadaire éteint rue de la Poterie à Rezé")

                async def answered():
                    return ovh.sent_to(CITIZEN)

                async def settled(state):
                    found = await store.list_deliveries([state], 10)
                    return [each for each in found if each.address.value == CITIZEN]

                try:
                    await until(answered)
                    await until(lambda: settled(DeliveryState.SENT))
                    address = f"{base_url}/webhooks/sms/{COUNTER}"
                    ovh.callback = f"{address}?cle=faux"
                    assert await ovh.report(ovh.sent_to(CITIZEN)[0], "4") == 403
                    ovh.callback = f"{address}?cle=mot-de-passe"
                    assert await ovh.report(ovh.sent_to(CITIZEN)[0], "4") == 200
                    await until(lambda: settled(DeliveryState.DELIVERED))
                finally:
                    server.stop.set()
    assert len(ovh.jobs) == 1


def test_keys_hold_for_every_number_unless_one_has_its_own():
    of_all, own = {"application_key": "a"}, {"application_key": "b"}
    settings = Settings(channels={"sms": {"provider": "ovh", "keys": of_all, "+1": {"keys": own}}})
    assert settings.of_account("sms", "+2") == {"provider": "ovh", "keys": of_all}
    assert settings.of_account("sms", "+1") == {"provider": "ovh", "keys": own}
