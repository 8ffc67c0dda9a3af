"""Reads services.yaml and compteurs.yaml: who is in charge, and the accounts that receive."""

from __future__ import annotations

from collections.abc import Mapping

from router.decision import ServiceId
from router.directory import Contact, Counter, Level, Service, Statute
from rules import scalars
from rules.languages import is_language
from rules.model import Role, RoleValue, ServiceEntry
from rules.problems import At, Problems
from rules.reading import addresses
from rules.reading.absences import read_absences
from rules.reading.commas import cut_texts, tell_of_cut
from rules.reading.effects import EffectReader
from rules.reading.facts import language_codes
from rules.reading.fields import Fields
from rules.reading.names import Names
from rules.reading.yaml_tree import Node, Scalar
from rules.vocabulary import CHANNELS, LEVELS, SEEN, STATUTES, WAYS

_LEVELS = {"ville": Level.CITY, "metropole": Level.METROPOLE, "partenaire": Level.PARTNER}


def unique_ids(fields: Fields, name: str, block: str, kind: str, taken: dict[str, At]) -> None:
    """Collect the ids of a list of blocks into ``taken``, reporting those written twice."""
    for node in fields.items(name):
        inner = Fields(node, block, Problems(), fields.language)  # read again later, for good
        scalar = inner.values.get("id")
        if isinstance(scalar, Scalar) and not scalar.empty:
            take(taken, scalar.text.strip(), scalar.at, kind, fields.problems)


def take(taken: dict[str, At], name: str, at: At, kind: str, problems: Problems) -> None:
    if name not in taken:
        taken[name] = at
        return
    first = taken[name]
    problems.error(
        at,
        "id-en-double",
        f"{kind[0].upper()}{kind[1:]} « {name} » existe déjà ({first.file}, ligne {first.line})",
        "Choisissez un autre nom.",
    )


def translations(fields: Fields, name: str) -> Mapping[str, str]:
    """Read a block of texts by language."""
    found: dict[str, str] = {}
    entries = fields.entries(name)
    if name in fields and not entries:
        fields.problems.error(
            fields.where(name),
            "valeur-vide",
            f"« {fields.said(name)} » n'a aucune langue",
            f"Écrivez « {fields.said(name)}: {{fr: …}} ».",
        )
    cuts = cut_texts(fields.node(name))
    for key, value in entries:
        code = key.text.strip().lower()
        if key.at in cuts:
            tell_of_cut(key, cuts[key.at], fields.problems)
        elif not is_language(code):
            fields.problems.error(
                key.at,
                "langue-inconnue",
                f"« {key.text} » n'est pas un code de langue",
                "Écrivez deux lettres : fr, en, ar…",
            )
        elif isinstance(value, Scalar) and not value.empty:
            found[code] = value.text.strip()
        else:
            fields.problems.error(
                value.at,
                "valeur-simple",
                f"Le texte en « {code} » manque",
                f"Écrivez « {code}: texte ».",
            )
    return found


