"""One town for many generated rule files: what is the same for all is read once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from rules_town import Town

from router.decision import ServiceId
from rules.compile import RuleSet, compile_rules
from rules.dnf import TooManyTerms, terms
from rules.model import Configuration
from rules.problems import Problems
from rules.reading.absences import read_absences
from rules.reading.fields import Fields
from rules.reading.folder import _Reader
from rules.reading.names import Names
from rules.reading.rule_files import RuleFileReader, Sheet, head, rule_ids
from rules.reading.yaml_tree import Mapping, read_tree
from understanding.territory import Territory

LEAD = ("  - id: voirie\n", "  - id: voirie\n    chef_de_file: social-du-lieu\n")
ROLE = "  social-du-lieu: {bellevue: paix-nantes, centre: mairie-nantes, Rezé: mairie-reze}\n"


class Bench:
    """Compiles generated rules over one town without reading it again."""

    def __init__(self, folder: Path) -> None:
        town = Town(folder)
        path = folder / "services.yaml"
        path.write_text(path.read_text(encoding="utf-8") + ROLE, encoding="utf-8")
        path = folder / "categories.yaml"
        path.write_text(path.read_text(encoding="utf-8").replace(*LEAD), encoding="utf-8")
        reader = _Reader(town.folder, Problems())
        configuration = reader.read()
        assert configuration is not None
        self.configuration: Configuration = configuration
        self.names: Names = reader.names
        self.geography = Territory.from_description(configuration.territory)

    def ruleset(self, files: dict[str, str], absences: str = "") -> RuleSet | None:
        problems = Problems()
        sheets = []
        configuration = self._with_absences(absences, problems)
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
        return compile_rules(replace(configuration, files=read), self.geography)

    def _with_absences(self, written: str, problems: Problems) -> Configuration:
        """Put absences, and who stands in, beside the services that a generated text names."""
        services = dict(self.configuration.services)
        tree = read_tree(written.encode(), "services.yaml", problems) if written else None
        for key, node in tree.entries if isinstance(tree, Mapping) else ():
            fields, entry = Fields(node, "service", problems, "fr"), services[key.text]
            deputy = ServiceId(fields.text("suppleant")) or entry.service.deputy
            service = replace(entry.service, deputy=deputy)
            services[key.text] = replace(entry, service=service, absences=read_absences(fields))
        return replace(self.configuration, services=services)
