"""The addresses on a mail that leaves: whom a bounce tells, and domains in ASCII."""

from __future__ import annotations

from channels.smtp.letter import fits, with_token
from channels.smtp.settings import EnvelopeSender

VERP = "b-"
"""Marks the envelope sender of our mail: ``guichet+b-IDEM@…``."""


def envelope_sender(wanted: EnvelopeSender, account: str, idem: str) -> str:
    """Give the address that a bounce goes to; one that would grow too long is the account."""
    if wanted is EnvelopeSender.NULL:
        return ""
    if wanted is EnvelopeSender.VERP and fits(account, f"{VERP}{idem}"):
        return with_token(account, f"{VERP}{idem}")
    return account


def ascii_domain(address: str) -> str:
    """Write an international domain in ASCII (IDNA); what cannot be written stays as it is."""
    local, _, domain = address.rpartition("@")
    try:
        return f"{local}@{domain.encode('idna').decode()}"
    except UnicodeError:
        return address
