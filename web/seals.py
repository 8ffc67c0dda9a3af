"""Seal what a form carries, so that it comes back unchanged, from us and in time."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets

from router.errors import InvalidInput
from router.ports import Clock

FORM_LIFE_S = 24 * 3600
"""A form may stay open for a day before it has to be sent again."""


class Seals:
    """Signs values with HMAC-SHA256 (RFC 2104), cut to 96 bits, bound to a purpose."""

    def __init__(self, secret: bytes, clock: Clock) -> None:
        self._secret = secret
        self._clock = clock

    def form_id(self, purpose: str) -> str:
        """Make the id of one form: whoever sends it twice sends one thing."""
        return self.signed(
            purpose, f"{secrets.token_hex(10)}-{int(self._clock.now().timestamp()):x}"
        )

    def signed(self, purpose: str, body: str) -> str:
        """Add to a body, in ASCII, by which :meth:`is_ours` knows it again."""
        return f"{body}-{self._mac(purpose, body)}"

    def is_ours(self, purpose: str, form_id: str) -> bool:
        body, _, mac = form_id.rpartition("-")
        return body.isascii() and hmac.compare_digest(
            self._mac(purpose, body).encode(), mac.encode("utf-8", "replace")
        )

    def is_fresh(self, form_id: str) -> bool:
        """Whether a form id that is ours was made less than a day ago."""
        return self.age_s(form_id) < FORM_LIFE_S

    def now_s(self) -> int:
        """Give the seconds since 1970."""
        return int(self._clock.now().timestamp())

    def age_s(self, form_id: str) -> float:
        """Give the seconds since a form id that is ours was made."""
        return self._clock.now().timestamp() - int(form_id.split("-")[1], 16)

    def seal(self, purpose: str, text: str) -> str:
        body = base64.urlsafe_b64encode(text.encode()).decode()
        return f"{body}-{self._mac(purpose, body)}"

    def unseal(self, purpose: str, sealed: str) -> str:
        """Give back what was sealed.

        Raises:
            InvalidInput: it was changed, or sealed for another purpose.
        """
        if not self.is_ours(purpose, sealed):
            raise InvalidInput("this form was changed on its way")
        try:
            return base64.urlsafe_b64decode(sealed.rpartition("-")[0]).decode()
        except (binascii.Error, UnicodeDecodeError) as broken:
            raise InvalidInput("this form was changed on its way") from broken

    def _mac(self, purpose: str, body: str) -> str:
        digest = hmac.new(self._secret, f"{purpose}\n{body}".encode(), hashlib.sha256)
        return digest.hexdigest()[:24]
