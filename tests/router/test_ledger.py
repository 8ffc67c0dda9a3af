"""The ledger: a provider's own list beside what the journal holds, day by day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from router.archive import Action, Tallied
from router.ledger import IN_FLIGHT, Became, Ledger, Listed

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
TUESDAY, NOW = MONDAY + timedelta(days=1), MONDAY + timedelta(days=1, hours=15)


def ledger(*tallied):
    made = Ledger([MONDAY, TUESDAY, NOW])
    made.count(tallied)
    return made


def test_each_outcome_has_its_column_and_none_is_left_out():
    lines = [Tallied("sms", "+33", 0, action, 1) for action in (*Action, None)]
    [day] = ledger(*lines).days
    assert sum(day.became.values()) == len(lines)
    assert day.became[Became.CASES] == 4
    assert (day.begin, day.listed, day.missing) == (MONDAY, None, [])


def test_what_the_provider_refused_itself_is_counted_and_is_not_missing():
    made = ledger(Tallied("sms", "+33", 0, Action.CREATE, 1))
    listed = [Listed("SM1", MONDAY), Listed("SM2", MONDAY, refused=True)]
    made.compare("sms", "+33", listed, ["SM2"])
    [day] = made.days
    assert (day.listed, day.refused, day.missing) == (2, 1, [])


def test_what_never_came_is_named_on_its_day():
    made = ledger()
    made.compare("sms", "+33", [Listed("SM1", TUESDAY), Listed("SM2", MONDAY)], ["SM1"])
    monday, tuesday = made.days
    assert (monday.missing, tuesday.missing) == ([], ["SM1"])


def test_what_is_still_on_its_way_is_not_called_missing():
    made = ledger()
    made.compare("sms", "+33", [Listed("SM1", NOW - IN_FLIGHT / 2)], ["SM1"])
    [day] = made.days
    assert (day.listed, day.missing) == (1, [])


@given(st.lists(st.tuples(st.integers(-40, 60), st.booleans(), st.booleans())))
def test_every_listed_message_of_these_days_is_known_refused_or_missing(messages):
    listed = [
        Listed(f"SM{place}", MONDAY + timedelta(hours=hours), refused)
        for place, (hours, refused, _) in enumerate(messages)
    ]
    known = {f"SM{place}" for place, (_, _, here) in enumerate(messages) if here}
    made = ledger()
    made.compare(
        "sms", "+33", listed, [one.provider_id for one in listed if one.provider_id not in known]
    )
    within = [one for one in listed if MONDAY <= one.at < NOW - IN_FLIGHT]
    lost = (
        {one.provider_id for one in within}
        - known
        - {one.provider_id for one in listed if one.refused}
    )
    assert {name for day in made.days for name in day.missing} == lost
    assert sum(day.listed or 0 for day in made.days) == sum(
        MONDAY <= one.at < NOW for one in listed
    )
