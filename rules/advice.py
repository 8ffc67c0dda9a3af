"""Warns of what is allowed but probably not meant."""

from __future__ import annotations

from datetime import date

from rules.advice_words import advise_words
from rules.calendars import SCHOOL, SCHOOL_KNOWN_UNTIL
from rules.compile import RuleSet
from rules.conditions.logic import leaves
from rules.conditions.words import Contains
from rules.owners import Lack
from rules.phrases import Phrase
from rules.problems import At, Problems
from rules.ranking import rule_places

_SHORTEST_WORD = 4
_LONGEST_ALWAYS = 20
_FILLED = 0.97  # share of a commune from which on its quartiers fill it; outlines never fit exactly
_STOP_WORDS = frozenset(
    {
        *("avec", "dans", "pour", "plus", "tout", "tous", "toute", "toutes", "cette", "cela"),
        *("chez", "mais", "sans", "sous", "vers", "bonjour", "merci", "alors", "aussi", "avoir"),
        *("etre", "faire", "quand", "rien", "tres", "bien", "comme", "encore", "depuis"),
        *("votre", "notre", "nous", "vous", "elle", "elles", "sont", "etait", "entre"),
    }
)
_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà^{}\\[~]|€"
)


def advise(ruleset: RuleSet, problems: Problems, today: date | None) -> None:
    """Report all warnings but conflicts."""
    _words(ruleset, problems)
    advise_words(ruleset, problems)
    _roles(ruleset, problems)
    _abroad(ruleset, problems)
    _untested(ruleset, problems)
    _texts(ruleset, problems)
    _quartiers(ruleset, problems)
    _gaps(ruleset, problems)
    _hours(ruleset, problems)
    _languages(ruleset, problems)
    _always(ruleset, problems)
    _school(ruleset, problems, today)


def _words(ruleset: RuleSet, problems: Problems) -> None:
    """Report words that match too much, once each, together with their neighbours."""
    told: set[str] = set()
    for one in ruleset.rules:
        for condition in leaves(one.rule.when):
            if not isinstance(condition, Contains):
                continue
            phrases = [phrase for group in condition.groups for phrase in group.phrases]
            for doubtful, why in ((_short, _SHORT), (_common, _COMMON)):
                found = [p.written for p in phrases if doubtful(p) and p.written not in told]
                told.update(found)
                if found:
                    problems.warning(
                        condition.at,
                        "mot-douteux",
                        f"Dans la règle « {one.rule.id} », {why} : {_listed(found)}",
                        "Écrivez plutôt une expression de plusieurs mots.",
                    )


_SHORT = f"des mots ont moins de {_SHORTEST_WORD} lettres"
_COMMON = "des mots se trouvent dans presque tous les messages"


def _listed(words: list[str]) -> str:
    return ", ".join(f"« {word} »" for word in dict.fromkeys(words))


def _alone(phrase: Phrase) -> str:
    single = phrase.kind in {"plain", "prefix"} and len(phrase.pieces) == 1
    return phrase.pieces[0] if single else ""


def _short(phrase: Phrase) -> bool:
    word = _alone(phrase)
    return 0 < len(word) < _SHORTEST_WORD and word.isascii() and word.isalpha()


def _common(phrase: Phrase) -> bool:
    return _alone(phrase) in _STOP_WORDS


def _roles(ruleset: RuleSet, problems: Problems) -> None:
    geography = ruleset.geography
    for role in ruleset.configuration.roles.values():
        without = [
            geography.commune_name(commune)
            for commune in geography.communes()
            if ruleset.owners.resolve(role.id, geography.whereabouts((commune,))) is Lack.NOBODY
        ]
        if without:
            shown = ", ".join(without[:5]) + (
                f" et {len(without) - 5} autres" if without[5:] else ""
            )
            problems.warning(
                role.at,
                "role-sans-valeur",
                f"Le rôle « {role.id} » n'a pas de service à {shown}",
                "Ajoutez-le ; sans lui le responsable par défaut reçoit ces cas.",
            )


def _abroad(ruleset: RuleSet, problems: Problems) -> None:
    """Report services of one commune that own cases outside it."""
    services, geography = ruleset.configuration.services, ruleset.geography
    everywhere = frozenset({ruleset.configuration.metropole})
    named = [
        (ref, rule_places(one.rule, geography) or frozenset({one.rule.territory}))
        for one in ruleset.rules
        for ref in one.rule.owners
    ]
    named += [
        (cell.owner, everywhere if cell.territory is None else frozenset({cell.territory}))
        for cell in ruleset.configuration.cells
    ]
    for ref, places in named:
        entry = services.get(ref.id)
        home = entry.service.insee if entry else None
        if home is None or not geography.known(home):
            continue
        if not all(geography.contains(home, place) for place in places):
            problems.warning(
                ref.at,
                "service-hors-commune",
                f"Le service « {ref.id} » de {geography.commune_name(home)} reçoit ici des cas "
                "d'autres communes",
                "Bornez la règle à sa commune, ou nommez un rôle.",
            )


def _untested(ruleset: RuleSet, problems: Problems) -> None:
    tested = {
        str(trial.expected["regle"])
        for file in ruleset.configuration.files
        for trial in file.trials
        if "regle" in trial.expected
    }
    for one in ruleset.rules:
        if one.rule.owners and one.rule.id not in tested:
            problems.warning(
                one.rule.at,
                "regle-sans-essai",
                f"Aucun essai n'attend la règle « {one.rule.id} »",
                f"Ajoutez un essai avec « regle: {one.rule.id} ».",
            )


