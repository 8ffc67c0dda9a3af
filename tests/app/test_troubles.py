"""Channels that are degraded or silent, as the processes know it and the desk is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import httpx
import pytest
import structlog
from pydantic import SecretStr
from ruled import SetClock
from store_parts import Numbered, Parts
from typer.testing import CliRunner

from app.__main__ import cli
from app.running.troubles import GOES_STALE, Troubles
from app.running.watch import FAILURES, Watch
from app.running.wiring import build
from app.settings import load_settings
from app.stores import opened
from app.system import SystemClock
from channels.email import EmailChannel, EmailSettings, inbox
from channels.partners.webhook import PartnerWebhook, PartnerWebhookSettings
from channels.x.channel import X
from channels.x.settings import XSettings
from demo.mail import MailSimulator
from router.delivery import Permanent, Retry, Sent, Unknown
from router.message import Address
from router.ports import Pulled
from router.tokens import Signer
from storage.memory import MemoryStore

CONFIG = Path(__file__).parents[2] / "config"
KEY = ("email", "guichet@nantes.example")


class Mailbox:
    """Polls in vain as long as ``error`` is given."""

    poller = "email|guichet@nantes.example"

    def __init__(self) -> None:
        self.error: Exception | None = None

    async def pull(self, cursor, received_at):
        if self.error:
            raise self.error
        return Pulled((), cursor)

    async def settle(self, pulled):
        pass

    async def close(self):
        pass


class Process:
    """One process on a shared store, with one mailbox."""

    def __init__(self, store, clock, channel=None) -> None:
        self.mailbox = channel or Mailbox()
        self.troubles = Troubles(store, clock)
        self.watch = Watch({KEY: self.mailbox}, self.troubles, clock)
        self._polled = self.watch.polled(self.mailbox)
        self.clock = clock

    async def polls(self, times: int) -> None:
        for _ in range(times):
            try:
                await self._polled.pull("", self.clock.now)
            except OSError:
                continue
        await self.watch.look()


@pytest.fixture
def clock():
    return SetClock()


@pytest.fixture
def store(ids):
    return MemoryStore(ids)


async def told(store, clock) -> list[str]:
    """List what a process that has just started tells."""
    return [one.sentence for one in await Troubles(store, clock).told()]


async def test_a_mailbox_that_fails_again_and_again_is_told_until_it_is_read(store, clock):
    one = Process(store, clock)
    one.mailbox.error = ConnectionError("down")
    await one.polls(FAILURES - 1)
    assert await told(store, clock) == []
    await one.polls(1)
    assert await told(store, clock) == [
        "ne se lit plus : 3 essais ont échoué (guichet doctor dit pourquoi)."
    ]
    began = clock.now()
    clock.pass_(minutes=10)
    await one.polls(1)
    assert [each.since for each in await Troubles(store, clock).told()] == [began]
    one.mailbox.error = None
    await one.polls(1)
    assert await told(store, clock) == []


async def test_a_process_that_polls_nothing_takes_back_no_other_s_word(store, clock):
    one, other = Process(store, clock), Process(store, clock)
    one.mailbox.error = ConnectionError("down")
    await one.polls(FAILURES)
    await other.polls(0)
    assert len(await told(store, clock)) == 1


async def test_the_word_of_a_process_that_was_killed_goes_stale(store, clock):
    one = Process(store, clock)
    one.mailbox.error = ConnectionError("down")
    await one.polls(FAILURES)
    clock.pass_(seconds=GOES_STALE.total_seconds() - 1)
    assert len(await told(store, clock)) == 1
    clock.pass_(seconds=1)
    assert await told(store, clock) == []


async def test_a_trouble_that_lasts_is_confirmed(store, clock):
    one = Process(store, clock)
    one.mailbox.error = ConnectionError("down")
    await one.polls(FAILURES)
    for _ in range(5):
        clock.pass_(minutes=6)
        await one.polls(1)
    assert len(await told(store, clock)) == 1


async def test_a_revoked_password_is_named(store, clock, monkeypatch):
    monkeypatch.setattr(inbox, "_FIRST_PAUSE_S", 0.0)
    async with MailSimulator() as server:
        settings = EmailSettings(
            imap_host="127.0.0.1", imap_port=server.imap_port, imap_tls=False, imap_wait_s=0.1,
            password=SecretStr("revoked"),
        )  # fmt: skip
        box = EmailChannel(settings, KEY[1], Signer({"a": b"key"}, "a"))
        await Process(store, clock, box).polls(FAILURES)
        await box.close()
    assert await told(store, clock) == ["le serveur de courrier refuse le mot de passe."]


async def test_a_partner_that_is_left_alone_is_named(store, clock):
    settings = PartnerWebhookSettings(failures=2, rest_s=60)
    partner = PartnerWebhook(settings, "https://p.example", "https://g.example", clock)
    watch = Watch(
        {("partner_webhook", "https://p.example"): partner}, Troubles(store, clock), clock
    )
    partner.breaker.report(Unknown("cut"))
    await watch.look()
    assert await told(store, clock) == []
    partner.breaker.report(Unknown("cut"))
    await watch.look()
    [sentence] = await told(store, clock)
    assert sentence == "ne répond pas : 2 appels ont échoué, les demandes attendent."


async def test_a_relay_that_takes_no_mail_is_named_until_it_takes_one(store, clock):
    settings = EmailSettings(imap_host="", smtp_host="127.0.0.1", smtp_port=9)
    box = EmailChannel(settings, KEY[1], Signer({"a": b"key"}, "a"))
    one = Process(store, clock, box)
    tell = one.watch.sending("send:email|guichet@nantes.example")
    for _ in range(FAILURES - 1):
        tell(await box._relay.deliver(KEY[1], "ana@citoyens.example", b"x", "<1@x>"))
    await one.watch.look()
    assert await told(store, clock) == []
    tell(await box._relay.deliver(KEY[1], "ana@citoyens.example", b"x", "<1@x>"))
    await one.watch.look()
    [sentence] = await told(store, clock)
    assert sentence == (
        "rien n'en part plus : le relais SMTP ne répond pas à 127.0.0.1:9 : aucun programme n'y écoute"
        " (vérifiez smtp_host et smtp_port, et que le serveur tourne)."
    )
    tell(Sent(("1",)))
    await one.watch.look()
    assert await told(store, clock) == []


@pytest.mark.parametrize(
    "outcome",
    [
        Permanent("550", "boîte inconnue"),
        Retry("450 boîte pleine", alone=True),
        Retry("la limite est atteinte", 1.0, throttled=True),
        Retry("le service est laissé en paix", 1.0, held=True),
    ],
    ids=lambda outcome: outcome.reason,
)
async def test_a_message_that_is_refused_alone_silences_nobody(store, clock, outcome):
    one = Process(store, clock)
    for _ in range(FAILURES):
        one.watch.sending("send:email|guichet@nantes.example")(outcome)
    await one.watch.look()
    assert await told(store, clock) == []


async def test_a_mailbox_and_its_relay_that_are_both_silent_are_told_together(store, clock):
    one = Process(store, clock)
    one.mailbox.error = ConnectionError("down")
    for _ in range(FAILURES):
        one.watch.sending("send:email|guichet@nantes.example")(Unknown("coupé"))
    await one.polls(FAILURES)
    [sentence] = await told(store, clock)
    assert sentence == (
        "ne se lit plus : 3 essais ont échoué (guichet doctor dit pourquoi)."
        " Et rien n'en part plus : coupé."
    )


async def test_money_that_is_nearly_spent_is_told(store, clock):
    x = X(XSettings(user_id="1", daily_cap=1.0), "guichet", clock)
    watch = Watch({("x", "guichet"): x}, Troubles(store, clock), clock)
    for _ in range(60):
        await x._budget.pay("POST", "/2/dm_conversations", {})
    await watch.look()
    [sentence] = await told(store, clock)
    assert sentence.startswith("X : 0,90 $ des 1,00 $ du jour sont dépensés")
    clock.pass_(days=1)
    await watch.look()
    assert await told(store, clock) == []


async def test_a_store_that_is_down_is_waited_for(store, clock, monkeypatch):
    from router.errors import StoreUnavailable

    async def down(*_):
        raise StoreUnavailable("down")

    one = Process(store, clock)
    one.mailbox.error = ConnectionError("down")
    with monkeypatch.context() as patched:
        patched.setattr(store, "take", down)
        await one.polls(FAILURES)
        assert await Troubles(store, clock).told() == ()
    await one.polls(0)
    assert len(await told(store, clock)) == 1


async def test_the_desk_reads_it_over_http(tmp_path):
    settings = load_settings(
        data=tmp_path, config=CONFIG, channels={"desk": {"keys": {"anne": "cle-de-l-agent-anne"}}}
    )
    async with opened(settings.data, "") as store:
        await Troubles(store, SystemClock()).write({KEY: "la boîte ne se lit pas."})
        product = await build(settings, store)
        transport = httpx.ASGITransport(product.web)
        async with httpx.AsyncClient(transport=transport, base_url="http://x.example") as client:
            headers = {"authorization": "Bearer cle-de-l-agent-anne"}
            [found] = (await client.get("/desk/v1/tasks", headers=headers)).json()["troubles"]
    assert (found["channel"], found["account"]) == KEY
    assert found["sentence"] == "la boîte ne se lit pas."


def test_the_desk_reads_it_on_the_command_line(tmp_path):
    import asyncio

    async def write() -> None:
        async with opened(tmp_path, "") as store:
            await Troubles(store, SystemClock()).write({KEY: "la boîte ne se lit pas."})

    asyncio.run(write())
    shown = CliRunner().invoke(cli, ["desk", "tasks", "--data", str(tmp_path)]).output
    assert " ".join(shown.split()).count("courriel guichet@nantes.example, depuis le") == 1
    assert "la boîte ne se lit pas." in " ".join(shown.split())
    assert "Rien n'attend au guichet." in shown


async def test_what_was_given_up_is_told_for_a_day_in_the_log_and_to_the_desk(
    store, clock, whole_log
):
    one = Process(store, clock)
    role = "send:email|guichet@nantes.example"
    sent = Parts(Numbered()).delivery(address=Address("email", KEY[1], "lea@citoyens.example"))
    with structlog.testing.capture_logs() as logged:
        for _ in range(2):
            one.watch.giving_up(role)(replace(sent, tries=16, error="lea@citoyens.example: 450"))
    assert [(line["log_level"], line["delivery"]) for line in logged] == [("warning", sent.id)] * 2
    assert "lea" not in str(logged)
    await one.watch.look()
    assert await told(store, clock) == [
        "2 envois abandonnés après 48 heures d'essais (guichet outbox list)."
    ]
    clock.pass_(hours=25)
    await one.watch.look()
    assert await told(store, clock) == []
