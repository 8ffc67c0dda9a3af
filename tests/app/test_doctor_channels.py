"""`guichet doctor` asks every channel and says in one sentence what is wrong with each."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from typer.testing import CliRunner

from app.__main__ import cli
from app.doctor_channels import Finding, ask_all, secrets_of
from channels.email import EmailChannel, EmailSettings
from channels.matrix import Matrix, MatrixSettings
from channels.open311 import Open311, Open311Settings
from channels.partners.email import PartnerEmail, PartnerEmailSettings
from channels.partners.open311 import PartnerOpen311, PartnerOpen311Settings
from channels.partners.webhook import PartnerWebhook, PartnerWebhookSettings
from channels.sms import Sms, SmsSettings
from channels.sms_polled import PolledSms
from channels.telegram.channel import Telegram
from channels.telegram.settings import TelegramSettings
from channels.whatsapp import WhatsApp, WhatsAppSettings
from channels.x.channel import X, XSettings
from demo.clock import WallClock
from demo.mail import PASSWORD, MailSimulator
from demo.matrix import MatrixSimulator
from demo.open311 import Open311Simulator
from demo.ovh import APPLICATION_KEY, APPLICATION_SECRET, CONSUMER_KEY, OvhSimulator
from demo.partner import PartnerSimulator
from demo.server import LoopbackServer
from demo.telegram import TelegramSimulator
from demo.twilio import TwilioSimulator
from demo.x import XSimulator
from router.ports import Health
from router.tokens import Signer

NOWHERE = "http://127.0.0.1:9"
BOX, SIGNER = "guichet@nantes.example", Signer({"a": b"key"}, "a")
HERE = "https://guichet.example/webhooks/telegram/GuichetNantesBot"


class Behind:
    """A clock that somebody set wrong."""

    def now(self) -> datetime:
        return datetime.now(UTC) - timedelta(minutes=10)  # noqa: TID251 -- a real one, but wrong

    def monotonic(self) -> float:
        return 0.0


async def sentence(channel, *secrets):
    """Ask one channel, as the command does; nothing secret may be told."""
    [found] = await ask_all({("channel", "account"): channel})
    assert not any(secret in found.sentence for secret in secrets)
    assert found.sentence.endswith(".")
    assert found.sentence.count("\n") == 0
    return found.ok, found.sentence


# --- all at once ---------------------------------------------------------------------------------


class Answers:
    def __init__(self, sentence: str, ok: bool = True) -> None:
        self.health_is = Health(ok, sentence)

    async def health(self) -> Health:
        return self.health_is


class Fails:
    async def health(self) -> Health:
        raise KeyError("mot-de-passe")


class Hangs:
    """Waits for all others first, so that they must be asked at once; then for ever."""

    def __init__(self) -> None:
        self.freed = asyncio.Event()

    async def health(self) -> Health:
        while not self.freed.is_set():
            try:
                await self.freed.wait()
            except asyncio.CancelledError:  # as some libraries do
                continue
        return Health(True, "trop tard.")


async def test_one_that_hangs_or_fails_hides_no_other():
    hangs = Hangs()
    asked = {("a", "1"): hangs, ("b", "2"): Fails(), ("c", "3"): Answers("va bien."), ("d", "4"): 5}
    found = await ask_all(asked, deadline_s=0.05)
    hangs.freed.set()
    assert found == [
        Finding("a 1", False, "ne répond pas en 0.05 secondes."),
        Finding("b 2", False, "n'a pas pu être interrogé (KeyError)."),
        Finding("c 3", True, "va bien."),
        Finding("d 4", True, "branché."),
    ]


async def test_they_are_asked_at_once():
    met = asyncio.Barrier(3)

    class Meets:
        async def health(self) -> Health:
            await met.wait()  # nobody goes on before all have been asked
            return Health(True, "va bien.")

    found = await ask_all({("a", str(n)): Meets() for n in range(3)}, deadline_s=20)
    assert all(one.ok for one in found)


async def test_a_page_of_a_provider_is_one_line_without_secrets():
    settings = {
        "sms": {"auth_token": "jeton-secret", "+33": {"keys": {"consumer": "autre-secret"}}}
    }
    secrets = secrets_of(settings)
    told = "<html>\n\tjeton-secret et autre-secret \u202e\x1b[31m" + "x" * 5000
    [found] = await ask_all({("a", "1"): Answers(told, ok=False)}, secrets)
    assert found.sentence.startswith("<html> ••• et ••• [31m")
    assert len(found.sentence) == 300
    assert secrets_of({"oauth_token_url": "https://x.example/token", "poll_s": 5}) == ()


# --- each channel --------------------------------------------------------------------------------


@asynccontextmanager
async def a_bot(account: str = "GuichetNantesBot", **wrong) -> AsyncIterator:
    async with TelegramSimulator() as simulator:
        given = {"token": SecretStr(simulator.token), "base_url": simulator.base_url} | wrong
        channel = Telegram(TelegramSettings(**given, deadline_s=2), account, HERE)
        yield simulator, channel
        await channel.close()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"token": SecretStr("123:faux")}, "refuse le jeton"),
        ({"token": SecretStr("123:faux"), "base_url": f"{NOWHERE}/bot"}, "ne répond pas"),
        ({"account": "AutreBot"}, "celui de @GuichetNantesBot, pas de @AutreBot"),
        ({"webhook_secret": SecretStr("secret-du-webhook")}, "aucun webhook n'y est inscrit"),
    ],
)
async def test_a_bot(wrong, words):
    async with a_bot(**wrong) as (simulator, channel):
        ok, told = await sentence(channel, "123:faux", simulator.token, "secret-du-webhook")
    assert not ok
    assert words in told


@pytest.mark.parametrize(
    ("secret", "url", "words"),
    [
        ("", HERE, "appelez deleteWebhook, ou donnez webhook_secret"),
        ("s3cret", "https://old.example/x", f"inscrit est https://old.example/x, et non {HERE}"),
        ("s3cret", HERE, None),
        ("", "", None),
    ],
)
async def test_a_bots_webhook(secret, url, words):
    async with a_bot(webhook_secret=SecretStr(secret)) as (simulator, channel):
        simulator._ledger.data["webhook"]["url"] = url
        ok, told = await sentence(channel, simulator.token)
    assert ok == (words is None)
    assert (words or "répond pour @GuichetNantesBot.") in told


@asynccontextmanager
async def an_account_of_x(account: str = "GuichetNantes", **wrong) -> AsyncIterator:
    async with XSimulator() as simulator:
        given = {"access_token": SecretStr(simulator.bearer), "base_url": simulator.base_url}
        channel = X(XSettings(**(given | wrong), deadline_s=2), account, WallClock())
        yield simulator, channel
        await channel.close()


@pytest.mark.parametrize(
    ("wrong", "fault", "words"),
    [
        ({"access_token": SecretStr("jeton-faux")}, None, "refuse nos jetons"),
        (
            {"access_token": SecretStr("jeton-faux"), "refresh_token": SecretStr("use-deja")},
            None,
            "il faut se connecter de nouveau",
        ),
        ({"base_url": NOWHERE}, None, "X ne répond pas à 127.0.0.1:9 : aucun programme"),
        ({"account": "AutreVille"}, None, "ceux de @GuichetNantes, pas de @AutreVille"),
        ({}, ("403", "poll"), "dm.read"),
        ({}, ("429", "lookup"), "la limite ou le budget"),
        ({}, ("5xx", "lookup"), "répond par une erreur"),
        ({}, None, None),
    ],
)
async def test_an_account_of_x(wrong, fault, words):
    async with an_account_of_x(**wrong) as (simulator, channel):
        if fault:
            simulator.faults.push(fault[0], on=fault[1])
        ok, told = await sentence(channel, "jeton-faux", "use-deja", simulator.bearer)
    assert ok == (words is None)
    assert (words or "X répond pour @GuichetNantes.") in told


@pytest.mark.parametrize(
    ("wrong", "fault", "words"),
    [
        ({"access_token": SecretStr("jeton-faux")}, None, "refuse notre jeton (401 M_UNKNOWN"),
        ({"access_token": SecretStr("")}, None, "access_token n'est pas donné"),
        (
            {"base_url": NOWHERE},
            None,
            "Le serveur Matrix ne répond pas à 127.0.0.1:9 : aucun programme n'y écoute (vérifiez base_url",
        ),
        (
            {"base_url": "matrix.nantes.example"},
            None,
            "« matrix.nantes.example » n'est pas l'adresse d'un serveur (vérifiez base_url)",
        ),
        ({"deadline_s": 0.2}, "hang", "rien n'est venu à temps (vérifiez base_url"),
        ({}, "429", "la limite de ses appels est atteinte (429 M_LIMIT_EXCEEDED"),
        ({}, "5xx", "répond par une erreur (5"),
        ({}, None, None),
    ],
    ids=str,
)
async def test_an_account_of_matrix(wrong, fault, words):
    async with MatrixSimulator() as simulator:
        if fault:
            simulator.faults.push(fault, on="look")
        given = {"access_token": SecretStr(simulator.token), "base_url": simulator.base_url}
        channel = Matrix(MatrixSettings(**({"deadline_s": 2} | given | wrong)), simulator.counter)
        ok, told = await sentence(channel, "jeton-faux", simulator.token)
    assert ok == (words is None)
    assert (words or "Matrix répond pour @guichet:nantes.example.") in told


async def test_the_token_of_somebody_else_on_matrix():
    async with MatrixSimulator() as simulator:
        anne, token = simulator.account("anne")
        settings = MatrixSettings(access_token=SecretStr(token), base_url=simulator.base_url)
        ok, told = await sentence(Matrix(settings, simulator.counter), token)
    assert not ok
    assert told == f"Le jeton est celui de {anne}, pas de {simulator.counter}."


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"auth_token": SecretStr("jeton-faux")}, "refuse le jeton du compte AC"),
        ({"auth_token": SecretStr("")}, "ne sont pas tous deux donnés"),
        ({"base_url": NOWHERE}, "Twilio ne répond pas à 127.0.0.1:9 : aucun programme"),
        ({"public_url": HERE}, None),  # a WhatsApp sender is called by an address of its own
        ({}, None),
    ],
    ids=str,
)
async def test_a_sender_of_whatsapp(wrong, words):
    async with TwilioSimulator() as twilio:
        given = {"account_sid": twilio.account_sid, "base_url": twilio.base_url}
        given |= {"auth_token": SecretStr(twilio.auth_token)}
        channel = WhatsApp(WhatsAppSettings(**(given | wrong)), "+33756000045")
        ok, told = await sentence(channel, "jeton-faux", twilio.auth_token)
        await channel.close()
    assert ok == (words is None)
    assert (words or "Twilio répond pour whatsapp:+33756000045.") in told


@pytest.mark.parametrize(
    ("number", "called", "words"),
    [
        (
            "+33756000044",
            "https://old.example/",
            "il appelle https://old.example/, et non https://h",
        ),
        ("+33756000044", "https://here.example/sms", None),
        ("+33756000044", "", None),
        ("+33700000000", "", "ce numéro n'est pas de ce compte"),
        ("NANTES", "", None),
    ],
)
async def test_a_number_of_twilio_and_where_it_calls(number, called, words):
    async with TwilioSimulator() as twilio:
        twilio.connect(number, called)
        channel = Sms(
            SmsSettings(
                account_sid=twilio.account_sid,
                auth_token=SecretStr(twilio.auth_token),
                base_url=twilio.base_url,
                public_url="https://here.example/sms",
            ),
            number,
        )
        ok, told = await sentence(channel, twilio.auth_token)
        await channel.close()
    assert ok == (words is None)
    assert (words or f"Twilio répond pour {number}.") in told
    assert ("On ne peut pas répondre à un nom" in told) == (number == "NANTES")


async def test_a_clock_that_is_wrong_is_told_where_the_time_is_signed():
    keys = {"application_key": APPLICATION_KEY, "application_secret": APPLICATION_SECRET}
    keys |= {"consumer_key": CONSUMER_KEY}
    clock = WallClock()
    async with OvhSimulator(lambda: clock.now().timestamp()) as ovh:
        settings = SmsSettings(
            provider="ovh",
            account_sid=ovh.service,
            keys={name: SecretStr(key) for name, key in keys.items()},
            base_url=ovh.base_url,
        )
        channel = PolledSms(settings, ovh.number, Behind())
        ok, told = await sentence(channel, *keys.values())
        await channel.close()
    assert not ok
    assert "L'horloge d'ici retarde de" in told


@pytest.mark.parametrize(
    ("sign", "status", "laid_to_the_clock"),
    [("ovh", 401, True), ("ovh", 503, False), ("ovh", 404, False), ("bearer", 401, False)],
)
async def test_a_clock_is_blamed_only_where_the_time_is_signed_and_the_call_refused(
    sign, status, laid_to_the_clock, tmp_path
):
    async def refuse(request: Request) -> Response:
        return Response(status_code=status)

    server = LoopbackServer([Route("/health", refuse)])
    await server.start()
    path = tmp_path / "relais.toml"
    path.write_text(DEFINITION.format(sign=sign))
    names = ("application_key", "application_secret", "consumer_key")
    settings = SmsSettings(
        provider=str(path),
        account_sid="a",
        auth_token=SecretStr("cle-du-relais"),
        keys={name: SecretStr("cle-du-relais") for name in names},
        base_url=server.url,
    )
    channel = Sms(settings, "+33756000044", Behind())
    ok, told = await sentence(channel, "cle-du-relais")
    await channel.close()
    await server.stop()
    assert not ok
    assert told.startswith("Relais ")
    assert "ne répond pas" not in told
    assert ("L'horloge d'ici" in told) == laid_to_the_clock


DEFINITION = """
name = "Relais"
base_url = "https://relais.example"
keys = ["application_key", "application_secret", "consumer_key"]

