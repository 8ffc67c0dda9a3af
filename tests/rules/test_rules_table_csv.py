"""The competence table as a sheet: written, read back, and put in the place of the old one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rules_town import COMPETENCES, Town

from rules.table_csv import NotATable, from_csv, to_csv, written_rows
from rules.table_splice import spliced

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


COMMENTED = """# qui fait quoi
format: 1
competences:
  # La métropole, partout.
  voirie:        {partout: voirie-m}   # depuis 2015
  eclairage:
    partout: eclairage-m   # tout le réseau
    # sauf le bourg
    "Rezé": mairie-reze

  # Les villes.
  tranquillite:  {partout: mairie-du-lieu, Nantes: paix-nantes}
# la suite
reserve: {metropole: [voirie]}
"""


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("begins", ["", "\ufeff"])
def test_the_same_table_leaves_the_file_byte_for_byte(ends: str, begins: str) -> None:
    text = begins + COMMENTED.replace("\n", ends)
    assert spliced(text, from_csv(to_csv(written_rows(COMMENTED)))) == text


@pytest.mark.parametrize(
    ("family", "cells", "before", "after"),
    [
        ("voirie", {"partout": "routes"}, "{partout: voirie-m}", "{partout: routes}"),
        (
            "voirie",
            {"partout": "voirie-m", "44143": "mairie-reze"},
            "{partout: voirie-m}",
            '{partout: voirie-m, "44143": mairie-reze}',
        ),
        ("tranquillite", {"partout": "mairie-du-lieu"}, ", Nantes: paix-nantes", ""),
        ("eclairage", {"partout": "routes", "Rezé": "mairie-reze"}, "eclairage-m ", "routes "),
        (
            "eclairage",
            {"partout": "eclairage-m", "Rezé": "mairie-reze", "Nantes": "paix-nantes"},
            '"Rezé": mairie-reze\n',
            '"Rezé": mairie-reze\n    Nantes: paix-nantes\n',
        ),
        ("eclairage", {"partout": "eclairage-m"}, '    "Rezé": mairie-reze\n', ""),
    ],
)
def test_one_cell_that_differs_changes_itself_alone(
    family: str, cells: dict[str, str], before: str, after: str
) -> None:
    rows = {**dict(written_rows(COMMENTED)), family: cells}
    changed = spliced(COMMENTED, list(rows.items()))
    assert changed == COMMENTED.replace(before, after, 1)
    assert dict(written_rows(changed)) == rows


def test_a_family_that_leaves_takes_its_lines_and_a_new_one_stands_last() -> None:
    rows = [row for row in written_rows(COMMENTED) if row[0] != "eclairage"]
    without = spliced(COMMENTED, rows)
    start, end = COMMENTED.index("  eclairage:"), COMMENTED.index("\n  # Les villes.")
    assert without == COMMENTED[:start] + COMMENTED[end:]
    more = spliced(without, [*rows, ("eau", {"partout": "eau-m"})])
    assert more == without.replace("# la suite", "  eau: {partout: eau-m}\n# la suite")


@pytest.mark.parametrize(
    "text", ["", "format: 1", "competences:\n", "competences: {}  # vide\nreserve: {}\n"]
)
def test_a_file_without_a_table_gets_one(text: str) -> None:
    assert written_rows(spliced(text, ROWS)) == ROWS


def test_an_english_file_keeps_its_word_for_everywhere() -> None:
    text = "language: en\ncompetences:\n  voirie: {everywhere: voirie-m}\n"
    changed = spliced(text, [*from_csv("famille,partout\nvoirie,voirie-m\neau,eau-m\n")])
    assert changed == f"{text}  eau: {{everywhere: eau-m}}\n"


words = st.sampled_from(["voirie", "eau", "espaces verts", "44109", "Rezé", "non", "l'été"])
tables = st.dictionaries(
    words, st.dictionaries(words, words, min_size=1, max_size=3), min_size=1, max_size=4
)


@given(tables, tables, st.booleans())
def test_whatever_a_table_was_it_says_what_the_sheet_says(
    old: dict[str, dict[str, str]], new: dict[str, dict[str, str]], opened: bool
) -> None:
    text = "competences:\n"
    for family, cells in old.items():
        own = [f'"{column}": "{service}"' for column, service in cells.items()]
        if opened:
            text += f'  "{family}":  # note\n' + "".join(f"    {one}  # ici\n" for one in own)
        else:
            text += f'  "{family}": {{{", ".join(own)}}}  # note\n'
    text += "# la suite\nreserve: {}\n"
    changed = spliced(text, list(new.items()))
    assert dict(written_rows(changed)) == new
    assert changed.endswith("# la suite\nreserve: {}\n")
    assert spliced(changed, list(new.items())) == changed


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
