"""Conditions on one fact of a case: category, channel, language, confirmations, sender, nature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from router.decision import Facts, Nature, Urgency
from rules.conditions.source import Source
from rules.situation import CATEGORY, Situation, Truth

FIRST_CONTACT = "premier-contact"


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryIs(Source):
    """``categorie``: one of these, or a child of one."""

    categories: frozenset[str]
    fact: ClassVar[str] = CATEGORY
    cost: ClassVar[int] = 0

    def value(self, case: Situation) -> Truth:
        if case.ancestry is None:
            return None
        return not case.ancestry.isdisjoint(self.categories)

    def actual(self, case: Situation) -> object:
        return case.category


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelIs(Source):
    """``canal``."""

    channels: frozenset[str]
    fact: ClassVar[str] = "canal"
    cost: ClassVar[int] = 0

    def value(self, case: Situation) -> Truth:
        channel = case.facts.channel
        return None if channel is None else channel in self.channels

    def actual(self, case: Situation) -> object:
        return case.facts.channel


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageIs(Source):
    """``langue``."""

    languages: frozenset[str]
    fact: ClassVar[str] = "langue"
    cost: ClassVar[int] = 0

    def value(self, case: Situation) -> Truth:
        language = case.facts.language
        return None if not language else language.split("-")[0].lower() in self.languages

    def actual(self, case: Situation) -> object:
        return case.facts.language


@dataclass(frozen=True, slots=True, kw_only=True)
class UrgencyIs(Source):
    """``urgence``: the urgency known before the rules, never their own effect."""

    urgencies: frozenset[Urgency]
    fact: ClassVar[str] = "urgence"
    cost: ClassVar[int] = 0

    def value(self, case: Situation) -> Truth:
        urgency = case.facts.urgency
        return None if urgency is None else urgency in self.urgencies

    def actual(self, case: Situation) -> object:
        return None if case.facts.urgency is None else case.facts.urgency.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Annoyance(Source):
    """``desordre``: the citizen's own scale of annoyance, from 1 to 10."""

    values: frozenset[int] = frozenset()
    least: int | None = None
    most: int | None = None
    fact: ClassVar[str] = "desordre"
    cost: ClassVar[int] = 0

    def value(self, case: Situation) -> Truth:
        degree = case.facts.annoyance
        if degree is None:
            return None
        if self.values and degree not in self.values:
            return False
        return (self.least is None or degree >= self.least) and (
            self.most is None or degree <= self.most
        )

    def actual(self, case: Situation) -> object:
        return case.facts.annoyance


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmations(Source):
    """``confirmations``: the people who say so reach a number."""

    least: int | None = None
    most: int | None = None
    fact: ClassVar[str] = ""
    cost: ClassVar[int] = 0

    def value(self, case: Situation) -> Truth:
        count = case.facts.confirmations
        return (self.least is None or count >= self.least) and (
            self.most is None or count <= self.most
        )

    def actual(self, case: Situation) -> object:
        return case.facts.confirmations


@dataclass(frozen=True, slots=True, kw_only=True)
class HasAttachment(Source):
    """``piece_jointe``."""

    wanted: bool
    fact: ClassVar[str] = "piece_jointe"
    cost: ClassVar[int] = 0

    def value(self, case: Situation) -> Truth:
        has = case.facts.attachment
        return None if has is None else has is self.wanted

    def actual(self, case: Situation) -> object:
        return case.facts.attachment


def sender_kinds(facts: Facts) -> tuple[str, ...]:
    """List the kinds that surely hold of who wrote, his first contact among them."""
    kinds = facts.sender_kinds or ()
    return (*kinds, FIRST_CONTACT) if facts.first_contact and FIRST_CONTACT not in kinds else kinds


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderIs(Source):
    """``expediteur``: what kind of person wrote."""

    kinds: frozenset[str]
    fact: ClassVar[str] = "expediteur"
    cost: ClassVar[int] = 0

    def value(self, case: Situation) -> Truth:
        known = sender_kinds(case.facts)
        if not self.kinds.isdisjoint(known):
            return True
        told, first = case.facts.sender_kinds, case.facts.first_contact
        wanted = self.kinds if first is None else self.kinds - {FIRST_CONTACT}
        return None if told is None and wanted else False

    def actual(self, case: Situation) -> object:
        known = sender_kinds(case.facts)
        return list(known) if known or case.facts.sender_kinds is not None else None


@dataclass(frozen=True, slots=True, kw_only=True)
class NatureIs(Source):
    """``nature``: what the person wants."""

    natures: frozenset[Nature]
    fact: ClassVar[str] = "nature"
    cost: ClassVar[int] = 0

    def value(self, case: Situation) -> Truth:
        nature = case.facts.nature
        return None if nature is None else nature in self.natures

    def actual(self, case: Situation) -> object:
        return None if case.facts.nature is None else case.facts.nature.value


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleHolds(Source):
    """``regle``: another rule holds."""

    rules: tuple[str, ...]
    fact: ClassVar[str] = ""
    cost: ClassVar[int] = 5

    def value(self, case: Situation) -> Truth:
        answers = [case.truth(rule) for rule in self.rules]
        if True in answers:
            return True
        return None if None in answers else False

    def actual(self, case: Situation) -> object:
        return {rule: case.truth(rule) for rule in self.rules}
