"""A wrong clock is told after a refusal that it may have caused, and after nothing else."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels import clock_skew

NOW = datetime(2026, 11, 26, 10, tzinfo=UTC)
AN_HOUR_ON = {"date": "Thu, 26 Nov 2026 11:00:00 GMT"}


def test_only_a_refusal_that_a_wrong_clock_may_cause_is_laid_to_it() -> None:
    laid = {status for status in range(100, 600) if clock_skew.told(status, AN_HOUR_ON, NOW)}
    assert laid == {400, 401, 403}


@pytest.mark.parametrize(
    "date",
    [
        "Thu, 26 Nov 99999999999999999999 11:00:00 GMT",
        "Thu, 26 Nov 20260 11:00:00 GMT",
        "Mon, 01 Jan 0001 00:00:00 +1400",
        "Fri, 31 Dec 9999 23:59:59 -1400",
        "Thu, 26 Nov 2026 11:00:00 +99999999999999999999",
        "hier",
        "",
    ],
)
def test_a_date_that_is_none_says_nothing_or_a_sentence(date: str) -> None:
    told = clock_skew.told(401, {"date": date}, NOW)
    assert told == "" or told.endswith(".")


@given(st.text(max_size=60) | st.from_regex(r"\w{3}, \d{1,2} \w{3} \d{1,30} \d\d:\d\d:\d\d .{1,6}"))
def test_no_date_ends_in_an_error(date: str) -> None:
    clock_skew.told(403, {"date": date}, NOW)
