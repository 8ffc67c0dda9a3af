"""The name of a street is no subject: its words tell no category, those beside it do."""

from __future__ import annotations

from rules_town import Town


def test_the_name_of_the_street_tells_nothing(town: Town) -> None:
    town.expect(
        "{texte: 'Rue du Bruit, chaussée affaissée', rue: rue du Bruit, commune: Nantes}",
        "{categorie: voirie}",
    )
    town.expect(
        "{texte: 'J''habite rue du Bruit', rue: rue du Bruit, commune: Nantes}",
        "{question: categorie}",
    )


def test_the_same_word_outside_the_name_tells_it(town: Town) -> None:
    town.expect(
        "{texte: 'Rue du Bruit, encore du bruit', rue: rue du Bruit, commune: Nantes}",
        "{categorie: bruit}",
    )
    town.expect(
        "{texte: 'Du bruit, av. du Bruit', rue: avenue du Bruit, commune: Nantes}",
        "{categorie: bruit}",
    )
    town.expect("{texte: 'Rue du Bruit', commune: Nantes}", "{categorie: bruit}")


def test_a_given_category_is_not_touched(town: Town) -> None:
    town.expect(
        "{texte: 'Rue du Bruit', rue: rue du Bruit, categorie: bruit, commune: Nantes}",
        "{categorie: bruit}",
    )
