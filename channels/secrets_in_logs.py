"""Keep secrets that stand in addresses out of what libraries write to the log."""

from __future__ import annotations

import logging


class Redaction(logging.Filter):
    """Replaces secrets in every record of the loggers that it is put on."""

    def __init__(self) -> None:
        super().__init__()
        self._secrets: set[str] = set()

    def add(self, secret: str) -> None:
        if secret:
            self._secrets.add(secret)

    def hide(self, text: str) -> str:
        """Give the text without the secrets."""
        for secret in self._secrets:
            text = text.replace(secret, "…")
        return text

    def filter(self, record: logging.LogRecord) -> bool:
        told = record.getMessage()
        safe = self.hide(told)
        if safe != told:
            record.msg, record.args = safe, None
        return True


def redact(secret: str, *loggers: str) -> Redaction:
    """Hide a secret in what these loggers say; each logger has one redaction for all of them."""
    redaction = _REDACTION
    redaction.add(secret)
    for name in loggers:
        logger = logging.getLogger(name)
        if redaction not in logger.filters:
            logger.addFilter(redaction)
    return redaction


_REDACTION = Redaction()
