"""How a provider of text messages is spoken to over HTTP, as a definition in YAML says it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from channels.phone.definition_file import read_definition
from channels.setting_mistakes import WrongSettings, checked
from channels.system_words import refusal
from router.delivery import DeliveryState
from router.errors import ConfigurationError


class _Part(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, coerce_numbers_to_str=True
    )


class Call(_Part):
    """One request; ``{name}`` in its texts is filled in, see :mod:`channels.phone.filling`."""

    method: Literal["GET", "POST", "PUT"] = "GET"
    url: str
    headers: dict[str, str] = Field(default_factory=dict)
    sign: Literal["none", "basic", "bearer", "ovh"] = "none"
    format: Literal["json", "form", "query"] = "json"
    fields: dict[str, Any] = Field(default_factory=dict)


SIGNED = frozenset({"ovh"})
"""The ways of :attr:`Call.sign` that sign the time, so that a wrong clock is refused."""


class Send(Call):
    """Hands a message over; ``id``, ``refused`` and ``code`` are paths into the JSON answer."""

    method: Literal["GET", "POST", "PUT"] = "POST"
    id: str
    refused: str = ""
    """Where numbers stand that the provider did not take: anything there is a refusal."""
    code: str = ""


class Find(Call):
    """Asks whether a message was taken; ``id`` is where its ids stand, empty: the answer itself."""

    id: str = ""


class Codes(_Part):
    """What the provider's codes mean, its own or HTTP's; others follow HTTP."""

    throttled: tuple[str, ...] = ("429",)
    later: tuple[str, ...] = ()
    opted_out: tuple[str, ...] = ()
    credentials: tuple[str, ...] = ("401", "403")
    permanent: tuple[str, ...] = ()


class MessageFields(_Part):
    """Where the parts of an inbound message stand; without ``id`` it is known by its content."""

    sender: str
    text: str
    id: str = ""
    to: str = ""


class ReceiptFields(_Part):
    """Where the parts of a receipt stand; ``status`` is in receipts alone, and tells them apart."""

    id: str
    status: str
    to: str = ""
    delivery: str = ""
    """Where our ``{delivery}`` comes back, if it does."""
    code: str = ""
    states: dict[str, DeliveryState]
    reasons: dict[str, str] = Field(default_factory=dict)


class Signature(_Part):
    """An HMAC over the raw body, in a header; its key is ``keys.webhook``."""

    header: str
    algorithm: Literal["sha1", "sha256", "sha512"] = "sha256"
    prefix: str = ""


class Webhook(_Part):
    """How the provider proves that it is calling: a secret in the query, a signature, or both."""

    get: bool = False
    """Whether it calls by GET."""
    secret: str = ""
    """The name in the query of our address under which ``keys.webhook`` stands."""
    signature: Signature | None = None

    @model_validator(mode="after")
    def _proves(self) -> Webhook:
        if not self.secret and self.signature is None:
            raise ValueError(
                "secret ou signature : il en faut un, qui prouve que c'est le prestataire qui appelle."
            )
        return self


class Poll(_Part):
    """Asks for what is new: ``list`` gives ids in ascending order, ``one`` a message by ``{id}``."""

    list: Call
    one: Call


class Definition(_Part):
    """All that is known of a provider."""

    name: str
    base_url: str
    keys: tuple[str, ...] = ()
    """The names of the secrets that it needs."""
    send: Send
    find: Find | None = None
    poll: Poll | None = None
    health: Call | None = None
    codes: Codes = Codes()
    message: MessageFields
    receipt: ReceiptFields | None = None
    webhook: Webhook | None = None


def load(provider: str) -> Definition:
    """Read the definition that came with Guichet under this name, or the file at this path.

    Raises:
        ConfigurationError: there is none, or it is wrong, in one sentence.
    """
    try:
        said = read_definition(provider)
        if not isinstance(said, dict):
            raise ValueError("la définition est vide ou n'est pas une suite de clés")
        return checked(Definition, said)
    except WrongSettings as error:
        told = "\n".join(f"{provider} : {line}" for line in str(error).splitlines())
        raise ConfigurationError(told) from None
    except OSError as error:
        raise ConfigurationError(f"provider « {provider} » : {refusal(error)}.") from None
    except ValueError as error:
        raise ConfigurationError(f"provider « {provider} » : {error}.") from None
