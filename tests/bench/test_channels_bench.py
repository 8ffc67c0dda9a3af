"""The bench of channels: it runs, and says what it measured under the names that it promises."""

from __future__ import annotations

import json

import pytest

from bench import channels, email_reading

KEYS = {
    "email_parse_per_s", "email_parse_cpu_ms", "mail_25mb_s", "mail_25mb_extra_mb",
    "mail_10000_parts_s", "mail_1000_deep_s",
}  # fmt: skip


def test_it_prints_one_line_for_programs(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(channels.PARTS, "email", lambda seconds: email_reading.measure(seconds, 1))
    assert channels.main(["--json", "--only", "email", "--seconds", "0.05"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    figures = json.loads(line)
    assert set(figures) == KEYS
    assert all(figure > 0 for figure in figures.values())


def test_ordinary_mails_are_as_varied_as_told() -> None:
    mails = email_reading.ordinary(200)
    assert len(set(mails)) == 200
    assert 60 <= sum(b"Votre demande" in mail or b"a =C3=A9crit" in mail for mail in mails) <= 100
    assert 8 <= sum(b"image/jpeg" in mail for mail in mails) <= 40
