"""A body of base64 that is looked at once is read as if it were looked at line by line."""

from __future__ import annotations

import base64

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from channels.email import mime

_good = st.binary(max_size=120).map(base64.encodebytes)
_pieces = st.one_of(
    _good,
    st.sampled_from(
        [b"\n", b"=", b"==", b" ", b"AAAA", b"A", b"-- \n", b"Sent to the list", b"\xe9"]
    ),
)


@given(st.lists(_pieces, max_size=6).map(b"".join))
@example(b"QUJD\nQUJD\n")
@example(b"QUI=\nQUJD")
@example(b"QUJD\n=\n")
@example(b"QUJD\nQUJD====\n")
@example(b"QUJD\n\nSent to the list, unsubscribe here\n")
def test_a_body_seen_whole_is_read_as_line_by_line(body: bytes) -> None:
    quick = mime._base64(body)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mime, "_is_clean", lambda _: False)

        assert mime._base64(body) == quick