class ServiceReader:
    """Reads services.yaml, once the ids of services and roles are known."""

    def __init__(self, fields: Fields, names: Names, problems: Problems) -> None:
        self.fields = fields
        self.names = names
        self.problems = problems
        self.effects = EffectReader(names, problems, fields.language)

    def services(self) -> dict[str, ServiceEntry]:
        entries = (self._service(node) for node in self.fields.items("services"))
        return {entry.service.id: entry for entry in entries if entry is not None}

    def _service(self, node: Node) -> ServiceEntry | None:
        fields = Fields(node, "service", self.problems, self.fields.language)
        if not fields.values:
            return None
        fields.require("id", "famille", "echelon", "noms", "transmission", "contact")
        level = fields.one_of("echelon", LEVELS)
        commune = fields.scalar("commune")
        if level == "ville" and "commune" not in fields:
            self.problems.error(
                fields.at,
                "cle-manquante",
                f"La clé « {fields.said('commune')} » manque à ce service de ville",
                f"Ajoutez « {fields.said('commune')}: code INSEE ».",
            )
        channel, address = self.transmission(fields)
        deputy, hours = fields.scalar("suppleant"), fields.scalar("horaires")
        statute = fields.one_of("statut", STATUTES) or "administration"
        chosen = self.names.only_service(deputy) if deputy else None
        service = Service(
            id=ServiceId(fields.text("id")),
            family=fields.text("famille"),
            level=_LEVELS.get(level or "", Level.METROPOLE),
            names=translations(fields, "noms"),
            transmit_by=channel,
            transmit_to=address,
            contact=self._contact(fields),
            insee=self.names.commune(commune) if commune else None,
            statute=Statute(statute),
            hours=self.names.calendar(hours) if hours else None,
            deputy=ServiceId(chosen) if chosen else None,
            sees=fields.some_of("voit", SEEN) if "voit" in fields else ("texte", "lieu", "photos"),
        )
        promises, away = self.effects.promises(fields), read_absences(fields)
        return ServiceEntry(service, fields.where("id"), promises, away)

    def transmission(self, fields: Fields) -> tuple[str, str]:
        node = fields.node("transmission")
        if node is None:
            return "email", ""
        inner = Fields(node, "transmission", self.problems, self.fields.language)
        inner.require("canal", "adresse")
        way = inner.one_of("canal", WAYS)
        if way is None:
            return "email", inner.text("adresse")  # its own mistake is told
        address = inner.read("adresse", addresses.BY_WAY[way]) or ""
        if addresses.in_clear(address):
            self.problems.warning(
                inner.where("adresse"),
                "adresse-en-clair",
                f"« {address} » est un serveur sans chiffrement",
                "Écrivez son adresse en https:// : sinon, rien ne lui est envoyé par Internet.",
            )
        return way, address

    def _contact(self, fields: Fields) -> Contact:
        node = fields.node("contact")
        if node is None:
            return Contact()
        inner = Fields(node, "contact", self.problems, self.fields.language)
        return Contact(
            address=inner.text("adresse"),
            email=inner.read("courriel", addresses.mailbox) or "",
            phone=inner.read("telephone", addresses.telephone) or "",
            url=inner.text("site"),
            deaf_relay=inner.text("relais_sourds"),
        )

    def roles(self) -> dict[str, Role]:
        found = {}
        for key, node in self.fields.entries("roles"):
            found[key.text.strip()] = Role(key.text.strip(), key.at, self._values(key, node))
        return found

    def _values(self, key: Scalar, node: Node) -> tuple[RoleValue, ...]:
        if isinstance(node, Scalar) and node.empty:
            return ()
        if not hasattr(node, "entries"):
            self.problems.error(
                node.at,
                "bloc-attendu",
                f"Le rôle « {key.text} » attend un bloc « territoire: service »",
                f"Écrivez « {key.text}: {{Commune: service}} ».",
            )
            return ()
        values: dict[str, RoleValue] = {}
        for place, value in node.entries:
            territory = self.names.territory(place)
            service = self._role_service(value, place)
            if territory is None or service is None:
                continue
            if territory in values:
                self.problems.error(
                    place.at,
                    "cle-en-double",
                    f"Le territoire « {place.text} » a déjà une valeur dans ce rôle "
                    f"(ligne {values[territory].at.line})",
                    "Gardez-en une seule.",
                )
                continue
            values[territory] = RoleValue(territory, service, place.at)
        return tuple(values.values())

    def _role_service(self, value: Node, place: Scalar) -> str | None:
        if isinstance(value, Scalar) and not value.empty:
            return self.names.only_service(value)
        self.problems.error(
            place.at,
            "valeur-vide",
            f"Le territoire « {place.text} » n'a pas de service",
            "Écrivez le service, ou enlevez la ligne.",
        )
        return None


def read_counters(fields: Fields, names: Names, problems: Problems) -> tuple[Counter, ...]:
    """Read the accounts that receive; one address of one channel is one account."""
    found: list[Counter] = []
    places: dict[tuple[str, str], At] = {}
    for node in fields.items("compteurs"):
        inner = Fields(node, "compteur", problems, fields.language)
        inner.require("id", "canal", "adresse")
        commune, opening = inner.scalar("commune"), inner.scalar("ouverture")
        active = inner.read("actif", scalars.yes)
        codes = language_codes(inner, "langue")
        channel = inner.one_of("canal", CHANNELS) or ""
        found.append(
            Counter(
                id=inner.text("id"),
                channel=channel,
                address=inner.read("adresse", addresses.BY_CHANNEL.get(channel, str.strip)) or "",
                commune=names.commune(commune) if commune else None,
                language=codes[0] if codes else None,
                opening=names.text(opening) if opening else None,
                active=active is not False,
            )
        )
        _one_account(found[-1], inner.where("adresse"), places, problems)
    return tuple(found)


def _one_account(
    counter: Counter, at: At, places: dict[tuple[str, str], At], problems: Problems
) -> None:
    key = counter.channel, counter.address.replace(" ", "").casefold()
    first = places.setdefault(key, at)
    if all(key) and first is not at:
        problems.error(
            at,
            "compteur-en-double",
            f"Un autre compteur reçoit déjà à « {counter.address} » par « {counter.channel} » "
            f"({first.file}, ligne {first.line})",
            "Gardez un seul compteur par adresse.",
        )
