"""Counting cases by what they have in common, on every store."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from store_parts import NOW, Numbered, Parts, write

from router.counting import MOST_COUNTED, Sought, marks_of, spot_of, spots_around
from router.decision import Place, Point
from router.tokens import party_of
from router.work import CaseWrite, Unit

DAY = timedelta(days=1)
STREET = Place(communes=("44143",), street="rue de la Poterie")
ELSEWHERE = Place(communes=("44109",), street="rue de la Poterie")
PIN = Place(communes=("44109",), point=Point(47.2130, -1.5540))


async def put(store, *cases):
    units = [Unit((), cases=(CaseWrite(case, None),)) for case in cases]
    await write(store, *units)


def between(**more) -> Sought:
    return Sought(since=NOW - 30 * DAY, until=NOW, **more)


async def count(store, **more) -> int:
    sought = between(**more)
    return (await store.count_cases([sought]))[sought]


async def test_cases_at_one_place_are_counted_and_no_others(store, parts):
    cases = [parts.case(place=place) for place in (STREET, STREET, ELSEWHERE, PIN, Place())]
    await put(store, *cases)
    assert await count(store, spots=spots_around(STREET)) == 2


async def test_a_point_finds_those_near_it_whatever_side_of_a_line_they_lie(store, parts):
    near = [Point(47.2130 + step * 0.0002, -1.5540) for step in range(3)]
    far = Point(47.2160, -1.5540)
    await put(store, *(parts.case(place=replace(PIN, point=one)) for one in (*near, far)))
    for one in near:
        assert await count(store, spots=spots_around(replace(PIN, point=one))) == 3


async def test_a_vague_point_and_a_bare_commune_are_no_place_where_something_comes_back():
    assert spot_of(Place(communes=("44109",))) == ""
    assert spot_of(replace(PIN, point=Point(47.2, -1.5, 500.0))) == ""
    assert spots_around(Place()) == ()


async def test_a_street_is_the_same_in_any_spelling_of_its_accents():
    shouted = replace(STREET, street="RUE DE  LA POTERIE")
    assert spot_of(shouted) == spot_of(STREET)


async def test_cases_of_one_person_are_counted_whatever_they_are_about(store, parts):
    one, two, other = parts.case("anna"), parts.case("anna", category="bruit"), parts.case("bob")
    await put(store, one, two, other)
    person = party_of(one.reporters[0].address.key)
    assert await count(store, person=person) == 2
    assert await count(store, person=person, categories=("bruit",)) == 1


async def test_cases_of_some_categories_are_counted_in_some_territories(store, parts):
    await put(
        store,
        parts.case(category="bruit", area="44143"),
        parts.case(category="bruit", area="44109"),
        parts.case(category="tapage", area="44109"),
        parts.case(category="voirie", area="44109"),
        parts.case(area="44109"),
    )
    assert await count(store, categories=("bruit", "tapage")) == 3
    assert await count(store, categories=("bruit", "tapage"), areas=("44109", "x")) == 2
    assert await count(store, categories=("none",)) == 0


async def test_only_what_was_received_in_the_time_asked_for_counts(store, parts):
    moments = (NOW - 31 * DAY, NOW - 30 * DAY, NOW - 29 * DAY, NOW, NOW + DAY)
    await put(store, *(parts.case(category="bruit", received_at=at) for at in moments))
    assert await count(store, categories=("bruit",)) == 2


async def test_a_part_and_a_merged_case_count_for_nothing(store, parts):
    whole = parts.case(category="bruit")
    await put(store, whole, parts.case(category="bruit", parent=whole.id))
    await put(store, parts.case(category="bruit", merged_into=whole.id))
    assert await count(store, categories=("bruit",)) == 1


async def test_a_case_is_counted_by_what_it_is_now(store, parts):
    case = parts.case(category="bruit")
    await put(store, case)
    moved = CaseWrite(replace(case, category="voirie", version=2), 1)
    await write(store, Unit((), cases=(moved,)))
    assert await count(store, categories=("bruit",)) == 0
    assert await count(store, categories=("voirie",)) == 1


async def test_many_questions_are_answered_at_once(store, parts):
    await put(store, parts.case(category="bruit", place=STREET), parts.case(category="voirie"))
    asked = [
        between(categories=("bruit",)),
        between(categories=("voirie", "bruit")),
        between(spots=spots_around(STREET)),
        between(person=party_of("nobody")),
    ]
    assert list((await store.count_cases(asked)).values()) == [1, 2, 1, 0]
    assert await store.count_cases([]) == {}


async def test_no_count_goes_beyond_what_anybody_asks_for(store, parts):
    await put(store, *(parts.case(category="bruit") for _ in range(MOST_COUNTED + 3)))
    assert await count(store, categories=("bruit",)) == MOST_COUNTED
    assert await count(store, categories=("bruit",), enough=7) == 7


_places = st.sampled_from([STREET, ELSEWHERE, PIN, Place()])
_cases = st.tuples(
    st.sampled_from(["anna", "bob"]),
    _places,
    st.sampled_from([None, "bruit", "voirie"]),
    st.sampled_from(["", "44109", "44143"]),
    st.integers(-40, 2),
)
_questions = st.builds(
    between,
    spots=_places.map(spots_around),
    person=st.sampled_from(["", "anna", "bob"]),
    categories=st.sampled_from([(), ("bruit",), ("bruit", "voirie")]),
    areas=st.sampled_from([(), ("44143",)]),
).filter(lambda asked: asked.spots or asked.person or asked.categories)


@given(st.lists(_cases, max_size=12), st.lists(_questions, min_size=1, max_size=4))
@settings(max_examples=40, deadline=None)
def test_every_store_counts_as_the_definition_says(made, asked):
    """Memory counts by the definition itself; SQLite must agree with it on anything."""
    import asyncio
    import tempfile
    from pathlib import Path

    from storage.engine import open_store
    from storage.memory import MemoryStore

    ids = Numbered()
    parts = Parts(ids)
    cases = [
        parts.case(who, place=place, category=kind, area=area, received_at=NOW + days * DAY)
        for who, place, kind, area, days in made
    ]
    people = {name: party_of(parts.case(name).reporters[0].address.key) for name in ("anna", "bob")}
    asked = [replace(each, person=people.get(each.person, "")) for each in asked]

    async def both(folder):
        answers = []
        for store in (MemoryStore(ids), open_store(Path(folder), ids=ids)):
            await store.open()
            await put(store, *cases)
            answers.append(await store.count_cases(asked))
            await store.close()
        return answers

    with tempfile.TemporaryDirectory() as folder:
        memory, sqlite = asyncio.run(both(folder))
    assert memory == sqlite


@pytest.mark.parametrize("changed", [{"parent": 1}, {"merged_into": 1}])
async def test_marks_are_empty_where_a_case_does_not_count(parts, changed):
    assert not any(vars_of(marks_of(parts.case(category="bruit", place=STREET, **changed))))


def vars_of(marks):
    return [marks.spot, marks.person, marks.category, marks.area]
