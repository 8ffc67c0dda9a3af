"""Whatever a list is asked for, it is answered or refused in one sentence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from web_fakes import NOW, Cases, a_case

from router.case import Event, EventKind, Reporter, Visibility
from router.message import Address
from web.open311.format import Trouble
from web.open311.query import Asked, Search
from web.open311.records import in_order

APP = "application-mobile"
zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
edges = st.sampled_from([datetime.min, datetime.max]).flatmap(  # noqa: DTZ901 -- a zone is added
    lambda at: zones.map(lambda zone: at.replace(tzinfo=zone).isoformat())
)
moments = st.datetimes(timezones=zones).map(datetime.isoformat) | edges | st.text(max_size=30)
numbers = (
    st.integers().map(str) | st.text(max_size=8) | st.sampled_from(["9" * 5000, "1" + "0" * 400])
)
arguments = st.fixed_dictionaries(
    {},
    optional={
        "start_date": moments,
        "end_date": moments,
        "page": numbers,
        "page_size": numbers,
        "status": st.text(max_size=12) | st.sampled_from(["open", "open,closed"]),
        "service_request_id": st.text(max_size=30),
        "service_code": st.text(max_size=30),
    },
)


async def listed(query: dict[str, str]) -> None:
    """Ask as the server does; only a Trouble may come of it."""
    try:
        asked = Asked.of(query, NOW)
    except Trouble as trouble:
        refused = trouble
    else:
        await found_by(asked)
        return
    assert refused.status == 400
    assert str(refused).endswith(".")


async def found_by(asked: Asked) -> None:
    cases = Cases()
    cases.keep(a_case(reporters=(Reporter(Address("open311", APP, "f1")),)))
    search = Search(cases)
    found = [*await search.requests(APP, asked), *await search.updated(APP, asked)]
    assert len(found) <= 2
    assert 0 < asked.size <= 1000
    assert asked.since.tzinfo is asked.until.tzinfo is UTC


@given(arguments)
async def test_any_arguments_are_read_or_refused_in_a_sentence(query: dict[str, str]) -> None:
    await listed(query)


@pytest.mark.parametrize(
    "query",
    [
        {"page": "000000001" + "0" * 5000},
        {"page": "1" * 5000},
        {"end_date": "0001-01-01T00:00:00Z"},
        {"start_date": "0001-01-01T00:00:00+14:00"},
        {"start_date": "9999-12-31T23:59:59Z"},
        {"start_date": "9999-12-31T23:59:59-14:00"},
        {"start_date": "0001-01-02T00:00:00Z", "end_date": "0001-02-01T00:00:00Z"},
    ],
)
async def test_what_no_calendar_or_page_reaches_is_refused(query: dict[str, str]) -> None:
    with pytest.raises(Trouble):
        Asked.of(query, NOW)
    await listed(query)


@given(st.lists(st.integers(1, 2000), unique=True), st.integers(0, 1))
def test_updates_of_one_moment_stand_in_the_order_in_which_they_came(
    ids: list[int], minutes: int
) -> None:
    events = [
        Event(id, 1, EventKind.STATUS, NOW + timedelta(minutes=minutes * (id % 2)), "x", "x",
              Visibility.CITIZEN)
        for id in ids
    ]  # fmt: skip
    told = [{"update_id": str(one.id), "updated_datetime": one.at} for one in events]
    expected = sorted(events, key=lambda one: (one.at, one.id))
    assert [one["update_id"] for one in in_order(told)] == [str(one.id) for one in expected]
