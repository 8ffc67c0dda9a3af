"""A partner's server is called at the address that was checked, and nowhere else."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from channels.partners import http as partner_http
from channels.partners.http import Forbidden, PartnerHttp, TooLong, is_public
from demo.server import LoopbackServer


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.1",
     "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1%eth0", "fc00::1", "ff02::1",
     "::ffff:10.0.0.1", "::ffff:127.0.0.1", "2002:0a00:0001::1",
     "::7f00:1", "fec0::1", "64:ff9b::7f00:1", "64:ff9b:1::5db8:d822", "4000::1", "2001:db8::1",
     "2001:0:5db8:d822::1", "::ffff:224.0.0.1", "2002:e000:0001::1"],
)  # fmt: skip
def test_these_addresses_are_private(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34", "2002:5db8:d822::1",
     "64:ff9b::5db8:d822"],
)  # fmt: skip
def test_these_addresses_are_anybodys(address: str) -> None:
    assert is_public(address)


UNICAST = ipaddress.ip_network("2000::/3")
WITHIN: dict[str, Callable[[int], int]] = {
    "mapped": lambda four: 0xFFFF << 32 | four,
    "compatible": lambda four: four,
    "6to4": lambda four: 0x2002 << 112 | four << 80 | 1,
    "NAT64": lambda four: 0x64FF9B << 96 | four,
    "a local NAT64": lambda four: 0x64FF9B0001 << 80 | four,
    "Teredo": lambda four: 0x20010000 << 96 | four ^ 0xFFFFFFFF,
    "Teredo's server": lambda four: 0x20010000 << 96 | four << 64,
}
"""How an address of version 6 may hold one of version 4, by which it is reached in the end."""
PRIVATE = [
    ipaddress.ip_network(one)
    for one in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/4",
        "240.0.0.0/4",
    )
]  # fmt: skip


@given(st.sampled_from(PRIVATE).flatmap(lambda net: st.ip_addresses(network=net)))
def test_no_way_of_writing_a_private_address_makes_it_anybodys(four: IPv4Address) -> None:
    assert not is_public(str(four))
    for write in WITHIN.values():
        assert not is_public(str(IPv6Address(write(int(four)))))


@given(st.ip_addresses(v=4), st.sampled_from(sorted(WITHIN)))
def test_an_address_within_another_is_no_more_public_than_by_itself(
    four: IPv4Address, way: str
) -> None:
    within = str(IPv6Address(WITHIN[way](int(four))))
    assert is_public(str(four)) or not is_public(within)


@given(st.ip_addresses(v=6))
def test_of_version_6_only_unicast_and_what_holds_a_public_address_is_anybodys(
    six: IPv6Address,
) -> None:
    if is_public(str(six)):
        held = int(six) >> 32 in {0xFFFF, 0x64FF9B << 64} and IPv4Address(int(six) & 0xFFFFFFFF)
        assert six in UNICAST or (held and is_public(str(held)))


async def _resolving(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    asked: list[str] = []

    async def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in addresses]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
    return asked


async def test_a_public_name_that_leads_home_is_not_called(monkeypatch: pytest.MonkeyPatch) -> None:
    await _resolving(monkeypatch, "93.184.216.34", "127.0.0.1")
    http = PartnerHttp("https://partenaire.example", 1.0)
    with pytest.raises(Forbidden):
        await http.call("GET", "/")


async def test_the_connection_goes_to_the_address_that_was_checked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hosts: list[str] = []

    async def hello(request: Request) -> Response:
        hosts.append(request.headers["host"])
        return PlainTextResponse("ok")

    server = LoopbackServer([Route("/x", hello)])
    await server.start()
    asked = await _resolving(monkeypatch, "127.0.0.1")
    http = PartnerHttp(f"http://partenaire.example:{server.port}", 1.0, allow_private=True)
    answer = await http.call("GET", "/x")
    await http.close()
    await server.stop()
    assert (answer.status, answer.body) == (200, b"ok")
    assert hosts == [f"partenaire.example:{server.port}"]
    assert "partenaire.example" in asked


async def test_an_address_that_nobody_answers_at_is_passed_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def hello(request: Request) -> Response:
        return PlainTextResponse("ok")

    server = LoopbackServer([Route("/x", hello)])
    await server.start()
    await _resolving(monkeypatch, "127.0.0.2", "127.0.0.1")
    http = PartnerHttp(f"http://partenaire.example:{server.port}", 1.0, allow_private=True)
    assert (await http.call("GET", "/x")).body == b"ok"
    await http.close()
    await server.stop()


@pytest.mark.parametrize(
    ("name", "genuine"), [("partenaire.example", True), ("voleur.example", False)]
)
async def test_the_certificate_must_be_of_the_name_and_not_of_the_address(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, genuine: bool
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    await _resolving(monkeypatch, "127.0.0.1")
    port = server.sockets[0].getsockname()[1]
    http = PartnerHttp(f"https://partenaire.example:{port}", 2.0, allow_private=True)
    try:
        if genuine:
            assert (await http.call("GET", "/")).status == 204
        else:
            with pytest.raises(httpx.ConnectError):
                await http.call("GET", "/")
    finally:
        await http.close()
        server.close()


async def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    async def away(request: Request) -> Response:
        return RedirectResponse("http://127.0.0.1:1/")

    server = LoopbackServer([Route("/x", away)])
    await server.start()
    http = PartnerHttp(server.url, 1.0, allow_private=True)
    assert (await http.call("GET", "/x")).status == 307
    await http.close()
    await server.stop()


async def test_an_endless_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partner_http, "LONGEST_ANSWER", 1000)

    async def long(request: Request) -> Response:
        return PlainTextResponse("x" * 2000)

    server = LoopbackServer([Route("/x", long)])
    await server.start()
    http = PartnerHttp(server.url, 1.0, allow_private=True)
    with pytest.raises(TooLong):
        await http.call("GET", "/x")
    await http.close()
    await server.stop()


@pytest.mark.parametrize(
    "url", ["ftp://a.example", "https://", "https://u:p@a.example", "a.example"]
)
async def test_what_is_no_address_of_a_server_is_refused(url: str) -> None:
    with pytest.raises(Forbidden):
        await PartnerHttp(url, 1.0).call("GET", "")


async def test_a_name_that_is_not_known_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async def getaddrinfo(*_: Any, **__: Any) -> list[Any]:
        raise socket.gaierror("no such name")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
    with pytest.raises(httpx.ConnectError):
        await PartnerHttp("https://partenaire.example", 1.0).call("GET", "/")
