"""What a program sends again under an id is known again; anything else under it is not."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from web_fakes import NOW

from router.message import Address, Envelope
from web.same_entry import acts_again, mark

words = st.sampled_from(["", "un trou", "une fuite de gaz"])
pictures = st.lists(st.sampled_from([b"one", b"two"]), max_size=3)
entries = st.tuples(
    st.fixed_dictionaries({"text": words}, optional={"name": words, "case": words}), pictures
)


def kept(fields: dict[str, str], files: list[bytes], *, marked: bool = True) -> Envelope:
    """Keep an entry: its pictures lie under new names each time."""
    attachments: list[dict[str, Any]] = [
        {"ref": f"blob-{id(fields)}-{number}", **(mark(file) if marked else {})}
        for number, file in enumerate(files)
    ]
    payload = json.dumps(fields | {"attachments": attachments}).encode()
    return Envelope("desk", "mairie", "1", Address("desk", "mairie", "x").key, payload, NOW)


def said(fields: dict[str, str], files: list[bytes]) -> dict[str, Any]:
    return fields | {"attachments": [mark(file) for file in files]}


@given(entries, entries)
def test_only_the_same_words_with_the_same_pictures_are_the_same_entry(
    one: tuple[dict[str, str], list[bytes]], other: tuple[dict[str, str], list[bytes]]
) -> None:
    assert acts_again(kept(*one), said(*other)) is (one == other)


@given(entries, entries)
def test_pictures_kept_before_they_were_told_apart_are_known_by_their_count(
    one: tuple[dict[str, str], list[bytes]], other: tuple[dict[str, str], list[bytes]]
) -> None:
    same = one[0] == other[0] and len(one[1]) == len(other[1])
    assert acts_again(kept(*one, marked=False), said(*other)) is same
