"""Addresses from which a file may be fetched: by name, over HTTPS, and nothing private."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.media_hosts import check, joined
from router.errors import InvalidInput

HOSTS = ("files.example",)
BASE = "https://api.example"


@pytest.mark.parametrize("url", ["https://files.example/a?b=c", "https://api.example/2/x"])
def test_known_hosts_pass(url: str) -> None:
    check(url, HOSTS, BASE)


@pytest.mark.parametrize(
    "url",
    [
        "http://files.example/a", "https://files.example:8443/a", "https://u:p@files.example/a",
        "https://files.example.evil.example/a", "https://127.0.0.1/a", "https://10.0.0.1/a",
        "https://[::1]/a", "https://169.254.169.254/latest", "http://api.example/a",
        "https://api.example:444/a", "ftp://files.example/a", "//files.example/a", "", "::", "\n",
    ],
)  # fmt: skip
def test_all_others_are_refused(url: str) -> None:
    with pytest.raises(InvalidInput):
        check(url, HOSTS, BASE)


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_text_whatever_is_a_defect(url: str, location: str) -> None:
    with contextlib.suppress(InvalidInput):
        check(url, HOSTS, BASE)
    with contextlib.suppress(InvalidInput):
        joined(BASE, location)