def _texts(ruleset: RuleSet, problems: Problems) -> None:
    configuration = ruleset.configuration
    for name, at in configuration.text_places.items():
        if "fr" not in configuration.texts.get(name, {}):
            problems.warning(
                at,
                "langue-manquante",
                f"Le texte « {name} » n'existe pas en français",
                "Ajoutez « fr: … ».",
            )
        for language, text in configuration.short_texts.get(name, {}).items():
            longest = 160 if set(text) <= _GSM else 70
            if len(text) > longest:
                problems.warning(
                    at,
                    "sms-trop-long",
                    f"Le texte court « {name} » en « {language} » dépasse un SMS "
                    f"({len(text)} caractères sur {longest})",
                    "Raccourcissez-le, ou évitez les lettres hors de l'alphabet des SMS.",
                )


def _quartiers(ruleset: RuleSet, problems: Problems) -> None:
    geography = ruleset.geography
    drawn = [one.id for one in ruleset.configuration.territory.territories if one.outlines]
    for index, one in enumerate(drawn):
        for other in drawn[index + 1 :]:
            apart = not geography.overlaps(one, other)
            if apart or geography.contains(one, other) or geography.contains(other, one):
                continue
            at = ruleset.configuration.files[0].at
            problems.warning(
                type(at)("territoire/territoire.yaml"),
                "territoires-croises",
                f"Les territoires « {one} » et « {other} » se chevauchent",
                "Corrigez leurs contours : un lieu ne doit avoir qu'un plus petit territoire.",
            )


def _gaps(ruleset: RuleSet, problems: Problems) -> None:
    """Report a commune that is cut into quartiers which do not fill it."""
    geography = ruleset.geography
    drawn = [one.id for one in ruleset.configuration.territory.territories if one.outlines]
    for commune in geography.communes():
        inner = [
            name
            for name in drawn
            if geography.contains(commune, name) and not geography.contains(name, commune)
        ]
        if len(inner) < 2:
            continue
        filled = geography.area_of_union(inner) / geography.area(commune)
        if filled < _FILLED:
            problems.warning(
                At("territoire/territoire.yaml"),
                "territoires-troues",
                f"Les territoires de {geography.commune_name(commune)} laissent "
                f"{1 - filled:.0%} de la commune sans quartier",
                "Complétez leurs contours, si un rôle ou une règle compte sur eux.",
            )


def _hours(ruleset: RuleSet, problems: Problems) -> None:
    """Report dangers whose owner closes, with nobody to stand in."""
    services = ruleset.configuration.services
    for one in ruleset.rules:
        owner = one.rule.effects.owner
        entry = services.get(owner.id) if owner else None
        if owner is None or entry is None or one.rule.priority != "danger":
            continue
        if entry.service.hours and not entry.service.deputy:
            problems.warning(
                owner.at,
                "heures-sans-personne",
                f"La règle de danger « {one.rule.id} » confie ses cas à « {owner.id} », "
                f"qui ferme (« {entry.service.hours} ») et n'a pas de suppléant",
                "Donnez-lui un suppléant, ou nommez une astreinte.",
            )


def _languages(ruleset: RuleSet, problems: Problems) -> None:
    """Report names that are missing in a language in which a counter receives."""
    configuration = ruleset.configuration
    offered = sorted({one.language for one in configuration.counters if one.language})
    for language in offered:
        nameless = [
            (one.at, f"la catégorie « {one.id} »")
            for one in configuration.categories.values()
            if language not in one.names
        ]
        nameless += [
            (entry.at, f"le service « {name} »")
            for name, entry in configuration.services.items()
            if language not in entry.service.names
        ]
        if nameless:
            at, first = nameless[0]
            more = f" et {len(nameless) - 1} autres" if nameless[1:] else ""
            problems.warning(
                at,
                "nom-manquant",
                f"Il manque un nom en « {language} », langue d'un compteur, à {first}{more}",
                f"Ajoutez « {language}: … » à leurs noms.",
            )


def _always(ruleset: RuleSet, problems: Problems) -> None:
    always = ruleset.index.always
    if len(always) > _LONGEST_ALWAYS:
        problems.warning(
            ruleset.rules[always[0]].rule.at,
            "regles-sans-acces",
            f"{len(always)} règles n'ont ni mot, ni lieu, ni catégorie, ni canal, "
            "et sont examinées pour chaque message",
            "Ajoutez-leur un mot, un lieu ou une catégorie.",
        )


def _school(ruleset: RuleSet, problems: Problems, today: date | None) -> None:
    if today is None or today.year < SCHOOL_KNOWN_UNTIL.year:
        return
    for one in ruleset.rules:
        for condition in leaves((*one.rule.when, *one.rule.unless)):
            named = (*getattr(condition, "within", ()), *getattr(condition, "unless", ()))
            if SCHOOL in named:
                problems.warning(
                    condition.at,
                    "vacances-inconnues",
                    "Les vacances scolaires de l'an prochain ne sont pas encore connues",
                    "Mettez Guichet à jour quand le calendrier officiel paraît.",
                )
                return
