"""The errors of the house, one short tree.

GuichetError
├── ConfigurationError      a setting or a YAML file is wrong: exit code 2, nothing started
├── InvalidInput            a person or a program gave something that cannot be read
│   ├── InvalidSignature    a webhook is not from its provider: 403
│   │   └── WrongTime       it is from its provider, whose clock is not ours: 403
│   └── UnreadablePayload   a payload cannot be parsed: kept, quarantined, the next one served
├── Outdated                what was to be changed has been changed meanwhile by somebody else
└── StoreUnavailable        the database cannot take a write now: 503 / 451 / unflagged
"""

from __future__ import annotations


class GuichetError(Exception):
    """Root of every error that Guichet raises on purpose; its text is one plain sentence."""


class ConfigurationError(GuichetError):
    """A setting, a command-line value or a YAML file is wrong."""


class InvalidInput(GuichetError):
    """What a person or a program gave cannot be read."""


class InvalidSignature(InvalidInput):
    """A webhook does not carry its provider's signature; nothing of it may be stored."""


class WrongTime(InvalidSignature):
    """A message carries the right signature, and a time too far from ours."""


class UnreadablePayload(InvalidInput):
    """A payload is authentic, or needs no signature, but cannot be parsed."""


class Outdated(GuichetError):
    """What was to be changed has been changed meanwhile by somebody else."""


class StoreUnavailable(GuichetError):
    """The store cannot promise durability now; the provider must keep the message and retry."""
