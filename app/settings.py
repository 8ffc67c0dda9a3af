"""Settings of an installation: `guichet.toml`, overruled by GUICHET_… variables of the environment.

    base_url = "https://guichet.example"

    [channels.sms]                       # for every account of the channel
    account_sid = "AC…"
    [channels.sms."+33756000044"]        # for this one
    auth_token = "…"

The environment nests with two underscores: ``GUICHET_CHANNELS__EMAIL__SMTP_HOST=localhost``.
"""

from __future__ import annotations

import os
import secrets
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from app.base_url import base_url_of
from app.settings_file import FILE, NAMED, settings_file
from app.settings_told import all_placed, placed, unreadable
from app.variables import NESTING, PREFIX, check_variables, unknown_variables
from channels.cell.names import cell_name
from channels.setting_mistakes import mistakes_of
from router.errors import ConfigurationError
from storage.private import make_folder

_TABLES = frozenset({"keys", "templates", "service_codes", "attributes", "statuses"})
"""Settings of a channel that are tables themselves; any other table is an account's."""
WITHOUT_PROVIDER = frozenset({"web", "desk"})
"""Channels that need no settings, and answer by the e-mail and SMS of others."""

_CONNECTS = {
    "partner_open311": {"service_code", "service_codes"}, "partner_webhook": {"keys"},
    "cell": {"keys"},
}  # fmt: skip
"""Channels whose accounts are partners' systems: what connects one that has no table of its own."""

CHANNELS = (
    "email", "partner_email", "partner_open311", "partner_webhook", "open311", "sms", "whatsapp",
    "telegram", "matrix", "x", "web", "desk", "cell",
)  # fmt: skip


def _known(channel: str) -> str:
    """Refuse settings of a channel that there is not: they would be obeyed by nobody."""
    if channel not in CHANNELS:
        near = get_close_matches(channel, CHANNELS, 1)
        meant = f" Voulez-vous dire « {near[0]} » ?" if near else ""
        raise ValueError(f"ce canal n'existe pas.{meant}")
    return channel


def _cell_name(name: str) -> str:
    """Refuse a name of an installation that could not stand in an address; none is no name."""
    try:
        return name and cell_name(name)
    except ConfigurationError as error:
        raise ValueError(str(error)) from None


ChannelName = Annotated[str, AfterValidator(_known)]
CellName = Annotated[str, AfterValidator(_cell_name)]


class Settings(BaseSettings):
    """What an operator decides; everything has a default that works on one machine."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter=NESTING, extra="forbid"
    )

    data: Path = Path("var")
    database_url: str = ""
    config: Path = Path("config")
    base_url: str = "http://127.0.0.1:8000"
    secret: SecretStr | None = None
    cell: CellName = ""
    automatic_per_day: int = Field(default=20, ge=1)
    dangers_per_day: int = Field(default=5, ge=1)
    confirmations_per_day: int = Field(default=3, ge=1)
    channels: dict[ChannelName, dict[str, Any]] = Field(default_factory=dict)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        toml = TomlConfigSettingsSource(settings_cls, os.environ.get(NAMED) or FILE)
        return init_settings, env_settings, toml

    def accounts_of(self, channel: str) -> list[str]:
        """List the accounts of a channel that have settings of their own."""
        whole = self.channels.get(channel, {})
        return [key for key, one in whole.items() if isinstance(one, dict) and key not in _TABLES]

    def of_account(self, channel: str, account: str) -> dict[str, Any] | None:
        """Merge a channel's settings with those of one account; None when it has none at all."""
        whole = self.channels.get(channel)
        if whole is None:
            return None
        tables = self.accounts_of(channel)
        common = {key: value for key, value in whole.items() if key not in tables}
        own = whole.get(account, {})
        return {**common, **(own if isinstance(own, dict) else {})}

    def connects(self, channel: str, account: str) -> dict[str, Any] | None:
        """Give the settings by which an account is connected; None where it is not.

        Mail to services leaves with the settings of the counter's mailbox where it has no others.
        A partner's system of which nothing is said is not connected: its cases go by mail.
        """
        raw = self.of_account(channel, account)
        if raw is not None and channel in _CONNECTS:
            own = self.channels[channel].get(account)
            return raw if own or raw.keys() & _CONNECTS[channel] else None
        if raw is None and channel == "partner_email":
            raw = self.of_account("email", account)
        return {} if raw is None and channel in WITHOUT_PROVIDER else raw


class GivenSettings(Settings):
    """Settings that neither a file nor the environment has a say in: those of the demo."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        *others: PydanticBaseSettingsSource,
        **named: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


def load_settings(**given: Any) -> Settings:
    """Read the settings; values given on the command line win.

    Raises:
        ConfigurationError: with each mistake, in one sentence a line.
    """
    settings_file()  # one that was named must be there
    try:
        found = Settings(**{key: value for key, value in given.items() if value not in (None, "")})
    except ValidationError as error:
        told = (*unknown_variables(), all_placed(mistakes_of(error, Settings)))
        raise ConfigurationError("\n".join(told)) from None
    except (ValueError, OSError) as error:
        raise ConfigurationError(unreadable(error)) from None
    check_variables()
    try:
        base_url = base_url_of(found.base_url)
    except ConfigurationError as error:
        raise ConfigurationError(placed(("base_url",), str(error))) from None
    return found.model_copy(update={"base_url": base_url})


def secret_of(settings: Settings) -> bytes:
    """Give the secret that signs links: the one set, else one made once and kept in the data.

    Raises:
        ConfigurationError: several machines share the database, so each must be told the same one.
    """
    if settings.secret is not None:
        return settings.secret.get_secret_value().encode()
    if settings.database_url.startswith("postgres"):
        raise ConfigurationError(
            "Avec PostgreSQL, GUICHET_SECRET doit être défini : il signe les liens envoyés."
        )
    make_folder(settings.data)
    path = settings.data / "secret.key"
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32))
    return path.read_text().strip().encode()
