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
OF_ALL = st.sampled_from([{}, {"per_second": 2.0}])
CONNECTING = {
    "partner_open311": [{"service_code": "001"}, {"service_codes": {"abribus": "2"}}],
    "partner_webhook": [{"keys": {"k1": "…"}}],
    "cell": [{"keys": {"k1": "…"}}],
}
"""What is shared with every partner of a channel where it stands in the table of all."""
KEYS = {"k1": "whsec_YW4tZXhhbXBsZS1rZXktb2YtMjQtYnl0ZQ=="}
TRANSPORT = "https://open311.transports.example"
LANDLORD = "https://demandes.bailleur.example"


@given(st.sampled_from(PARTNERS), TABLES, OF_ALL, ACCOUNTS)
def test_the_table_of_one_partner_connects_no_other(channel, tables, of_all, account):
    settings = GivenSettings(channels={channel: {**of_all, **tables}})
    own = {**of_all, **tables[account]} if account in tables else None
    assert settings.connects(channel, account) == own


@given(st.sampled_from(PARTNERS), TABLES, OF_ALL, ACCOUNTS, st.data())
def test_what_is_shared_with_all_connects_each(channel, tables, of_all, account, data):
    shared = of_all | data.draw(st.sampled_from(CONNECTING[channel]))
    settings = GivenSettings(channels={channel: {**shared, **tables}})
    assert settings.connects(channel, account) == {**shared, **tables.get(account, {})}


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
