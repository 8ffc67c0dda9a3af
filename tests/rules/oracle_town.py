"""One town for many generated rule files: what is the same for all is read once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from rules_town import Town

from rules.compile import RuleSet, compile_rules
from rules.dnf import TooManyTerms, terms
from rules.model import Configuration
from rules.names import Names
from rules.problems import Problems
from rules.read_rules import RuleFileReader, Sheet, head, rule_ids
from rules.reading import _Reader
from rules.yaml_tree import read_tree
from understanding.territory import Territory

ROLE = "  social-du-lieu: {bellevue: paix-nantes, centre: mairie-nantes, Rezé: mairie-reze}\n"


class Bench:
    """Compiles generated rules over one town without reading it again."""

    def __init__(self, folder: Path) -> None:
        town = Town(folder)
        path = folder / "services.yaml"
        path.write_text(path.read_text(encoding="utf-8") + ROLE, encoding="utf-8")
        reader = _Reader(town.folder, Problems())
        configuration = reader.read()
        assert configuration is not None
        self.configuration: Configuration = configuration
        self.names: Names = reader.names
        self.geography = Territory.from_description(configuration.territory)

    def ruleset(self, files: dict[str, str]) -> RuleSet | None:
        problems = Problems()
        sheets = []
        for path, content in files.items():
            tree = read_tree(content.encode(), path, problems)
            assert tree is not None, content
            fields = head(path, tree, "regles", problems)
            sheets.append(Sheet(path, fields.language, fields))
        self.names.rules = rule_ids(sheets, problems)
        self.names.problems = problems
        read = tuple(RuleFileReader(sheet, self.names, problems).read() for sheet in sheets)
        assert not problems.errors, [str(one) for one in problems.found]
        try:
            for file in read:
                for rule in file.rules:
                    terms(rule)
        except TooManyTerms:
            return None
        return compile_rules(replace(self.configuration, files=read), self.geography)
