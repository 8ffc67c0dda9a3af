"""The shipped configuration and `guichet try`; an installation with a past, whose rules change."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog
from checked_folders import checked
from typer.testing import CliRunner

import app.console  # noqa: F401 -- its width is that of whoever imports it: here nobody states one
from app.__main__ import cli
from app.rulebook import load_folder
from app.trying.attempt import attempts

sys.path.insert(0, str(Path(__file__).parent.parent / "rules"))  # their small town

NOW = datetime(2026, 11, 24, 9, 15, tzinfo=UTC)
NIGHT = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
CONFIG = Path(__file__).parents[2] / "config"


@pytest.fixture(autouse=True)
def checked_once(monkeypatch):
    """Spare the many tests on the shipped configuration the second that reading it takes.

    And the next, in which a server has the collector look through all that a test process holds.
    """
    monkeypatch.setattr("app.rulebook.check", checked)
    monkeypatch.setattr("app.live.LiveRulebooks.settle", lambda self: None)


@pytest.fixture(scope="session")
def rulebook():
    return load_folder(CONFIG)


@pytest.fixture
async def attempt(rulebook):
    async with attempts(rulebook) as attempt:
        yield attempt


@pytest.fixture
def try_one(attempt):
    """Try one message given as fields."""

    async def run(**fields):
        if "sender" in fields:
            fields["from"] = fields.pop("sender")
        return await attempt.run(fields, NOW)

    return run


@pytest.fixture
def try_raw(attempt, tmp_path):
    """Try one message given in its provider's raw form."""

    async def run(channel, raw, **fields):
        path = tmp_path / f"raw-{len(list(tmp_path.iterdir()))}"
        path.write_bytes(raw if isinstance(raw, bytes) else json.dumps(raw).encode())
        return await attempt.run({"channel": channel, "raw": str(path), **fields}, NOW)

    return run


@pytest.fixture
def batch(tmp_path):
    """Run `guichet try --batch` on lines; gives its results, one a line."""

    def run(*lines):
        path = tmp_path / "batch.jsonl"
        texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
        path.write_text("\n".join(texts) + "\n", "utf-8")
        ended = CliRunner().invoke(cli, ["try", "--config", str(CONFIG), "--batch", str(path)])
        assert ended.exit_code == 0, ended.output
        return [json.loads(line) for line in ended.stdout.split("\n") if line]

    return run


@pytest.fixture
def past(tmp_path):
    """Give an installation whose first version is published."""
    from past import Past

    found = Past(tmp_path)
    found.publish()
    return found


@pytest.fixture
def cases(past):
    """Have five cases decided; their numbers by what they are about."""
    return {
        "gaz": past.case("forte odeur de gaz rue Scribe"),
        "lampe": past.case("lampadaire cassé"),
        "autre lampe": past.case("le lampadaire clignote", commune="44143"),
        "musique": past.case("musique trop forte", received=NIGHT),
        "rien": past.case("bonjour"),
    }


@pytest.fixture
def whole_log():
    """Log every level, whatever a program that ran in this process before wanted told."""
    before = structlog.get_config()
    structlog.reset_defaults()
    yield
    structlog.configure(**before)
