"""What a large folder costs to check: bounded, and told where something is left out."""

from __future__ import annotations

import pytest
from rules_town import Town

from rules.lint import conflicts


def test_of_many_steps_of_one_number_each_is_told_once(town: Town) -> None:
    steps = ", ".join(
        f"{{confirmations: 5, responsable: {owner}}}"
        for owner in ("guichet", "guichet", "voirie-m", "routes", "astreinte")
    )
    town.rules(f"- {{id: a, si: {{categorie: bruit}}, seuils: [{steps}]}}")
    assert len(town.errors) == 3
    assert all("Deux seuils de 5 confirmations" in one for one in town.errors)


def one_list(town: Town, words: int) -> list[str]:
    """Check twenty rules of two owners that share a list; give what is told of the comparison."""
    rules = "".join(
        f"  - {{id: r{n}, si: {{contient_tous: [$liste, autre{n}]}}, "
        f"alors: {{responsable: {('routes', 'voirie-m')[n % 2]}}}}}\n"
        for n in range(20)
    )
    listed = ", ".join(f"mot{n}x" for n in range(words))
    town.write(
        "regles/z.yaml", f"territoire: metropole\nlistes: {{liste: [{listed}]}}\nregles:\n{rules}"
    )
    return [str(one) for one in town.problems if one.code == "conflits-non-cherches"]


def test_long_lists_count_in_what_one_check_compares(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conflicts, "MOST_COMPARED", 200)
    assert one_list(town, 20) == []
    (told,) = one_list(town, 500)
    assert told.startswith("regles/z.yaml:")
    assert "les conflits ne sont plus cherchés" in told
