"""The bench of channels: it runs, and says what it measured under the names that it promises."""

from __future__ import annotations

import json

import pytest

from bench import channels, email_reading, limit, mail_way, webhooks

READING = {
    "email_parse_per_s", "email_parse_cpu_ms", "email_parse_bound_cpu_ms", "email_parse_ratio",
    "mail_25mb_s", "mail_25mb_extra_mb", "mail_10000_parts_s", "mail_1000_deep_s",
}  # fmt: skip
OUT = {"smtp_out_per_s", "smtp_out_cpu_ms", "smtp_out_bound_per_s", "smtp_out_ratio"}
IN = {f"imap_to_case_{name}" for name in ("per_s", "cpu_ms", "bound_per_s", "ratio")}


def test_it_prints_one_line_for_programs(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(channels.PARTS, "email", lambda seconds: email_reading.measure(seconds, 1))
    assert channels.main(["--json", "--only", "email", "--seconds", "0.05"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    figures = json.loads(line)
    assert set(figures) == READING
    assert all(figure > 0 for figure in figures.values())


def test_ordinary_mails_are_as_varied_as_told() -> None:
    mails = email_reading.ordinary(200)
    assert len(set(mails)) == 200
    assert 60 <= sum(b"Votre demande" in mail or b"a =C3=A9crit" in mail for mail in mails) <= 100
    assert 8 <= sum(b"image/jpeg" in mail for mail in mails) <= 40


def test_without_dovecot_its_figure_is_null_and_the_others_are_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(mail_way, "_POST_OFFICE", tmp_path / "none.py")
    figures = mail_way.measure(12)
    assert set(figures) == {"imap_to_case_per_s", *OUT}
    assert figures["imap_to_case_per_s"] is None
    assert all(figures[name] > 0 for name in OUT)
    assert "IMAP was not measured" in capsys.readouterr().err


def test_mails_of_a_real_dovecot_become_cases() -> None:
    with mail_way.dovecot() as office:
        if office is None:
            pytest.skip("no Dovecot here")
    figures = mail_way.measure(12)
    assert set(figures) == IN | OUT
    assert all(figure > 0 for figure in figures.values())


def test_webhooks_are_taken_by_a_gateway_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "_REPEATS", 1)
    figures = webhooks.measure(0.3)["webhook"]
    assert isinstance(figures, dict)
    assert figures["per_s"] > 0
    assert figures["bound_per_s"] > 0
    assert figures["ratio"] == pytest.approx(figures["per_s"] / figures["bound_per_s"], abs=0.01)


def test_two_processes_share_one_limit() -> None:
    told = limit.measure(0.5)["limit"]
    assert told["processes"] == 2
    assert told["sent"] == 30


def test_the_busiest_second_is_counted_wherever_it_begins() -> None:
    allowed = limit.told([0.0] * 20 + [second / 20 for second in range(1, 21)])
    assert (allowed["most_in_a_second"], allowed["allowed_in_a_second"]) == (39, 40)
    assert allowed["sent"] == 40
    assert allowed["per_s"] == pytest.approx(20.0)
    passed = limit.told([7.9] * 21 + [second / 10 for second in range(20)] + [8.8] * 20)
    assert passed["most_in_a_second"] == 41 > passed["allowed_in_a_second"]


def test_people_are_shown_every_figure(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channels, "PARTS", {"email": lambda _: {"a": 1234.5, "b": {"c": None}}})
    assert channels.main([]) == 0
    printed = capsys.readouterr().out
    for words in ("a", "1,234.5", "b.c", "None"):
        assert words in printed
