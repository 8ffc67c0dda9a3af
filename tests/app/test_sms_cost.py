"""What an answer by text message costs is told before it is sent."""

import json
from pathlib import Path

from typer.testing import CliRunner

from app.__main__ import cli
from app.settings import Settings
from app.trying.sms_cost import sms_cost
from channels.phone.alphabet import segments

CONFIG = Path(__file__).parents[2] / "config"
LAMP = "Lampadaire cassé rue de la Poterie à Rezé"


def tried(*options: str, **environment: str):
    command = ["try", "--config", str(CONFIG), "--text", LAMP, *options]
    ended = CliRunner().invoke(cli, command, env=environment)
    assert ended.exit_code == 0, ended.output
    return ended.stdout


def test_try_tells_the_segments_and_the_price(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "guichet.toml").write_text("[channels.sms]\nprice_per_segment = 0.0625\n")
    told = json.loads(tried("--channel", "sms", "--json"))
    [reply] = told["replies"]
    assert told["sms"]["segments"] >= segments(reply["text"]) >= 1
    assert told["sms"]["price"] == told["sms"]["segments"] * 0.0625
    assert "€" in tried("--channel", "sms")


def test_the_links_that_are_priced_lead_where_the_pages_are(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "guichet.toml").write_text('base_url = "https://guichet.example/"\n')
    told = tried("--channel", "email", "--json")
    assert "https://guichet.example/suivi/" in told
    assert "127.0.0.1" not in told
    (tmp_path / "guichet.toml").write_text('base_url = "pages"\n')
    options = ["try", "--config", str(CONFIG), "--text", LAMP]
    assert CliRunner().invoke(cli, options).exit_code == 2


def test_without_a_price_only_segments_are_told(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert json.loads(tried("--channel", "sms", "--json"))["sms"]["price"] is None
    told = tried("--channel", "sms")
    assert "segment" in told
    assert "€" not in told


def test_answers_by_other_ways_cost_no_segments(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert json.loads(tried("--channel", "email", "--json"))["sms"] is None


def test_the_price_of_one_number_wins():
    settings = Settings(
        channels={"sms": {"price_per_segment": 0.05, "+1": {"price_per_segment": 0.08}}}
    )
    replies = [{"channel": "sms", "text": "a" * 161}]
    assert sms_cost(replies, settings, "+1") == {"segments": 2, "price": 0.16}
    assert sms_cost(replies, settings, "+2") == {"segments": 2, "price": 0.1}
