"""A copy of a file of rules is told once, at the copy: the right file goes on as it is."""

from __future__ import annotations

import pytest
from rules_town import Town

REZE = """territoire: Rezé
listes: {fetes: [kermesse, fête foraine]}
regles:
  - {id: reze-a, si: {contient: [$fetes]}, alors: {responsable: mairie-reze}}
  - {id: reze-b, si: {contient: [banderole]}, alors: {responsable: mairie-reze}}
  - {id: reze-c, si: {contient: [calicot]}, alors: {responsable: mairie-reze}}
"""


def told(path: str, original: str = "regles/reze.yaml") -> str:
    return (
        f"{path}:1:1: Ce fichier est une copie de « {original} » et définit les mêmes noms. "
        "Supprimez-le, ou changez-y les noms et le territoire."
    )


@pytest.mark.parametrize(
    "name",
    [
        "reze - Copie.yaml",
        "reze - Copie (2).yaml",
        "reze copie 2.yaml",
        "reze (copie).yaml",
        "reze (3e copie).yaml",
        "reze (1).yaml",
        "reze_copy.yaml",
        "Copie de reze.yaml",
        "Copy of reze.yaml",
    ],
)
@pytest.mark.parametrize("more", ["", "  - {id: neuve, si: {canal: x}, alors: {urgence: haute}}\n"])
def test_a_copy_beside_its_original_is_told_once(name: str, more: str, town: Town) -> None:
    town.write("regles/reze.yaml", REZE)
    town.write(f"regles/{name}", REZE.replace("banderole", "bannière") + more)
    assert town.errors == [told(f"regles/{name}")]


def test_the_same_bytes_elsewhere_are_a_copy_too(town: Town) -> None:
    town.write("regles/reze.yaml", REZE)
    town.write("regles/vieux/ville.yaml", REZE)
    town.write("regles/zzz.yaml", REZE)
    assert town.errors == [told("regles/vieux/ville.yaml"), told("regles/zzz.yaml")]


def test_a_copy_whose_names_are_changed_is_a_file_like_another(town: Town) -> None:
    town.write("regles/reze.yaml", REZE)
    town.write("regles/reze (1).yaml", REZE.replace("reze-", "deux-").replace("fetes", "foires"))
    assert town.errors == []


def test_a_name_like_that_of_a_copy_alone_is_no_mistake(town: Town) -> None:
    town.write("regles/reze - Copie.yaml", REZE)
    assert town.errors == []


def test_one_name_taken_twice_is_still_told_where_it_is(town: Town) -> None:
    town.write("regles/reze.yaml", REZE)
    town.rules(
        "- {id: reze-b, si: {contient: [trou]}, alors: {urgence: haute}}", "regles/neuf.yaml"
    )
    (error,) = town.errors
    assert "« reze-b » existe déjà (regles/neuf.yaml, ligne" in error
