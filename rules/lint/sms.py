"""Warns of texts that take more than one text message."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping

from rules.compile import RuleSet
from rules.problems import Problems

_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà^{}\\[~]|€"
)
_TWICE = frozenset("^{}\\[~]|€")
"""Letters of the alphabet that take the room of two."""
_NUMBER, _DAY = "7K4M-Q2XD-9TZ", "31/12/2026"
_FIELD = re.compile(r"\{(numero|service|delai|lieu)\}")


def advise_sms(ruleset: RuleSet, problems: Problems) -> None:
    """Report short texts over one SMS, and long ones that go out by SMS for want of a short one.

    They are counted with the longest that their fields may say: a service, a commune.
    """
    configuration = ruleset.configuration
    for name, language, text, what in _sent(ruleset):
        fields = {one: _longest(ruleset, language)[one] for one in _FIELD.findall(text)}
        filled = _FIELD.sub(lambda found, own=fields: own[found[1]], text)  # type: ignore[misc]
        most = 160 if set(text) <= _GSM and all(map(_is_latin, fields.values())) else 70
        length = len(filled) + (sum(one in _TWICE for one in filled) if most == 160 else 0)
        if length > most:
            problems.warning(
                configuration.text_places[name],
                "sms-trop-long",
                f"Le {what} « {name} » en « {language} » dépasse un SMS "
                f"({length} caractères sur {most}{_with(fields)})",
                "Écrivez une version courte, sans lettres hors de l'alphabet des SMS.",
            )


def _sent(ruleset: RuleSet) -> Iterator[tuple[str, str, str, str]]:
    """List what may go out by SMS: name, language, text, and what it is."""
    configuration = ruleset.configuration
    spoken = {one.language for one in configuration.counters if one.channel == "sms"}
    for name in configuration.text_places:
        short = configuration.short_texts.get(name, {})
        for language, text in short.items():
            yield name, language, text, "texte court"
        for language, text in configuration.texts.get(name, {}).items():
            if language in spoken - short.keys():
                yield name, language, text, "texte sans version courte"


def _longest(ruleset: RuleSet, language: str) -> Mapping[str, str]:
    """Give the longest value of each field; a number and a day are always as long."""
    configuration = ruleset.configuration
    services = [one.service.name(language) for one in configuration.services.values()]
    communes = [one.name for one in configuration.territory.communes]
    return {
        "numero": _NUMBER,
        "delai": _DAY,
        "service": max(services, key=len, default=""),
        "lieu": max(communes, key=len, default=""),
    }


def _is_latin(value: str) -> bool:
    """Whether a name costs nothing more: SMS leave out its accents, and write its dashes plainly."""
    plain = unicodedata.normalize("NFKD", value.replace("œ", "oe"))
    return {one for one in plain if one.isalpha()} <= _GSM


def _with(fields: Mapping[str, str]) -> str:
    said = [f"« {value} » pour {{{field}}}" for field, value in fields.items()]
    return f", avec {' et '.join(said)}" if said else ""
