"""The competence table as a sheet: written, read back, and put in the place of the old one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rules_town import COMPETENCES, Town

from rules.table_csv import NotATable, from_csv, spliced, to_csv

SHEET = "famille,partout,Nantes\nvoirie,voirie-m,\ntranquillite,mairie-du-lieu,paix-nantes\n"
ROWS = [
    ("voirie", {"partout": "voirie-m"}),
    ("tranquillite", {"partout": "mairie-du-lieu", "Nantes": "paix-nantes"}),
]
names = st.text("abcé -'\"", min_size=1, max_size=6).filter(lambda text: text == text.strip())


def test_a_table_is_a_sheet_and_back() -> None:
    assert to_csv(ROWS) == SHEET
    assert from_csv(SHEET) == ROWS
    assert from_csv("\ufeff" + SHEET.replace(",", ";")) == ROWS


@given(
    st.dictionaries(
        names, st.dictionaries(names, names, min_size=1, max_size=3), min_size=1, max_size=3
    )
)
def test_whatever_stands_in_it_comes_back(table: dict[str, dict[str, str]]) -> None:
    rows = list(table.items())
    assert dict(from_csv(to_csv(rows))) == table


@pytest.mark.parametrize(
    ("sheet", "line"),
    [
        ("", 1),
        ("service,partout\na,b\n", 1),
        ("famille,partout\nvoirie,a,b\n", 2),
        ("famille,partout\nvoirie,a\nvoirie,b\n", 3),
    ],
)
def test_what_is_no_table_is_refused_with_its_line(sheet: str, line: int) -> None:
    with pytest.raises(NotATable) as refused:
        from_csv(sheet)
    assert refused.value.line == line


def test_a_new_table_takes_the_place_of_the_old_one_only(town: Town) -> None:
    before = (
        f"# qui fait quoi\n{COMPETENCES.lstrip()}# la suite\nreserve: {{metropole: [voirie]}}\n"
    )
    rows = [*ROWS, ("eclairage", {"partout": "eclairage-m", "44143": "mairie-reze"})]
    after = spliced(before, rows)
    assert after.startswith("# qui fait quoi\ncompetences:\n  voirie: {partout: voirie-m}\n")
    assert after.endswith("# la suite\nreserve: {metropole: [voirie]}\n")
    town.write("competences.yaml", after)
    assert town.errors == []
    town.expect("{categorie: eclairage, commune: Rezé}", "{responsable: mairie-reze}")
