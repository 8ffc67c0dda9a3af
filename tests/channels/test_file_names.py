"""Names that others give, before they are shown or saved."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.file_names import file_name, shown

HOSTILE = st.text(st.sampled_from("aé. /\\\0\n\u202e\u2066\ud800\ufeff"), max_size=300)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("trou.jpg", "trou.jpg"),
        ("../../etc/\u202efdp.exe", "fdp.exe"),
        ("C:\\Photos\\trou.jpg", "trou.jpg"),
        ("dossier/", "dossier"),
        ("/", "piece-jointe"),
        (" .. ", "piece-jointe"),
        ("e\u0301t\u00e9.pdf", "\u00e9t\u00e9.pdf"),
        ("a" * 300 + ".jpeg", "a" * 115 + ".jpeg"),
        ("a" * 300, "a" * 120),
        ("a." + "b" * 300, "a." + "b" * 118),
    ],
)
def test_of_a_path_the_last_part_is_kept_and_of_a_long_name_the_ending(
    given: str, name: str
) -> None:
    assert file_name(given) == name


@given(st.text(max_size=300) | HOSTILE)
def test_any_name_is_safe_short_and_stays_as_it_is(given: str) -> None:
    name = file_name(given)
    assert 0 < len(name) <= 120
    assert not set("/\\\0\n\u202e\u2066\ud800\ufeff") & set(name)
    assert name == name.strip(" .")
    assert file_name(name) == name


@given(st.text(max_size=300) | HOSTILE)
def test_a_person_s_name_stands_on_one_line(given: str) -> None:
    name = shown(given)
    assert len(name) <= 200
    assert not set("/\\\0\n\u202e\u2066\ud800") & set(name)
