"""Nouns come back from their rows as they were."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from store_parts import Numbered, Parts, envelope

from router.case import Case
from router.delivery import Delivery
from storage.codec import from_us, to_us
from storage.columns import REPLACEMENT, clean, fit_key
from storage.rows import case_of, case_row, delivery_of, delivery_row, envelope_of

moments = st.datetimes(timezones=st.just(UTC), min_value=datetime(1900, 1, 1))  # noqa: DTZ001 -- hypothesis adds the zone


@given(st.builds(Case, created_at=moments, updated_at=moments, received_at=moments))
def test_any_case(case):
    assert case_of(case_row("main", case)) == case


@given(st.builds(Delivery, created_at=moments))
def test_any_delivery(delivery):
    assert delivery_of(delivery_row("main", delivery)) == delivery


def test_what_a_newer_version_wrote_is_passed_over():
    case = Parts(Numbered()).case()
    row = case_row("main", case)
    row["body"] = json.dumps({**json.loads(row["body"]), "invented_later": 1})
    assert case_of(row) == case


def test_every_field_of_a_case_is_kept():
    body_and_columns = case_row("main", Parts(Numbered()).case())
    assert {field.name for field in fields(Case)} > {"place", "reporters"}
    assert "body" in body_and_columns


@given(moments)
def test_moments_keep_their_microseconds(moment):
    assert from_us(to_us(moment)) == moment
    assert to_us(moment.astimezone(timezone(timedelta(hours=2)))) == to_us(moment)


def test_a_moment_without_a_zone_is_refused():
    with pytest.raises(TypeError):
        to_us(datetime(2026, 11, 22))  # noqa: DTZ001 -- the mistake that is to be found


@given(st.text(st.characters(exclude_categories=())))
def test_cleaned_text_can_be_stored_and_cleaning_twice_changes_nothing(text):
    cleaned = clean(text)
    assert "\0" not in cleaned
    cleaned.encode()
    assert clean(cleaned) == cleaned


def test_two_halves_of_one_sign_are_joined():
    assert clean("\ud83d\ude00 \ud83d") == f"\U0001f600 {REPLACEMENT}"


@given(st.text(min_size=0, max_size=700))
def test_a_key_fits_an_index_and_fitting_twice_changes_nothing(text):
    assert len(fit_key(text)) <= 280
    assert fit_key(fit_key(text)) == fit_key(text)


def test_long_keys_with_the_same_beginning_stay_apart():
    assert fit_key("x" * 500 + "a") != fit_key("x" * 500 + "b")


def test_an_envelope():
    sent = envelope(id="1")
    row = {
        "channel": sent.channel,
        "account": sent.account,
        "provider_id": "1",
        "conversation": sent.conversation,
        "received_at": to_us(sent.received_at),
        "ref": "",
        "note": "",
    }
    assert envelope_of(row, sent.payload) == sent
