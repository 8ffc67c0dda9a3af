"""Words what citizens are written: our texts and the rules' own, in a language and a style."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from router.case import Case
from router.decision import Decision, Place, ServiceId
from router.directory import Service
from router.message import Address
from router.policy import Policy
from router.rule_ports import Rulebook
from router.tracking import printed
from router.words.emergency_numbers import each_once
from router.words.questions import CHOICES, worded
from router.words.receipts import OWED, fields_of, rights_of
from router.words.telephone import spoken
from router.words.texts import Style, TextId, compose, sentences

_DANGERS_IN_PUBLIC = 2


@dataclass(frozen=True, slots=True)
class Wording:
    """Fills texts with what is known of a case; one for each batch, bound to its rule book."""

    rulebook: Rulebook
    policy: Policy

    def style(self, address: Address) -> Style:
        """Tell how texts are written to an address: to be heard, beside the case, short, or whole."""
        if address.channel in self.policy.spoken_channels:
            return Style.ALOUD
        if address.channel in self.policy.page_channels:
            return Style.PAGE
        return Style.SHORT if address.channel in self.policy.short_channels else Style.LONG

    def plain(self, text: TextId, language: str, style: Style = Style.LONG, **fields: str) -> str:
        """Word a text of ours that belongs to no case, with its fields as they are given."""
        return compose(self.rulebook.texts, text, language, style=style, **fields).text

    def text(
        self,
        text: TextId,
        language: str,
        style: Style,
        case: Case,
        answer: str = "",
        service: ServiceId | None = None,
        *,
        instead: Mapping[str, str] | None = None,
    ) -> str:
        """Word a text about a case; ``instead`` are fields that say something else this time."""
        filled = self.text_fields(case, language, answer, service) | dict(instead or {})
        return self.plain(text, language, style, **filled)

    def question(self, fact: str, language: str, style: Style, place: Place | None = None) -> str:
        """Word the question that asks for a fact; of a place only for what is not known of it."""
        return self.plain(worded(fact, place or Place()), language, style)

    def choices(self, asked: str, language: str) -> tuple[str, ...]:
        """Word the few answers that a question has; none where any words may answer."""
        return tuple(
            self.plain(choice, language) if isinstance(choice, TextId) else choice
            for choice in CHOICES.get(asked, ())
        )

    def rights(self, case: Case, address: Address, language: str) -> list[str]:
        """Say what silence will mean, and whom to reach; nothing where it means nothing."""
        rights = rights_of(self.rulebook, case)
        if rights is None:
            return []
        fields = fields_of(rights)
        if address.channel in {"web", "desk"}:  # he reads it on that page, or hears all of it
            fields["lien"] = ""
        return [
            self.text(OWED[rights.silence], language, self.style(address), case, instead=fields)
        ]

    def of_rules(
        self, decision: Decision | None, case: Case, language: str, style: Style
    ) -> list[str]:
        """Word what the rules want said; a danger without words of its own gets ours."""
        if decision is None:
            return []
        most = decision.danger_replies
        found = [
            self.of_rule(text, case, language, style.of_danger if place < most else style)
            for place, text in enumerate(decision.replies)
        ]
        texts = each_once(words for words in found[:most] if words is not None)
        texts += [words for words in found[most:] if words is not None]
        if decision.danger and not texts:
            texts.append(self.plain(TextId.EMERGENCY, language, style.of_danger))
        return texts

    def of_danger(
        self, decision: Decision, case: Case, language: str, style: Style, *, public: bool
    ) -> list[str]:
        """Word whom to call, and nothing else that the rules want said."""
        most = min(decision.danger_replies, _DANGERS_IN_PUBLIC if public else len(decision.replies))
        dangers = replace(decision, replies=decision.replies[:most])
        return self.of_rules(dangers, case, language, style)

    def of_rule(self, text: str, case: Case, language: str, style: Style) -> str | None:
        """Word one text of the rules; None where there is none of that name."""
        found = self.rulebook.texts.text(text, language, short=style.short)
        return (self._fill(found[1], case, found[0]) or None) if found is not None else None

    def in_public(self, decision: Decision, case: Case, language: str) -> list[str]:
        """Answer in public: numbers to call in danger, and nothing of the case."""
        danger = self.of_rules(decision, case, language, Style.SHORT) if decision.danger else []
        return self.invited(danger, language)

    def invited(self, danger: list[str], language: str) -> list[str]:
        """Ask for a private message, after at most two dangers: more would not fit a post."""
        invite = self.plain(TextId.PUBLIC_MENTION, language)
        return [*danger[:_DANGERS_IN_PUBLIC], invite]

    def text_fields(
        self, case: Case, language: str, answer: str = "", service: ServiceId | None = None
    ) -> dict[str, str]:
        """Give what fills the fields of a text about a case."""
        owner = self.rulebook.directory.service(service or case.owner)
        return {
            "numero": printed(case.public_number or case.number),
            "service": owner.name(language) if owner else "",
            "contact": self._contact(owner, language) if owner else "",
            "delai": f"{case.due_at:%d/%m/%Y}" if case.due_at else "",
            "lieu": case.place.text
            or " ".join(self.rulebook.commune_name(code) for code in case.place.communes[:1]),
            "lien": f"{self.policy.base_url}/suivi/{printed(case.page_number)}",
            "reponse": answer,
        }

    def _contact(self, service: Service, language: str) -> str:
        """Write how a person reaches a service; empty where nothing is known."""
        contact = service.contact
        ways: Iterable[str] = (spoken(contact.phone), contact.email, contact.address, contact.url)
        line = ", ".join(way for way in ways if way)
        if not (line and contact.deaf_relay):
            return line
        relay = self.plain(TextId.DEAF_RELAY, language, contact=contact.deaf_relay)
        return f"{line}. {relay}"

    def _fill(self, text: str, case: Case, language: str) -> str:
        fields = self.text_fields(case, language)
        if not fields["delai"]:
            text = "\n".join(map(_without_delay, text.split("\n"))).strip()
        for name, value in fields.items():
            text = text.replace("{" + name + "}", value)
        return text


def _without_delay(line: str) -> str:
    """Leave out the sentences that would promise a day where none is promised."""
    if "{delai}" not in line:
        return line
    return " ".join(sentence for sentence, names in sentences(line) if "delai" not in names)
