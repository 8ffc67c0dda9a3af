"""Who receives and who is in charge: services, counters and the texts written for citizens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from router.decision import ServiceId


class Level(StrEnum):
    """The institution that a service belongs to."""

    CITY = "city"
    METROPOLE = "metropole"
    PARTNER = "partner"


class Statute(StrEnum):
    """What kind of body a service is; a private one gets personal data only with consent."""

    PUBLIC = "administration"
    DELEGATE = "delegataire"
    PRIVATE = "prive"


@dataclass(frozen=True, slots=True)
class Contact:
    """How a person reaches a service; empty where it has no such way."""

    address: str = ""
    email: str = ""
    phone: str = ""
    url: str = ""
    deaf_relay: str = ""
    """Where deaf and aphasic people ring it through the telephone relay."""


@dataclass(frozen=True, slots=True)
class Service:
    """Someone who can be in charge of a case. ``family`` of the desk is ``accueil``.

    ``transmit_by`` is how cases reach it (``email``, ``open311``, ``webhook``, ``cellule``) and
    ``transmit_to`` the address of that way. ``sees`` lists the personal data that it may see
    (``texte``, ``lieu``, ``photos``, ``contact``). ``insee`` is set for a city's services and for
    the partners of one commune.
    """

    id: ServiceId
    family: str
    level: Level
    names: Mapping[str, str]
    transmit_by: str
    transmit_to: str
    contact: Contact = field(default_factory=Contact)
    insee: str | None = None
    statute: Statute = Statute.PUBLIC
    hours: str | None = None
    deputy: ServiceId | None = None
    sees: tuple[str, ...] = ("texte", "lieu", "photos")

    def name(self, language: str) -> str:
        """Name the service in a language, else in English, else in French, else by its id."""
        for wanted in (language, "en", "fr"):
            if wanted in self.names:
                return self.names[wanted]
        return self.id


@dataclass(frozen=True, slots=True)
class Counter:
    """An account that receives, and what it implies when a message says nothing else."""

    id: str
    channel: str
    address: str
    commune: str | None = None
    language: str | None = None
    opening: str | None = None
    active: bool = True


class Directory(Protocol):
    """Looks up services and counters of the live configuration."""

    def service(self, service: ServiceId) -> Service | None: ...
    def services(self) -> tuple[Service, ...]: ...

    @property
    def desk(self) -> Service:
        """The desk where what nobody else takes ends, and that is told of promises not kept."""
        ...

    def counter(self, channel: str, account: str) -> Counter | None:
        """Find the counter of an account; None when no counter has this address."""
        ...

    def counters(self) -> tuple[Counter, ...]: ...


def service_named(directory: Directory, words: str) -> Service | None:
    """Find a service by its id or by its name in any language, however it is spaced or capitalised."""
    wanted = " ".join(words.casefold().split())
    for service in directory.services() if wanted else ():
        names = (service.id, *service.names.values())
        if wanted in {" ".join(name.casefold().split()) for name in names}:
            return service
    return None


class Texts(Protocol):
    """Texts that supervisors wrote, by id."""

    def text(self, text: str, language: str, *, short: bool = False) -> tuple[str, str] | None:
        """Return (language found, text), falling back to English, then French; None if unknown.

        ``short`` prefers the version written for SMS (``court``) where there is one.
        """
        ...

    def wordings(self) -> Iterable[str]:
        """Give every text as it was written, in every language and length."""
        ...
