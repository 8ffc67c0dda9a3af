"""`guichet ledger`: what Twilio has received beside what became of it here, and what never came."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from app import ledger as command
from app.__main__ import cli
from app.running.wiring import build
from app.settings import load_settings
from app.stores import opened
from channels.sms import Sms, SmsSettings
from demo.twilio import AUTH_TOKEN, TwilioSimulator
from router.ledger import Became, ProviderSilent

COUNTER, ANA, BOB = "+33756000044", "+33612345678", "+33698765432"
SID = "AC" + "0123456789abcdef" * 2
KEYS = dict.fromkeys(("application_key", "application_secret", "consumer_key"), SecretStr("k"))
LONG_AGO, FAR = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
CONFIG = Path(__file__).parents[2] / "config"


def sms(twilio, **more):
    given = {"account_sid": SID, "auth_token": SecretStr(AUTH_TOKEN), "base_url": twilio.base_url}
    return Sms(SmsSettings(**given | more), COUNTER)


async def test_twilio_lists_what_people_sent_and_what_it_took_for_a_machine():
    async with TwilioSimulator(SID) as twilio:
        channel = sms(twilio)
        heard = await twilio.citizen_sends(ANA, COUNTER, "Un trou")
        machine = await twilio.citizen_sends(BOB, COUNTER, "Je suis absent", machine=True)
        listed = await channel.received(LONG_AGO)
        later = await channel.received(FAR)
        await channel.close()
    assert {(one.provider_id, one.refused) for one in listed} == {(heard, False), (machine, True)}
    assert later == ()


async def test_a_list_of_several_pages_is_read_whole():
    async with TwilioSimulator(SID) as twilio:
        for number in range(1_001):
            twilio._book.heard(ANA, COUNTER, f"message {number}", ())
        channel = sms(twilio)
        listed = await channel.received(LONG_AGO)
        await channel.close()
    assert len({one.provider_id for one in listed}) == 1_001


async def test_a_twilio_that_cannot_be_asked_says_why():
    async with TwilioSimulator(SID) as twilio:
        channel = sms(twilio, auth_token=SecretStr("faux"))
        with pytest.raises(ProviderSilent, match="refuse le jeton"):
            await channel.received(LONG_AGO)
        await channel.close()


async def test_a_provider_without_a_list_is_none():
    channel = Sms(SmsSettings(provider="ovh", keys=KEYS), COUNTER)
    assert await channel.received(LONG_AGO) is None
    await channel.close()


@pytest.fixture
def settings(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GUICHET_CONFIG", str(CONFIG))

    def write(url, token=AUTH_TOKEN):
        (tmp_path / "guichet.toml").write_text(
            f'[channels.sms]\naccount_sid = "{SID}"\nauth_token = "{token}"\nbase_url = "{url}"\n'
        )
        return load_settings()

    return write


async def test_the_ledger_names_what_never_came_and_counts_what_the_provider_refused(
    settings, monkeypatch
):
    async with TwilioSimulator(SID) as twilio:
        given = settings(twilio.base_url)
        async with opened(given.data, given.database_url) as store:
            product = await build(given, store)
            channel = product.channels["sms", COUNTER]
            taken = await twilio.citizen_sends(ANA, COUNTER, "Un lampadaire est éteint rue Scribe")
            body = f"MessageSid={taken}&From=%2B33612345678&To=%2B33756000044&Body=Un+lampadaire"
            await store.accept(channel.open_raw(body.encode(), product.clock.now()))
            while await product.router.run_once():
                pass
        await twilio.citizen_sends(BOB, COUNTER, "Je suis absent", machine=True)
        lost = twilio._book.heard(BOB, COUNTER, "Jamais remis", ())["sid"]
        monkeypatch.setattr("router.ledger.IN_FLIGHT", timedelta(0))
        days, silent = await command._compared(given, "1j")
    assert silent == {}
    mine = [day for day in days if day.channel == "sms" and day.listed]
    assert sum(day.listed for day in mine) == 3
    assert [name for day in mine for name in day.missing] == [lost]
    assert sum(day.refused for day in mine) == 1
    assert sum(day.became.get(Became.CASES, 0) for day in days) == 1


def test_the_command_prints_it_for_people_and_programs_and_fails_where_it_cannot_ask(settings):
    settings("http://127.0.0.1:9")
    ended = CliRunner().invoke(cli, ["ledger", "--json"])
    assert ended.exit_code == 1, ended.output
    told = json.loads(ended.stdout)
    assert told["days"] == []
    assert ("sms", COUNTER) in [(one["channel"], one["account"]) for one in told["silent"]]
    plain = CliRunner().invoke(cli, ["ledger", "--since", "3j"])
    assert "Aucun message depuis ce jour." in plain.stdout
    assert "aucun programme" in plain.stderr
    wrong = CliRunner().invoke(cli, ["ledger", "--since", "hier"])
    assert (wrong.exit_code, "n'est pas une durée" in wrong.stderr) == (2, True)


def test_each_day_is_one_line(settings, capsys):
    async def made():
        given = settings("http://127.0.0.1:9")
        async with opened(given.data, given.database_url) as store:
            product = await build(given, store)
            channel = product.channels["sms", COUNTER]
            for number in range(3):
                body = f"MessageSid=SM{number}&From=%2B3361234567{number}&Body=Un+trou+rue+Scribe"
                await store.accept(channel.open_raw(body.encode(), product.clock.now()))
            await product.router.run_once()
        return (await command._compared(given, "1j"))[0]

    command._tell(asyncio.run(made()))
    shown = capsys.readouterr().out
    assert f"SMS {COUNTER}" in shown
    assert "3 demandes" in shown
