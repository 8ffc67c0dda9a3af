"""The log of a process: one line an event, on stderr."""

from __future__ import annotations

import asyncio
import logging
import sys
from typing import TextIO, cast

import structlog


class _Stderr:
    """Writes to what stderr is at that moment: a file kept from earlier may be closed by now."""

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


def configure_log(level: int = logging.INFO) -> None:
    """Write one line an event to stderr; personal data is never among its fields."""
    # requests that wait for an answer are cut when the server stops; that is no error
    logging.getLogger("uvicorn.error").addFilter(_is_no_cut)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer(colors=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=cast(TextIO, _Stderr())),
    )


def _is_no_cut(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, asyncio.CancelledError) and "graceful shutdown" not in str(
        record.msg
    )
