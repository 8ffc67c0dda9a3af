"""The log goes to what stderr is when a line is written."""

import io

import structlog

from app.running.log import configure_log


def test_a_stderr_that_was_closed_stops_nobody(monkeypatch):
    first, second = io.StringIO(), io.StringIO()
    monkeypatch.setattr("sys.stderr", first)
    configure_log()
    structlog.get_logger("guichet").info("before")
    first.close()
    monkeypatch.setattr("sys.stderr", second)
    structlog.get_logger("guichet").info("after")
    assert "after" in second.getvalue()
