"""What an operator reads of a server that cannot be reached: which one, why, and what to check."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import trustme
from pydantic import SecretStr

from channels.email.channel import EmailChannel
from channels.email.lmtp import trouble_at
from channels.email.settings import EmailSettings
from channels.matrix import Matrix, MatrixSettings
from channels.unreachable import Server, server_of, speaks_tls, why_unreachable
from router.errors import ConfigurationError
from router.ports import Health
from router.tokens import Signer

BOX = "guichet@nantes.example"
RELAY = Server("mail.nantes.example", 587, "smtp_host", "smtp_port", "smtp_tls")
SIGNER = Signer({"a": b"key"}, "a")


def caused(error: Exception, by: BaseException) -> Exception:
    error.__cause__ = by
    return error


def certificate(code: int) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code, error.verify_message = code, "in the library's words"
    return error


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            socket.gaierror(socket.EAI_NONAME, "Name or service not known"),
            "est introuvable : aucune machine ne s'appelle « mail.nantes.example » (vérifiez smtp_host)",
        ),
        (
            socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"),
            "est introuvable : le nom « mail.nantes.example » n'a pas pu être cherché (vérifiez"
            " smtp_host, et que cette machine joint son serveur de noms, le DNS)",
        ),
        (
            ConnectionRefusedError(111, "Connect call failed"),
            "ne répond pas à mail.nantes.example:587 : aucun programme n'y écoute (vérifiez smtp_host"
            " et smtp_port, et que le serveur tourne)",
        ),
        (
            OSError("Multiple exceptions: [Errno 111] Connect call failed, [Errno 111] Connect"),
            "ne répond pas à mail.nantes.example:587 : aucun programme n'y écoute (vérifiez smtp_host"
            " et smtp_port, et que le serveur tourne)",
        ),
        (
            OSError(113, "No route to host"),
            "ne répond pas à mail.nantes.example:587 : aucun chemin n'y mène (vérifiez smtp_host et"
            " smtp_port et le réseau)",
        ),
        (
            httpx.ReadTimeout(""),
            "ne répond pas à mail.nantes.example:587 : rien n'est venu à temps (vérifiez smtp_host et"
            " smtp_port, et le pare-feu)",
        ),
        (ConnectionResetError(104, "reset"), "coupe la connexion à mail.nantes.example:587 (vérifiez"),
        (ssl.SSLError(1, "WRONG_VERSION_NUMBER"), "ne parle pas TLS à mail.nantes.example:587 (vérifiez smtp_port et smtp_tls)"),
        (certificate(10), "un certificat qui n'est pas valable (il a expiré)"),
        (certificate(18), "un certificat qui n'est pas valable (il est signé par lui-même)"),
        (certificate(20), "n'est pas valable (aucune autorité connue ici ne l'a signé)"),
        (certificate(62), "(il n'est pas au nom de « mail.nantes.example » : vérifiez smtp_host)"),
        (certificate(999), "n'est pas valable (in the library's words)"),
        (caused(httpx.ConnectError("x"), certificate(10)), "(il a expiré)"),
        (ExceptionGroup("all failed", [ConnectionRefusedError(111, "")]), "aucun programme n'y écoute"),
        (UnicodeError("label empty"), "« mail.nantes.example » n'est pas l'adresse d'un serveur"),
        (KeyError("?"), "ne répond pas à mail.nantes.example:587 : KeyError (vérifiez smtp_host et"),
    ],
)  # fmt: skip
def test_each_reason_has_its_sentence(error, said):
    assert said in why_unreachable(error, RELAY)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://matrix.example", "matrix.example:443"),
        ("http://matrix.example/x", "matrix.example:80"),
        ("https://[::1]:8448", "[::1]:8448"),
        ("https://matrix.example:port", "https://matrix.example:port:443"),
    ],
)
def test_the_server_of_an_address_is_its_host_and_port(url, shown):
    shown_here = str(server_of(url))
    assert shown_here.strip("[]").replace("]:443", ":443") == shown.strip("[]")


# --- servers of another kind than the settings say ---------------------------------------------------

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], object]


@asynccontextmanager
async def a_server(greeting: bytes, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Serve something on a free port that greets and then says nothing; gives the port."""

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(greeting)
            await writer.drain()
            await reader.read()
        except OSError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def context_of(tmp_path: Path, monkeypatch, name: str = "127.0.0.1", **given) -> ssl.SSLContext:
    """Give what a server needs for TLS; this process trusts who signed its certificate."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name, **given).configure_cert(context)
    return context


async def asked(**given) -> Health:
    channel = EmailChannel(
        EmailSettings(**{"smtp_host": "127.0.0.1", "imap_host": "127.0.0.1"} | given), BOX, SIGNER
    )
    health = await channel.health()
    await channel.close()
    return health


async def test_servers_that_want_tls_from_the_start_are_told(tmp_path, monkeypatch):
    context = context_of(tmp_path, monkeypatch)
    async with a_server(b"* OK 220 ready\r\n", context) as port:
        health = await asked(smtp_port=port, smtp_timeout_s=0.5, imap_port=port, imap_tls=False)
    assert (
        f'le relais SMTP parle TLS dès la connexion à 127.0.0.1:{port} (mettez smtp_tls = "implicit")'
        in health.sentence
    )
    assert f"le serveur IMAP parle TLS dès la connexion à 127.0.0.1:{port} (mettez imap_tls = true)" in health.sentence  # fmt: skip


async def test_servers_that_speak_no_tls_are_told():
    async with a_server(b"220 ready\r\n") as port:
        health = await asked(smtp_port=port, smtp_tls="implicit", imap_port=port)
    said = f"ne parle pas TLS à 127.0.0.1:{port} (vérifiez"
    assert f"le relais SMTP {said} smtp_port et smtp_tls)" in health.sentence
    assert f"le serveur IMAP {said} imap_port et imap_tls)" in health.sentence


async def test_a_certificate_of_another_name_and_one_that_has_expired_are_told(
    tmp_path, monkeypatch
):
    past = datetime.now(UTC) - timedelta(days=1)  # noqa: TID251 -- a certificate of this machine's time
    other = context_of(tmp_path, monkeypatch, "ailleurs.example")
    async with a_server(b"", other) as port:
        found = await asked(smtp_port=port, smtp_tls="implicit", imap_port=port)
    assert found.sentence.count("il n'est pas au nom de « 127.0.0.1 »") == 2
    old = context_of(tmp_path, monkeypatch, not_after=past)
    async with a_server(b"", old) as port:
        found = await asked(smtp_port=port, smtp_tls="implicit", imap_port=port)
    assert found.sentence.count("un certificat qui n'est pas valable (il a expiré)") == 2


async def test_a_homeserver_called_without_the_tls_that_it_wants_is_told(tmp_path, monkeypatch):
    async with a_server(b"", context_of(tmp_path, monkeypatch)) as port:
        settings = MatrixSettings(
            base_url=f"http://127.0.0.1:{port}", access_token=SecretStr("jeton"), deadline_s=2
        )
        matrix = Matrix(settings, "@guichet:ville.example")
        health = await matrix.health()
        await matrix.close()
    assert f"127.0.0.1:{port} (vérifiez base_url" in health.sentence


async def test_a_server_that_says_nothing_speaks_no_tls():
    async with a_server(b"") as port:
        assert not await speaks_tls(Server("127.0.0.1", port), 0.2)


async def test_doctor_tells_of_a_door_for_mail_that_another_has_and_not_of_our_own():
    async with a_server(b"220 mail.example ESMTP Postfix\r\n") as port:
        health = await asked(lmtp_port=port, imap_host="")
    said = (
        f"la porte LMTP ne peut pas s'ouvrir à 127.0.0.1:{port} (lmtp_host, lmtp_port) : un autre"
    )
    assert said in health.sentence
    async with a_server(b"220 nantes.example Guichet\r\n") as port:
        health = await asked(lmtp_port=port, imap_host="")
    assert "LMTP" not in health.sentence
    assert "LMTP" not in (await asked(lmtp_port=port, imap_host="")).sentence  # nobody has it now


async def test_our_own_door_is_known_by_its_greeting():
    channel = EmailChannel(EmailSettings(lmtp_port=0), BOX, SIGNER)
    async with asyncio.TaskGroup() as tasks:
        open_door = tasks.create_task(channel.listen(lambda _: asyncio.sleep(0)))
        while not channel.lmtp_port:  # noqa: ASYNC110 -- no event tells it
            await asyncio.sleep(0.01)
        assert await trouble_at("127.0.0.1", channel.lmtp_port) == ""
        open_door.cancel()


async def test_a_door_for_mail_that_is_taken_is_told():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        channel = EmailChannel(EmailSettings(lmtp_port=port), BOX, SIGNER)
        with pytest.raises(ConfigurationError) as raised:
            await channel.listen(lambda _: asyncio.sleep(0))
    assert str(raised.value) == (
        f"{BOX} : LMTP ne peut pas écouter sur 127.0.0.1, port {port} : un autre programme l'utilise"
        " déjà. Changez lmtp_host ou lmtp_port."
    )
