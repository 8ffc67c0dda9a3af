"""Where a delivery goes is told in words; no key of ours is shown for an address."""

import pytest

from app.where_to import where_to
from router.message import Address


@pytest.mark.parametrize(
    ("address", "told"),
    [
        (Address("web", "web", "6780eab1c294bf4c17"), "page de suivi"),
        (Address("desk", "mairie", "case:049b", "page"), "à lire au guichet"),
        (Address("desk", "mairie", "+33240000000", "relay"), "guichet, rappel par le relais +33240000000"),
        (Address("desk", "mairie", "task", "unread"), "guichet task"),
        (Address("email", "a@x.example", "lea@y.example"), "courriel lea@y.example"),
        (Address("x", "GuichetNantes", "0b5e61c8f3a94d27", "person"), "X, en privé"),
        (Address("partner_email", "a@x.example", "voirie@y.example"), "courriel au service voirie@y.example"),
    ],
)  # fmt: skip
def test_an_address_is_told_in_words(address: Address, told: str) -> None:
    assert where_to(address) == told
