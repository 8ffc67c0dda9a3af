"""Cases to services by e-mail: a readable sheet, three signed links, and the case as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from email.utils import format_datetime
from typing import Any
from zoneinfo import ZoneInfo

from channels.partner_acts import act_of, photos_of, words_of
from channels.partner_files import ReadPhoto, enclose, files_of, told
from channels.smtp.addresses import ascii_domain, envelope_sender
from channels.smtp.letter import Letter, written
from channels.smtp.relay import Relay
from channels.smtp.settings import SmtpSettings
from router.delivery import Delivery, OnUnknown, Permanent, Rate, SendOutcome
from router.entry import SOURCES_FR, Source
from router.errors import InvalidInput, UnreadablePayload
from router.message import Attachment, Envelope, InboundEvent, PartnerActed
from router.ports import Capabilities, Health, OpensFiles, OutboundPart
from router.tokens import Signer

NAME = "partner_email"
_ACTS = {"accept", "refuse", "close", "progress"}
_LINKS = (
    ("accept", "Prendre en charge"),
    ("refuse", "Refuser, avec un motif"),
    ("close", "Clore, avec une réponse ou une photo"),
)
_TITLES = {
    "forward": "Une demande vous est transmise.",
    "notice": "Une demande vous est signalée pour information.",
    "opinion": "Votre avis est demandé sur une demande.",
    "progress": "Un complément est arrivé sur une demande.",
    "alert": "Une demande attend toujours.",
}
_URGENCIES = {
    "low": "basse",
    "normal": "normale",
    "high": "haute",
    "immediate": "IMMÉDIATE : une personne ou des biens peuvent être en danger",
}


ASKED = {
    "date": "Quand c'est arrivé",
    "heure": "À quelle heure",
    "duree": "Depuis combien de temps",
    "numero": "Numéro donné",
    "vehicule": "Véhicule",
    "immatriculation": "Immatriculation",
    "personne": "Personne concernée",
    "nom": "Nom donné",
    "telephone": "Téléphone donné",
    "courriel": "Courriel donné",
    "contact": "Pour joindre la personne",
}
"""What a person was asked for, as a service reads it."""


class PartnerEmailSettings(SmtpSettings):
    """Where mail to services leaves; the settings of the sending mailbox serve as they are."""

    timezone: str = "Europe/Paris"
    largest_files: int = 8_000_000
    """Bytes that the files of one mail may have together; many relays refuse more than 10 MB."""


class PartnerEmail:
    """Writes to services from one of our mailboxes, and reads what they do on the action page.

    ``base_url`` is where the action pages are served. A service's plain answer comes back to the
    mailbox itself, by the token in its Reply-To.
    """

    name = NAME
    capabilities = Capabilities(threads=True, media_in=True)
    on_unknown = OnUnknown.RESEND
    deadline_s = 60.0

    def __init__(
        self,
        settings: PartnerEmailSettings,
        account: str,
        base_url: str,
        signer: Signer,
        files: OpensFiles | None = None,
        photos: ReadPhoto | None = None,
    ) -> None:
        self.settings = settings
        self.account = account
        self.rate = Rate(settings.smtp_per_s, burst=max(1, round(settings.smtp_per_s)))
        self._base_url = base_url.rstrip("/")
        self._signer = signer
        self._zone = ZoneInfo(settings.timezone)
        self._relay = Relay(settings, account)
        self._files = files
        self._photos = photos

    # --- out ------------------------------------------------------------------------------------

    def render(self, delivery: Delivery) -> tuple[OutboundPart, ...]:
        """Write the sheet of a case."""
        return (OutboundPart(delivery, self._body(delivery, _sheet(delivery))),)

    async def send(self, part: OutboundPart, idem: str) -> SendOutcome:
        """Hand the sheet to the relay, with the files that people sent."""
        recipient = part.delivery.address.value
        if "@" not in recipient:
            return Permanent("address", "this service has no e-mail address")
        plain, sheet = self.letter(part, idem), _sheet(part.delivery)
        letter = await self._with_files(plain, sheet, self.settings.largest_files)
        outcome = await self._deliver(letter, part.delivery)
        if _is_too_large(outcome) and len(letter.files) > len(plain.files):
            letter = await self._with_files(plain, sheet, 0)  # links do
            outcome = await self._deliver(letter, part.delivery)
        return outcome

    async def _deliver(self, letter: Letter, delivery: Delivery) -> SendOutcome:
        sender = envelope_sender(self.settings.envelope_sender, self.account, letter.idem)
        content = written(letter, format_datetime(delivery.created_at))
        recipient = ascii_domain(letter.recipient)
        return await self._relay.deliver(sender, recipient, content, letter.message_id)

    def letter(self, part: OutboundPart, idem: str) -> Letter:
        """Give the mail that a part becomes."""
        delivery, sheet = part.delivery, _sheet(part.delivery)
        return Letter(
            sender=self.account,
            sender_name=self.settings.display_name,
            recipient=delivery.address.value,
            subject=_subject(delivery, sheet),
            text=part.text,
            language="fr",
            idem=idem,
            reply_token=delivery.reply_token,
            refs=delivery.refs,
            automatic=delivery.automatic,
            files=(("case.json", "application/json", _as_json(sheet)),) if sheet else (),
        )

    async def _with_files(self, letter: Letter, sheet: Mapping[str, Any], limit: int) -> Letter:
        """Enclose files; one that cannot be had is named, and never holds up the case."""
        files = files_of(sheet)
        if self._files is None or not files:
            return letter
        enclosed = await enclose(files, self._files, limit)
        place = f"{self._base_url}/p/{letter.reply_token}/fichier" if letter.reply_token else ""
        text = f"{letter.text}\n\n{told(enclosed, place)}"
        return replace(letter, text=text, files=(*letter.files, *enclosed.files))

    def _body(self, delivery: Delivery, sheet: Mapping[str, Any]) -> str:
        kind = str(sheet.get("kind") or delivery.kind)
        blocks = [_TITLES.get(kind, "Une demande vous concerne."), self._facts(sheet)]
        text = str(sheet.get("added") or sheet.get("text") or delivery.text)
        if text:
            blocks.append("Message de l'usager :\n" + _quoted(text))
        if delivery.reply_token:
            blocks.append(self._actions(delivery.reply_token))
            blocks.append("Vous pouvez aussi répondre à ce courriel : votre réponse est transmise.")
        return "\n\n".join(block for block in blocks if block)

    def _facts(self, sheet: Mapping[str, Any]) -> str:
        place = _mapping(sheet.get("place"))
        people = [_mapping(person) for person in _list(sheet.get("reporters"))]
        answers = [_mapping(one) for one in _list(sheet.get("answers"))]
        lines = (
            ("Numéro", sheet.get("number_printed")),
            ("Service", _mapping(sheet.get("service")).get("name")),
            ("Objet", sheet.get("subject")),
            ("Catégorie", sheet.get("category_name") or sheet.get("category")),
            ("Nature", sheet.get("nature")),
            ("À proposer", ", ".join(map(str, _list(sheet.get("proposals")))) or None),
            ("Pour clore", "une photo du résultat" if sheet.get("proof") == "photo" else None),
            ("Urgence", _URGENCIES.get(str(sheet.get("urgency")), sheet.get("urgency"))),
            ("Lieu", _place(place)),
            ("Carte", _map_link(place)),
            *((ASKED.get(str(one.get("fact")), "Réponse"), one.get("text")) for one in answers),
            ("Reçue le", self._time(sheet.get("received_at"))),
            ("Réponse attendue avant le", self._time(sheet.get("due_at"))),
            ("Sans réponse", _silence(_mapping(sheet.get("silence")))),
            ("Langue de l'usager", sheet.get("language")),
            ("Pièces jointes", sheet.get("attachments") or None),
            ("Saisie au guichet", _entry(_mapping(sheet.get("entry")))),
            ("Usager", ", ".join(str(p["name"]) for p in people if p.get("name")) or None),
        )
        return "\n".join(f"{label} : {_line(value)}" for label, value in lines if value)

    def _actions(self, token: str) -> str:
        links = "\n".join(
            f"{label} : {self._base_url}/p/{token}?act={act}" for act, label in _LINKS
        )
        return f"D'un clic, sans compte :\n{links}"

    def _time(self, value: object) -> str | None:
        try:
            time = datetime.fromisoformat(str(value)) if value else None
        except ValueError:
            return str(value)
        if time is None:
            return None
        if time.tzinfo is not None:
            time = time.astimezone(self._zone)
        return time.strftime("%d/%m/%Y à %H:%M")

    # --- in -------------------------------------------------------------------------------------

    def receive(self, envelope: Envelope) -> tuple[InboundEvent, ...]:
        """Read an act of the action page: JSON ``{"token", "act", "reason", "text"}``.

        The token is checked here, where it came in, and again by the core.

        Raises:
            UnreadablePayload: it is none.
        """
        try:
            given = json.loads(envelope.payload)
            token = given["token"]
            self._signer.read(token)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise UnreadablePayload("this is no act of an action page") from error
        except InvalidInput as error:
            raise UnreadablePayload(str(error)) from error
        return (
            PartnerActed(
                token=token,
                act=act_of(given, _ACTS),
                reason=words_of(given, "reason"),
                text=words_of(given, "text"),
                attachments=photos_of(given),
            ),
        )

    async def fetch_media(self, envelope: Envelope, attachment: Attachment, limit: int) -> bytes:
        """Give a picture by which a service showed on its page what it did.

        Raises:
            InvalidInput: it is none of ours, gone, or larger than the limit.
        """
        if self._photos is None:
            raise InvalidInput("pictures are not kept here")
        return await self._photos(attachment.ref, limit)

    async def health(self) -> Health:
        """Greet the relay."""
        trouble = await self._relay.check()
        if trouble:
            return Health(False, f"{self.account} : le relais SMTP {trouble}.")
        return Health(True, f"{self.account} : le relais répond.")

    async def close(self) -> None:
        self._relay.close()


def _is_too_large(outcome: SendOutcome) -> bool:
    """Whether a relay refuses a mail for its size (RFC 1870, RFC 3463)."""
    if not isinstance(outcome, Permanent):
        return False
    return outcome.code == "552" or " 5.3.4 " in outcome.reason or " 5.2.3 " in outcome.reason


def _sheet(delivery: Delivery) -> Mapping[str, Any]:
    try:
        return _mapping(json.loads(delivery.data or "{}"))
    except ValueError:
        return {}


def _entry(entry: Mapping[str, Any]) -> str | None:
    """Say how an agent came to write it down, and for whom."""
    if entry.get("source") not in set(Source):
        return None
    told = SOURCES_FR[Source(entry["source"])]
    told += f", par {entry['agent']}" if entry.get("agent") else ""
    return told + (f", pour {entry['behalf_of']}" if entry.get("behalf_of") else "")


def _subject(delivery: Delivery, sheet: Mapping[str, Any]) -> str:
    number = sheet.get("number_printed")
    about = sheet.get("category_name") or delivery.subject or sheet.get("subject") or "Demande"
    where = _mapping(sheet.get("place")).get("street") or ""
    urgent = "URGENT – " if sheet.get("urgency") == "immediate" else ""
    title = f"{urgent}{about}" + (f" – {where}" if where else "")
    return f"[#{number}] {title}" if number else title


def _place(place: Mapping[str, Any]) -> str | None:
    parts = [place.get("text"), place.get("street"), place.get("postcode")]
    communes = [_mapping(commune) for commune in _list(place.get("communes"))]
    parts.append(
        " ou ".join(str(commune.get("name") or commune.get("insee")) for commune in communes)
    )
    texts: list[str] = []
    for part in parts:
        if part and not any(str(part).lower() in known.lower() for known in texts):
            texts.append(str(part))
    return ", ".join(texts) or None


def _map_link(place: Mapping[str, Any]) -> str | None:
    lat, lon = place.get("lat"), place.get("lon")
    if not isinstance(lat, int | float) or not isinstance(lon, int | float):
        return None
    return (
        f"https://www.openstreetmap.org/?mlat={lat:.6f}&mlon={lon:.6f}#map=18/{lat:.6f}/{lon:.6f}"
    )


def _as_json(sheet: Mapping[str, Any]) -> bytes:
    """Write the case for machines; where its files lie is between us and the providers."""
    files = [
        {"name": file.name, "media_type": file.media_type, "size": file.size}
        for file in files_of(sheet)
    ]
    told_of = {**sheet, **({"files": files} if files else {})}
    return json.dumps(told_of, ensure_ascii=False, indent=2).encode("utf-8", "replace")


def _silence(given: Mapping[str, Any]) -> str | None:
    """Say what becomes of the request by law, and when, if nobody answers."""
    means = {"refused": "refusée", "accepted": "acceptée"}.get(str(given.get("means")))
    try:
        on = date.fromisoformat(str(given.get("on")))
    except ValueError:
        return None
    return (
        f"la demande est {means} le {on:%d/%m/%Y} (silence de l'administration)" if means else None
    )


def _quoted(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.strip().splitlines())


def _line(value: object) -> str:
    return " ".join(str(value).split())


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []
