"""What waits for a partner's system, as an operator hears of it, and how it is sent again."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import pytest
from store_parts import NOW, Numbered, Parts, put
from typer.testing import CliRunner

from app.__main__ import cli
from app.running.partner_queues import queues
from app.stores import opened
from router.delivery import DeliveryState
from router.message import Address
from router.policy import Way

URL, OTHER = "https://open311.partenaire.example", "https://autre.example"
WAYS = {
    ("open311", URL): Way("partner_open311", URL, only_forwards=True),
    ("webhook", OTHER): Way("partner_webhook", OTHER),
}
ADDRESS = Address("partner_open311", URL, URL)


async def test_each_partner_has_its_queue_and_the_oldest_is_told(store, parts):
    for hours, state, error in (
        (3, DeliveryState.DEFERRED, "le serveur du service a répondu 503"),
        (1, DeliveryState.QUEUED, ""),
        (9, DeliveryState.DEAD, "gone"),
        (9, DeliveryState.SENT, ""),
    ):
        at = NOW - timedelta(hours=hours)
        await put(
            store, parts,
            parts.delivery(address=ADDRESS, state=state, created_at=at, error=error),
        )  # fmt: skip
    ours, other = await queues(store, WAYS)
    assert (ours.account, ours.count, ours.since) == (URL, 2, NOW - timedelta(hours=3))
    assert ours.sentence(NOW) == (
        "2 en attente, le plus ancien depuis 3 h (le serveur du service a répondu 503)."
    )
    assert ours.late(NOW)
    assert (other.count, other.late(NOW), other.sentence(NOW)) == (0, False, "rien n'attend.")


@pytest.mark.parametrize(
    ("lapse", "words"),
    [({"minutes": 0}, "0 min"), ({"minutes": 59}, "59 min"), ({"hours": 47}, "47 h"),
     ({"hours": 48}, "2 jours")],
)  # fmt: skip
async def test_how_long_is_said_as_people_do(store, parts, lapse, words):
    at = NOW - timedelta(**lapse)
    await put(store, parts, parts.delivery(address=ADDRESS, created_at=at))
    [ours, _] = await queues(store, WAYS)
    assert words in ours.sentence(NOW)


def _given_up(data: Path) -> None:
    async def give_up() -> None:
        async with opened(data, "") as store:
            parts = Parts(Numbered())
            for address in (ADDRESS, ADDRESS, Address("partner_webhook", OTHER, OTHER)):
                await put(store, parts, parts.delivery(address=address, state=DeliveryState.DEAD))

    asyncio.run(give_up())


def test_all_that_could_not_reach_one_address_is_sent_again(tmp_path):
    _given_up(tmp_path)
    words = ["outbox", "requeue", "--data", str(tmp_path), "--to", URL]
    assert "2 remis dans la file." in CliRunner().invoke(cli, words).output
    assert "0 remis dans la file." in CliRunner().invoke(cli, words).output


def test_what_became_of_all_that_went_to_one_address_is_read_newest_last(tmp_path):
    async def fill() -> None:
        async with opened(tmp_path, "") as store:
            parts = Parts(Numbered())
            other = Address("partner_webhook", OTHER, OTHER)
            for address, state, at in (
                (ADDRESS, DeliveryState.DELIVERED, NOW),
                (other, DeliveryState.SENT, NOW),
                (ADDRESS, DeliveryState.SENT, NOW + timedelta(minutes=5)),
                (ADDRESS, DeliveryState.DEAD, NOW + timedelta(minutes=9)),
            ):
                settled = {"settled_at": at, "created_at": at, "error": "gone" * (state == "dead")}
                await put(store, parts, parts.delivery(address=address, state=state, **settled))

    asyncio.run(fill())
    words = ["outbox", "list", "--data", str(tmp_path), "--to", URL]
    told = CliRunner().invoke(cli, words).output
    assert [told.index(one) for one in ("arrivé", "envoyé", "abandonné", "gone")] == sorted(
        told.index(one) for one in ("arrivé", "envoyé", "abandonné", "gone")
    )
    assert OTHER not in told
    listed = json.loads(CliRunner().invoke(cli, [*words, "--limit", "2", "--json"]).output)
    assert [one["state"] for one in listed] == ["sent", "dead"]
    assert listed[0]["settled_at"] == (NOW + timedelta(minutes=5)).isoformat()
    dead = CliRunner().invoke(cli, [*words, "--state", "dead", "--json"]).output
    assert [one["error"] for one in json.loads(dead)] == ["gone"]


def test_ids_and_an_address_are_one_too_many(tmp_path):
    for words in ([], ["4", "--to", URL]):
        result = CliRunner().invoke(cli, ["outbox", "requeue", "--data", str(tmp_path), *words])
        assert result.exit_code == 2
