"""Shares out what a provider's limit grants among the texts that wait, piece by piece."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from router.ports import OutboundPart
from router.work import Reservation, SendClaim

_LEAST_WAIT_S = 0.01
Rendered = tuple[OutboundPart, ...] | str


@dataclass(frozen=True, slots=True)
class Granted:
    """What may be sent now: of each delivery so many pieces, and more after ``wait_s`` seconds.

    ``rendered`` are all pieces of each, or what its channel stumbled over.
    """

    claims: tuple[SendClaim, ...] = ()
    pieces: Mapping[int, int] = field(default_factory=dict)
    wait_s: float = _LEAST_WAIT_S
    rendered: Mapping[int, Rendered] = field(default_factory=dict)


def shared(
    claims: Sequence[SendClaim], pieces: Mapping[int, int], reserved: Reservation
) -> Granted:
    """Share out the pieces of a limit in order; of the last text perhaps not all may leave."""
    left, kept, given = reserved.granted, [], dict(pieces)
    for claim in claims:
        share = []
        for delivery in claim.deliveries:
            if not left:
                break
            given[delivery.id] = min(left, pieces[delivery.id])
            left -= given[delivery.id]
            share.append(delivery)
        if share:
            kept.append(replace(claim, deliveries=tuple(share)))
    return Granted(tuple(kept), given, max(reserved.wait_s, _LEAST_WAIT_S))