[send]
url = "{{base_url}}/messages"
sign = "{sign}"
id = "id"

[health]
url = "{{base_url}}/health"
sign = "{sign}"

[message]
sender = "from"
text = "text"
"""


@asynccontextmanager
async def a_mailbox(**wrong) -> AsyncIterator[EmailChannel]:
    async with MailSimulator() as server:
        given = {
            "imap_host": "127.0.0.1",
            "imap_port": server.imap_port,
            "imap_tls": False,
            "password": SecretStr(PASSWORD),
            "smtp_host": "127.0.0.1",
            "smtp_port": server.smtp_port,
            "smtp_timeout_s": 2,
            "imap_timeout_s": 2,
        }
        channel = EmailChannel(EmailSettings(**(given | wrong)), BOX, SIGNER)
        yield channel
        await channel.close()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"password": SecretStr("mot-de-passe-faux")}, f"IMAP refuse le mot de passe de {BOX}"),
        ({"user": "personne"}, "IMAP refuse le mot de passe de personne"),
        ({"imap_port": 9}, "IMAP ne répond pas à 127.0.0.1:9"),
        ({"imap_tls": True}, "le serveur IMAP ne parle pas TLS à 127.0.0.1:"),
        ({"mailbox": "Ailleurs"}, "n'a pas de dossier « Ailleurs »"),
        ({"smtp_port": 9}, "le relais SMTP ne répond pas à 127.0.0.1:9"),
        ({"smtp_tls": "starttls"}, "ne propose pas STARTTLS"),
        ({"smtp_tls": "implicit"}, "le relais SMTP ne parle pas TLS à 127.0.0.1:"),
        ({"smtp_host": "nulle-part.invalid"}, "le relais SMTP est introuvable : "),
        ({"imap_host": "nulle-part.invalid"}, "le serveur IMAP est introuvable : "),
        ({"imap_host": ""}, "rien d'autre n'apporte de courrier"),
        (
            {"imap_port": 9, "smtp_port": 9},
            "que le serveur tourne) ; le serveur IMAP ne répond pas à 127.0.0.1:9",
        ),
        (
            {"oauth_token_url": f"{NOWHERE}/token", "oauth_client_secret": SecretStr("s3cr3t")},
            "le serveur des jetons ne répond pas à 127.0.0.1:9 : aucun programme",
        ),
        ({}, None),
    ],
    ids=str,
)
async def test_a_mailbox(wrong, words):
    async with a_mailbox(**wrong) as channel:
        ok, told = await sentence(channel, PASSWORD, "mot-de-passe-faux", "s3cr3t")
    assert ok == (words is None)
    assert (words or "la boîte se lit et le relais répond.") in told


async def test_the_relay_of_services():
    settings = PartnerEmailSettings(smtp_host="127.0.0.1", smtp_port=9)
    channel = PartnerEmail(settings, BOX, "https://guichet.example", SIGNER)
    ok, told = await sentence(channel)
    assert not ok
    assert "le relais SMTP ne répond pas à 127.0.0.1:9" in told


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"base_url": NOWHERE}, "ne répond pas à 127.0.0.1:9 : aucun programme n'y écoute"),
        ({"allow_private": False}, "ne peut pas être appelé : il faut une adresse en https"),
        ({"service_code": "777"}, "ne connaît pas ces types : 777"),
        ({}, None),
    ],
)
async def test_a_partner_by_open311(wrong, words):
    async with Open311Simulator() as server:
        given = {"api_key": SecretStr(server.api_key), "base_url": server.base_url}
        given |= {"jurisdiction_id": server.jurisdiction, "service_code": "001"}
        settings = PartnerOpen311Settings(**(given | {"allow_private": True} | wrong))
        channel = PartnerOpen311(settings, "https://x.example", WallClock())
        ok, told = await sentence(channel, server.api_key)
        await channel.close()
    assert ok == (words is None)
    assert (words or "répond") in told


@pytest.mark.parametrize(
    ("wrong", "clock", "words"),
    [
        ({"base_url": NOWHERE}, WallClock(), "ne répond pas à 127.0.0.1:9 : aucun programme"),
        ({"allow_private": False}, WallClock(), "ne peut pas être appelé"),
        ({"keys": {}}, WallClock(), "aucune clé partagée"),
        ({"keys": {"k9": SecretStr("A" * 40)}}, WallClock(), "refuse notre message signé"),
        ({}, Behind(), "L'horloge d'ici retarde de"),
        ({}, WallClock(), None),
    ],
)
async def test_a_partner_by_webhook(wrong, clock, words):
    async with PartnerSimulator() as server:
        keys = {name: SecretStr(key) for name, key in server.keys.items()}
        given = {"keys": keys, "base_url": server.url, "allow_private": True}
        settings = PartnerWebhookSettings(**(given | wrong))
        channel = PartnerWebhook(settings, "https://x.example", "https://guichet.example", clock)
        ok, told = await sentence(channel, *server.keys.values(), "A" * 40)
        await channel.close()
    assert ok == (words is None)
    assert (words or "répond à un message signé.") in told


async def test_an_application_without_a_key():
    ok, told = await sentence(Open311(Open311Settings(), "application"))
    assert not ok
    assert "aucune clé" in told


# --- the command ---------------------------------------------------------------------------------


def test_the_command_tells_each_and_nothing_secret(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "guichet.toml").write_text(
        '[channels.email]\nimap_host = "127.0.0.1"\nimap_port = 9\nsmtp_port = 9\n'
        'smtp_host = "127.0.0.1"\npassword = "motdepasse-secret"\n'
        f'[channels.telegram]\ntoken = "123:jeton-secret"\nbase_url = "{NOWHERE}/bot"\n'
    )
    ended = CliRunner().invoke(cli, ["doctor", "--json"])
    assert ended.exit_code == 1
    assert "secret" not in ended.stdout.replace("secret.key", "")
    wrong = {one["what"].partition(" ")[0] for one in json.loads(ended.stdout) if not one["ok"]}
    assert {"email", "telegram", "partner_email"} <= wrong
