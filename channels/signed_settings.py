"""What is shared with a partner whose system takes messages signed as Standard Webhooks says."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, SecretStr, field_validator

from channels.webhook_signature import Ring
from router.errors import ConfigurationError


class SignedSettings(BaseModel):
    """The keys, and how its server is called."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    keys: dict[str, SecretStr] = {}
    """Key id → secret (base64 of 24 bytes or more); several during a rotation."""
    current: str = ""
    """The key that is named first; the first one when it is not given."""
    base_url: str = ""
    tolerance_s: float = 300.0
    allow_private: bool = False
    per_second: float = 10.0
    deadline_s: float = 15.0
    failures: int = 5
    rest_s: float = 60.0

    @field_validator("keys")
    @classmethod
    def _readable(cls, keys: dict[str, SecretStr]) -> dict[str, SecretStr]:
        try:
            _ring(keys, "")
        except ConfigurationError as error:
            raise ValueError(str(error)) from None
        return keys

    def ring(self) -> Ring:
        """Give the keys as what signs and checks with them.

        Raises:
            ConfigurationError: ``current`` names none of them.
        """
        return _ring(self.keys, self.current)


def _ring(keys: dict[str, SecretStr], current: str) -> Ring:
    return Ring({name: key.get_secret_value() for name, key in keys.items()}, current)
