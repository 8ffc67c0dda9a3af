"""`guichet doctor` says in one sentence what is wrong with a number."""

import json

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from app.__main__ import cli
from channels.sms import Sms, SmsSettings
from channels.whatsapp import WhatsApp, WhatsAppSettings
from demo.twilio import AUTH_TOKEN, TwilioSimulator

COUNTER = "+33756000044"
SID = "AC" + "0123456789abcdef" * 2


async def sentence(kind, settings_kind, **wrong):
    async with TwilioSimulator(SID) as twilio:
        right = {"account_sid": SID, "auth_token": SecretStr(AUTH_TOKEN)}
        given = right | {"base_url": twilio.base_url, "deadline_s": 2.0} | wrong
        channel = kind(settings_kind(**given), COUNTER)
        health = await channel.health()
        await channel.close()
    assert health.sentence.rstrip().endswith(".")
    assert AUTH_TOKEN not in health.sentence
    return health.ok, health.sentence


@pytest.mark.parametrize(("kind", "settings"), [(Sms, SmsSettings), (WhatsApp, WhatsAppSettings)])
@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"auth_token": SecretStr("faux")}, "refuse le jeton du compte"),
        ({"account_sid": "AC" + "0" * 32}, "ne connaît pas le compte"),
        ({"base_url": "http://127.0.0.1:9"}, "ne répond pas à 127.0.0.1:9 : aucun programme"),
        ({"account_sid": ""}, "ne sont pas tous deux donnés"),
    ],
)
async def test_each_mistake_has_its_sentence(kind, settings, wrong, words):
    ok, told = await sentence(kind, settings, **wrong)
    assert not ok
    assert words in told


NO_TEMPLATE = " Aucun modèle n'est donné (templates) : après 24 heures personne n'est prévenu."


@pytest.mark.parametrize(
    ("kind", "settings", "name", "note"),
    [
        (Sms, SmsSettings, COUNTER, ""),
        (WhatsApp, WhatsAppSettings, f"whatsapp:{COUNTER}", NO_TEMPLATE),
    ],
)
async def test_a_number_that_works_is_told(kind, settings, name, note):
    assert await sentence(kind, settings) == (True, f"Twilio répond pour {name}.{note}")


@pytest.mark.parametrize(
    ("number", "told"),
    [("+33612345678", True), ("+33756000044", False), ("+32470123456", False)],
)
async def test_a_french_mobile_is_said_to_be_barred_from_sending(number, told):
    async with TwilioSimulator(SID) as twilio:
        settings = SmsSettings(
            account_sid=SID, auth_token=SecretStr(AUTH_TOKEN), base_url=twilio.base_url
        )
        channel = Sms(settings, number)
        health = await channel.health()
        await channel.close()
    assert ("mobile français" in health.sentence) is told


async def test_messages_of_machines_that_never_reached_us_are_counted():
    async with TwilioSimulator(SID) as twilio:
        settings = SmsSettings(
            account_sid=SID, auth_token=SecretStr(AUTH_TOKEN), base_url=twilio.base_url
        )
        channel = Sms(settings, COUNTER)
        for _ in range(2):
            await twilio.citizen_sends("+33612345678", COUNTER, "Je suis absent", machine=True)
        health = await channel.health()
        await channel.close()
    assert health.ok
    assert "2 de machines ont été refusés" in health.sentence
    assert "30039" in health.sentence


def test_the_command_prints_it_and_fails(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "guichet.toml").write_text(
        f'[channels.sms]\naccount_sid = "{SID}"\nauth_token = "x"\nbase_url = "http://127.0.0.1:9"\n'
    )
    ended = CliRunner().invoke(cli, ["doctor", "--json"])
    found = {one["what"]: one for one in json.loads(ended.stdout)}
    assert ended.exit_code == 1
    assert found[f"sms {COUNTER}"]["ok"] is False
    assert "Twilio ne répond pas" in found[f"sms {COUNTER}"]["sentence"]


def test_a_provider_that_is_not_known_is_told_too(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "guichet.toml").write_text('[channels.sms]\nprovider = "personne"\n')
    ended = CliRunner().invoke(cli, ["doctor"])
    assert ended.exit_code == 1
    assert "provider « personne »" in ended.stdout
