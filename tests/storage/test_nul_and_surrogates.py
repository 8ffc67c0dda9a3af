"""NUL and halves of surrogate pairs: PostgreSQL can store neither, and loses nothing else for them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from store_parts import Parts, envelope, write

from router.case import Event, EventKind
from router.work import CaseWrite, Unit

ODD = ("gaz\0 ici", "\ud83d moitié", "fin \udc00", "\0\ud800\udfff")


@pytest.mark.parametrize("odd", ODD, ids=ascii)
async def test_what_a_person_wrote_is_kept_without_them_on_each_database(
    database_store, ids, odd
) -> None:
    parts = Parts(ids)
    case = replace(parts.case("anna"), text=f"avant {odd} après", subject=odd)
    line: Event = parts.event(case, odd, kind=EventKind.MESSAGE)
    await write(database_store, Unit((), cases=(CaseWrite(case, None),), events=(line,)))
    found = await database_store.case_by_id(case.id)
    [told] = await database_store.events(case.id)
    for words in (found.text, found.subject, told.text):
        words.encode()  # no half of a pair is left
        assert words.count("\0") == 0
    assert found.text.startswith("avant ")
    assert found.text.endswith(" après")


@pytest.mark.parametrize("odd", ODD, ids=ascii)
async def test_a_provider_id_and_an_address_with_them_are_known_again(database_store, odd) -> None:
    [first] = await database_store.accept([envelope(f"anna{odd}", id=f"n{odd}", payload=b"a")])
    [again] = await database_store.accept([envelope(f"anna{odd}", id=f"n{odd}", payload=b"a")])
    assert (first.new, again.new) == (True, False)
    assert again.inbound_id == first.inbound_id
