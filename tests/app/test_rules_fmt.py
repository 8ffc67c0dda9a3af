"""`guichet rules fmt`: every file that can be read is rewritten, every other is told and untouched."""

from __future__ import annotations

from pathlib import Path

import pytest
from rules_town import Town
from typer.testing import CliRunner

from app.__main__ import cli

UNREADABLE = {
    "a quotation mark left open": (
        'territoire: "Rezé\nregles: []\n'.encode(),
        "regles/mauvais.yaml:1:13: ",
    ),
    "not UTF-8": ("# é\nterritoire: Rezé\nregles: []\n".encode("latin-1"), "regles/mauvais.yaml:1:3: "),
    "a tabulation": (b"territoire: metropole\n\tregles: []\n", "regles/mauvais.yaml:2:1: "),
    "an anchor": (b"territoire: &a metropole\nregles: []\n", "regles/mauvais.yaml:1:13: "),
}  # fmt: skip
GOOD = ["regles/apres.yaml", "regles/metropole.yaml", "services.yaml"]


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(tmp_path / "config").rules(
        "- {id: a, si: {canal: sms}, alors: {urgence: haute}}", "regles/apres.yaml"
    )


def fmt(town: Town, *options: str) -> tuple[int, list[str], list[str]]:
    result = CliRunner().invoke(cli, ["rules", "fmt", str(town.folder), "--langue", "en", *options])
    return result.exit_code, result.stdout.splitlines(), result.stderr.splitlines()


def contents(town: Town) -> dict[str, bytes]:
    return {
        file.relative_to(town.folder).as_posix(): file.read_bytes()
        for file in town.folder.rglob("*")
        if file.is_file()
    }


@pytest.mark.parametrize("spoilt", UNREADABLE)
def test_the_readable_files_are_rewritten_and_the_other_is_told_at_its_place(
    spoilt: str, town: Town
) -> None:
    raw, place = UNREADABLE[spoilt]
    (town.folder / "regles/mauvais.yaml").write_bytes(raw)
    before = contents(town)
    code, named, told = fmt(town)
    after = contents(town)
    assert code == 2
    (sentence,) = told
    assert sentence.startswith(f"✗ {place}")
    assert set(GOOD) <= set(named)
    assert sorted(path for path in before if before[path] != after[path]) == sorted(named)
    assert after.keys() == before.keys()
    assert after["regles/mauvais.yaml"] == raw
    assert b"rules:" in after["regles/apres.yaml"]


def test_each_unreadable_file_has_its_own_sentence(town: Town) -> None:
    for number, (raw, _) in enumerate(UNREADABLE.values()):
        (town.folder / f"regles/m{number}.yaml").write_bytes(raw)
    (town.folder / "regles/dossier.yaml").mkdir()
    (town.folder / "regles/lien.yaml").symlink_to("nulle-part.yaml")
    code, named, told = fmt(town)
    assert code == 2
    assert set(GOOD) <= set(named)
    assert [line.split(":")[0].removeprefix("✗ ") for line in told] == [
        "regles/dossier.yaml",
        "regles/lien.yaml",
        *(f"regles/m{number}.yaml" for number in range(len(UNREADABLE))),
    ]


def test_a_dry_run_tells_the_same_and_changes_nothing(town: Town) -> None:
    (town.folder / "regles/mauvais.yaml").write_bytes(b"a: [\n")
    before = contents(town)
    code, named, told = fmt(town, "--dry-run")
    assert contents(town) == before
    assert (code, named, told) == fmt(town)


def test_a_file_that_cannot_be_written_stays_whole_and_the_others_are_rewritten(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Path.write_bytes

    def full(self: Path, data: bytes) -> int:
        if "apres" in self.name:
            write(self, data[: len(data) // 2])
            raise OSError(28, "no space")
        return write(self, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    before = contents(town)
    code, named, told = fmt(town)
    after = contents(town)
    assert code == 2
    assert "regles/metropole.yaml" in named
    assert "regles/apres.yaml" not in named
    assert told == [
        "✗ regles/apres.yaml:1:1: Ce fichier ne peut pas être écrit : le disque est plein. "
        "Il reste tel quel."
    ]
    assert after["regles/apres.yaml"] == before["regles/apres.yaml"]
    assert after.keys() == before.keys()


def test_line_ends_and_a_byte_order_mark_stay(town: Town) -> None:
    file = town.folder / "regles/windows.yaml"
    file.write_bytes("\ufeffterritoire: Rezé\r\n# déjà là\r\nregles: []\r\n".encode())
    assert fmt(town)[0] == 0
    assert file.read_bytes().decode() == (
        "\ufefflanguage: en\r\nterritory: Rezé\r\n# déjà là\r\nrules: []\r\n"
    )


def test_what_is_no_file_of_the_language_is_left_alone(town: Town) -> None:
    (town.folder / "notes.yaml").write_bytes(b"\xff: [")
    assert fmt(town)[0] == 0


def test_a_link_stays_a_link_and_rights_stay(town: Town) -> None:
    file = town.folder / "regles/apres.yaml"
    elsewhere = town.folder.parent / "ailleurs.yaml"
    file.rename(elsewhere)
    elsewhere.chmod(0o640)
    file.symlink_to(elsewhere)
    assert fmt(town)[0] == 0
    assert file.is_symlink()
    assert b"rules:" in elsewhere.read_bytes()
    assert elsewhere.stat().st_mode & 0o777 == 0o640
