"""The status table: walked whole."""

import itertools

import pytest

from router.case import TRANSITIONS, ForbiddenTransition, Status, check_transition
from router.delivery import DeliveryKind, DeliveryState, idempotency_key
from router.message import Address


@pytest.mark.parametrize(("before", "after"), list(itertools.product(Status, Status)))
def test_every_change_of_status_is_allowed_by_the_table_or_refused_by_name(before, after):
    if before == after or after in TRANSITIONS[before]:
        check_transition(before, after)
    else:
        with pytest.raises(ForbiddenTransition, match=f"from {before} to {after}"):
            check_transition(before, after)


def test_every_status_has_a_row():
    assert set(TRANSITIONS) == set(Status)


def test_every_status_but_the_first_can_be_reached():
    reached, todo = {Status.RECEIVED}, [Status.RECEIVED]
    while todo:
        for after in TRANSITIONS[todo.pop()] - reached:
            reached.add(after)
            todo.append(after)
    assert reached == set(Status)


def test_a_request_for_another_administration_is_passed_on_and_never_closed_unseen():
    assert Status.PASSED_ON in TRANSITIONS[Status.RECEIVED]
    assert Status.CLOSED not in TRANSITIONS[Status.RECEIVED]


def test_an_ended_case_can_always_be_reopened_unless_it_lives_on_in_another():
    for status in (Status.ANSWERED, Status.RESOLVED, Status.CLOSED, Status.REFUSED):
        assert Status.REOPENED in TRANSITIONS[status]
    assert not TRANSITIONS[Status.MERGED]


def test_an_address_survives_its_key():
    address = Address("email", "guichet@nantes.example", "a|b@c.example", "dm")
    assert Address.from_key(address.key) == address


def test_one_cause_writes_once_to_one_address():
    here, there = Address("sms", "+331", "+336"), Address("sms", "+331", "+337")
    keys = {
        idempotency_key(cause, kind, address)
        for cause in ("1", "2")
        for kind in DeliveryKind
        for address in (here, there)
    }
    assert len(keys) == 2 * len(DeliveryKind) * 2


def test_a_later_word_never_lowers_what_is_known_of_a_delivery():
    order = [DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.SENT]
    assert [state.rank for state in order] == sorted(state.rank for state in order)
    assert DeliveryState.DELIVERED.rank > DeliveryState.SENT.rank
    assert DeliveryState.BOUNCED.rank > DeliveryState.DELIVERED.rank
