"""The last digits of a task's number, by which an agent names it."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from router.errors import InvalidInput
from web.desk.tasks import Task, named, short_numbers

NOW = datetime(2026, 11, 24, tzinfo=UTC)
TASK = Task(0, "accueil", "callback", "+33240000000", "", "answer", "", "", "fr", NOW, late=False)


def tasks(*ids: int) -> list[Task]:
    return [replace(TASK, id=id) for id in ids]


def test_as_many_digits_are_shown_as_tell_the_open_tasks_apart():
    found = tasks(3766045949635043328, 3766045949635143328, 3766045949635055555, 42)
    assert list(short_numbers(found).values()) == ["043328", "143328", "55555", "42"]
    for id, short in short_numbers(found).items():
        task = named(found, short)
        assert task is not None
        assert task.id == id


def test_digits_on_which_several_tasks_end_name_none_of_them():
    with pytest.raises(InvalidInput, match="Plusieurs tâches finissent par 43328 : 043328, 143328"):
        named(tasks(3766045949635043328, 3766045949635143328), "43328")


@pytest.mark.parametrize("typed", ["3328", "", "abcde", "99999", "٣٣٣٢٨"])
def test_fewer_digits_or_others_name_nothing(typed):
    assert named(tasks(3766045949635043328), typed) is None
