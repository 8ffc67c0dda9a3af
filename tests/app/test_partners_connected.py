"""Which partners' systems are connected: those that have settings, whatever others have."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.running.wiring import build
from app.settings import GivenSettings

CONFIG = Path(__file__).parents[2] / "config"
PARTNERS = ("partner_open311", "partner_webhook", "cell")
ACCOUNTS = st.sampled_from(["a", "b", "c"])
TABLES = st.dictionaries(ACCOUNTS, st.just({"deadline_s": 3.0}))
OF_ALL = st.just({}) | st.just({"per_second": 2.0})
KEYS = {"k1": "whsec_YW4tZXhhbXBsZS1rZXktb2YtMjQtYnl0ZQ=="}
TRANSPORT = "https://open311.transports.example"
LANDLORD = "https://demandes.bailleur.example"


@given(st.sampled_from(PARTNERS), TABLES, OF_ALL, ACCOUNTS)
def test_the_table_of_one_partner_connects_no_other(channel, tables, of_all, account):
    settings = GivenSettings(channels={channel: {**of_all, **tables}})
    merged = {**of_all, **tables.get(account, {})}
    assert settings.connects(channel, account) == (merged or None)


@pytest.mark.parametrize("named", [LANDLORD, "https://autre.example"])
async def test_until_its_table_is_there_the_cases_of_a_partner_go_by_mail(tmp_path, store, named):
    settings = GivenSettings(
        data=tmp_path,
        config=CONFIG,
        channels={"partner_webhook": {named: {"keys": KEYS}}},
    )
    product = await build(settings, store)
    connected = ("webhook", LANDLORD) in product.policy.partners
    assert connected == (named == LANDLORD)
    assert (f"partner_webhook {LANDLORD}" in product.unconnected) == (not connected)
    assert connected == product.sends("partner_webhook", LANDLORD)


@pytest.mark.parametrize("updates", [True, False])
async def test_additions_go_by_open311_only_where_the_partner_takes_them(tmp_path, store, updates):
    settings = GivenSettings(
        data=tmp_path,
        config=CONFIG,
        channels={"partner_open311": {TRANSPORT: {"updates": updates}}},
    )
    product = await build(settings, store)
    way = product.policy.partners["open311", TRANSPORT]
    assert (way.only_forwards, way.additions) == (True, updates)
