"""A text of the rules that names the delay says nothing of it where none is promised."""

from __future__ import annotations

import pytest

RULES = """
- id: gaz
  priorite: danger
  si: {contient: [odeur de gaz]}
  alors: {responsable: astreinte}
"""
TEXT = 'textes: {suite: {fr: "{service} est prévenu. Réponse avant le {delai}. Merci."}}\n'


@pytest.fixture
async def ruled(tmp_path, store, ids):
    from ruled import Ruled

    made = Ruled(tmp_path, store, ids)
    made.town.write("textes/suite.yaml", TEXT)
    path = made.town.folder / "categories.yaml"
    promise = "{id: bruit, repondre: suite, delai: 5 jours, "
    path.write_text(path.read_text().replace("{id: bruit, ", promise))
    await made.rule(RULES)
    return made


async def test_it_is_told_where_a_delay_is_promised(ruled):
    heard = await ruled.hear("ana", "Du bruit à Nantes")
    assert "Tranquillité est prévenu. Réponse avant le 29/11/2026. Merci." in heard.reply.text


async def test_its_sentence_is_left_out_where_somebody_is_in_danger(ruled):
    heard = await ruled.hear("ana", "Du bruit et une odeur de gaz à Nantes")
    assert heard.decision.danger
    assert "Astreinte est prévenu. Merci." in heard.reply.text
    assert "avant le" not in heard.reply.text
