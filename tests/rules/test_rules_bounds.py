"""What a large folder costs to check: bounded, and told where something is left out."""

from __future__ import annotations

from rules_town import Town


def test_of_many_steps_of_one_number_each_is_told_once(town: Town) -> None:
    steps = ", ".join(
        f"{{confirmations: 5, responsable: {owner}}}"
        for owner in ("guichet", "guichet", "voirie-m", "routes", "astreinte")
    )
    town.rules(f"- {{id: a, si: {{categorie: bruit}}, seuils: [{steps}]}}")
    assert len(town.errors) == 3
    assert all("Deux seuils de 5 confirmations" in one for one in town.errors)
