"""Offer browsers a small sum to do (ALTCHA, version 1), bound to one form, and check its answer."""

from __future__ import annotations

import json

from altcha.v1 import (
    ChallengeOptions,
    Payload,
    create_challenge,
    extract_params,
    verify_solution,
)

_PURPOSE = b"\nproof of work"


class Proof:
    """The sums of all forms; an ``effort`` of 0 asks for none.

    A sum is answered for the form that it was made for and for no other; the life of the form is
    its own. Who has no scripts cannot answer: that is noticed and never held against him.
    """

    def __init__(self, secret: bytes, effort: int) -> None:
        """Make sums of ``effort`` hashes at most, signed by a key of their own."""
        self._key = secret + _PURPOSE
        self._effort = effort

    @property
    def asked(self) -> bool:
        return self._effort > 0

    def challenge(self, form_id: str) -> str:
        """Make the sum of a form, as JSON; empty where none is asked."""
        if not self.asked:
            return ""
        options = ChallengeOptions(
            hmac_key=self._key, max_number=self._effort, params={"form": form_id}
        )
        made = create_challenge(options)
        return json.dumps(
            {
                "algorithm": made.algorithm,
                "challenge": made.challenge,
                "maxnumber": self._effort,
                "salt": made.salt,
                "signature": made.signature,
            }
        )

    def holds(self, form_id: str, answer: str) -> bool:
        """Say whether an answer, in base64, is right and of this form."""
        try:
            right, _ = verify_solution(answer, self._key, False)
            of = extract_params(Payload.from_base64(answer).to_dict()).get("form")
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return False
        return right and of == [form_id]
