"""What is left of a text in a public post."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.x.posts import public_text, without_links

NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,8}[a-z]", fullmatch=True)
ENDS = st.sampled_from(["fr", "com", "ly", "gouv.fr", "paris", "FR"])
PATHS = st.sampled_from(["", "/abc", "/suivi?n=1", ":8080/x", "#haut", "."])


@given(NAMES, ENDS, PATHS, st.sampled_from(["", "https://", "www.", "HTTP://"]))
def test_no_address_that_x_makes_a_link_of_is_left(name, end, path, scheme):
    left = public_text(f"Voyez {scheme}{name}.{end}{path} ou écrivez-nous")
    assert f"{name}.{end}" not in left
    assert left.startswith("Voyez")
    assert left.endswith("ou écrivez-nous")


@pytest.mark.parametrize(
    "text",
    [
        "Merci.Nous arrivons.",
        "M.Dupont habite ici, au n.2.",
        "Appelez le 02.40.00.00.00 ou le 112.",
        "Écrivez à voirie.nord@nantes.fr",
        "Rendez-vous à 10.30, porte B... merci",
        "l'école d'en face, c.-à-d. ici",
    ],
)
def test_what_is_no_address_stays(text):
    assert without_links(text) == text
