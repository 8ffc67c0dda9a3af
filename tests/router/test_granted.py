"""What a limit grants, shared out piece by piece."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from router.delivery import Delivery, DeliveryKind
from router.granted import shared
from router.message import Address
from router.work import Claim, Reservation, SendClaim

AT = datetime(2026, 11, 24, tzinfo=UTC)
HERE = Address("memory", "town", "ana")
LANES = st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=5), max_size=6)


def _claims(lanes):
    ids = iter(range(1, 100))
    made, pieces = [], {}
    for number, lane in enumerate(lanes):
        sends = []
        for count in lane:
            one = Delivery(next(ids), "i", "l", DeliveryKind.ANSWER, HERE, "…", AT)
            pieces[one.id] = count
            sends.append(one)
        made.append(SendClaim(Claim("send:x", f"lane{number}", "token", AT), tuple(sends)))
    return made, pieces


@given(LANES, st.integers(0, 60))
def test_no_more_than_what_was_granted_leaves_and_nothing_of_it_is_left_unused(lanes, most):
    claims, pieces = _claims(lanes)
    granted = shared(claims, pieces, Reservation(most, 1.0))
    sends = [each for claim in granted.claims for each in claim.deliveries]
    assert sum(granted.pieces[each.id] for each in sends) == min(most, sum(pieces.values()))
    assert all(0 < granted.pieces[each.id] <= pieces[each.id] for each in sends)


@given(LANES, st.integers(0, 60))
def test_order_is_kept_and_only_the_last_text_may_be_cut(lanes, most):
    claims, pieces = _claims(lanes)
    granted = shared(claims, pieces, Reservation(most, 1.0))
    sends = [each for claim in granted.claims for each in claim.deliveries]
    every = [each for claim in claims for each in claim.deliveries]
    assert sends == every[: len(sends)]
    assert all(granted.pieces[each.id] == pieces[each.id] for each in sends[:-1])
