"""The shape of every value of the files, block by block, as the readers take it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rules.reading.blocks import BLOCKS
from rules.vocabulary import (
    CHANNELS,
    COUNTED_BY,
    FACTS,
    LEVELS,
    NATURES,
    PRIORITIES,
    PROOFS,
    SEEN,
    SENDERS,
    STATUTES,
    URGENCIES,
    WAYS,
)


@dataclass(frozen=True, slots=True)
class Text:
    """One value without further form; ``many`` admits a list, ``some`` wants one that is not empty."""

    many: bool = False
    some: bool = False
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Number:
    """A number, whole unless ``decimal``."""

    decimal: bool = False


@dataclass(frozen=True, slots=True)
class YesNo:
    """« oui » or « non »."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A value of a closed list; ``many`` admits several."""

    values: Mapping[str, str]
    many: bool = False


@dataclass(frozen=True, slots=True)
class Inside:
    """A block of its own; ``required`` are keys that only this place asks for."""

    block: str
    required: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of blocks; ``or_one`` admits a block alone."""

    block: str
    or_one: bool = False


@dataclass(frozen=True, slots=True)
class Named:
    """A block whose keys are names that people choose."""

    value: Shape


@dataclass(frozen=True, slots=True)
class Translated:
    """Texts by language; ``short`` admits « court », the texts for SMS."""

    short: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """Words of a message; ``groups`` makes every line one group."""

    groups: bool = False


@dataclass(frozen=True, slots=True)
class Point:
    """Latitude and longitude."""


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One of several shapes; ``many`` admits a list of them."""

    shapes: tuple[Shape, ...]
    many: bool = False


Shape = (
    Text | Number | YesNo | Choice | Inside | ListOf | Named | Translated | Words | Point | AnyOf
)

_TEXT, _TEXTS, _SOME = Text(), Text(many=True), Text(many=True, some=True)
_YES, _WHOLE = YesNo(), Number()
_DAY = Text(examples=("2026-12-01", "1er décembre 2026"))
_DATES: Mapping[str, Shape] = {"du": _DAY, "au": _DAY, "chaque_annee": _YES}
_DELAY = Text(examples=("48 heures", "5 jours ouvrés", "2 semaines", "1 mois"))
_METRES = Text(examples=("150 m", "1,5 km"))
_HOURS = Text(many=True, examples=("8h30-17h30", "22h-6h"))
_DAYS = Text(many=True, examples=("lun-ven", "sam", "dim"))
_ESCALATION = Inside("escalade", ("apres", "vers"))
_HEAD: Mapping[str, Shape] = {"format": _WHOLE, "langue": Choice({"fr": "fr", "en": "en"})}
_PROMISES: Mapping[str, Shape] = {"delai": _DELAY, "escalade": _ESCALATION, "repondre": _TEXTS}
_BOUNDED = AnyOf((_WHOLE, Inside("bornes")), many=True)
_EFFECTS: Mapping[str, Shape] = {
    **_PROMISES,
    "responsable": _TEXT,
    "informer": _TEXTS,
    "consulter": _TEXTS,
    "urgence": Choice(URGENCIES),
    "repartir": ListOf("part", or_one=True),
    "demander": Choice(FACTS, many=True),
    "transmettre_par": Choice(WAYS),
    "etiquettes": _TEXTS,
    "proposer": _TEXTS,
    "confidentiel": _YES,
    "publier": _YES,
    "cloture": Inside("cloture"),
    **_DATES,
}

SHAPES: Mapping[str, Mapping[str, Shape]] = {
    "services.yaml": {**_HEAD, "services": ListOf("service"), "roles": Named(Named(_TEXT))},
    "service": {
        "id": _TEXT,
        "famille": _TEXT,
        "echelon": Choice(LEVELS),
        "noms": Translated(),
        "transmission": Inside("transmission", ("canal", "adresse")),
        "contact": Inside("contact"),
        "commune": _TEXT,
        "statut": Choice(STATUTES),
        "horaires": _TEXT,
        "suppleant": _TEXT,
        "absences": ListOf("absence"),
        "voit": Choice(SEEN, many=True),
        **_PROMISES,
    },
    "transmission": {"canal": Choice(WAYS), "adresse": _TEXT},
    "absence": {**_DATES, "motif": _TEXT},
    "contact": dict.fromkeys(BLOCKS["contact"], _TEXT),
    "compteurs.yaml": {**_HEAD, "compteurs": ListOf("compteur")},
    "compteur": {
        "id": _TEXT,
        "canal": Choice(CHANNELS),
        "adresse": _TEXT,
        "commune": _TEXT,
        "langue": _TEXTS,
        "ouverture": _TEXT,
        "actif": _YES,
    },
    "categories.yaml": {**_HEAD, "categories": ListOf("categorie"), "tribunal": _TEXT},
    "categorie": {
        "id": _TEXT,
        "famille": _TEXT,
        "noms": Translated(),
        "mots": Words(),
        "questions": Choice(FACTS, many=True),
        "silence": _TEXT,
        "enfants": ListOf("categorie"),
        "transmission": Inside("transmission"),
        "chef_de_file": _TEXT,
        **_PROMISES,
    },
    "competences.yaml": {
        **_HEAD,
        "competences": Named(Named(_TEXT)),
        "reserve": Inside("reserve"),
        "accords": ListOf("accord"),
    },
    "reserve": {"metropole": _TEXTS, "commune": _TEXTS},
    "accord": {"a": _TEXT, "famille": _TEXTS, "jusqu_au": _DAY},
    "territoire.yaml": {
        **_HEAD,
        "communes": _TEXT,
        "codes_postaux": _TEXT,
        "fuseau": Text(examples=("Europe/Paris",)),
        "territoires": ListOf("territoire"),
        "zones": Named(Inside("zone")),
        "couches": Named(Inside("couche")),
        "ordre": _TEXTS,
        "tolerance": _METRES,
    },
    "territoire": {"id": _TEXT, "communes": _TEXTS, "contour": _TEXT},
    "zone": {"communes": _TEXTS, "contour": _TEXT},
    "couche": {"fichier": _TEXT, "tolerance": _METRES},
    "calendriers.yaml": {**_HEAD, "calendriers": Named(Inside("calendrier"))},
    "calendrier": {"jours": _DAYS, "heures": _HOURS, "sauf": _TEXTS, "dans": _TEXTS, **_DATES},
    "textes": {**_HEAD, "textes": Named(Translated(short=True))},
    "regles": {
        **_HEAD,
        "territoire": _TEXT,
        "peut_modifier": _TEXTS,
        "a_defaut": _TEXT,
        "listes": Named(AnyOf((Words(), Inside("liste")))),
        "regles": ListOf("regle"),
        "essais": ListOf("essai"),
    },
    "liste": {"mots": Words(), "ignorer_si_nie": _YES},
    "regle": {
        "id": _TEXT,
        "priorite": Choice(PRIORITIES),
        "si": ListOf("condition", or_one=True),
        "sauf": ListOf("condition", or_one=True),
        "alors": Inside("effets"),
        "seuils": ListOf("seuil", or_one=True),
        "ignorer_si_nie": _YES,
        **_DATES,
    },
    "condition": {
        "contient": Words(),
        "contient_tous": Words(groups=True),
        "categorie": _SOME,
        "canal": Choice(CHANNELS, many=True),
        "langue": _SOME,
        "urgence": Choice(URGENCIES, many=True),
        "desordre": _BOUNDED,
        "recu": ListOf("recu", or_one=True),
        "recurrence": ListOf("recurrence", or_one=True),
        "confirmations": _BOUNDED,
        "afflux": ListOf("afflux", or_one=True),
        "piece_jointe": AnyOf((_YES,), many=True),
        "expediteur": Choice(SENDERS, many=True),
        "nature": Choice(NATURES, many=True),
        "regle": _SOME,
        "commune": _SOME,
        "code_postal": _SOME,
        "dans": _SOME,
        "pres_de": ListOf("pres_de", or_one=True),
        "sur": _SOME,
        "rue": _SOME,
        **dict.fromkeys(("un_de", "tous", "aucun_de"), ListOf("condition", or_one=True)),
    },
    "effets": _EFFECTS,
    "seuil": {"confirmations": _WHOLE, **_EFFECTS},
    "escalade": {"apres": _DELAY, "vers": _TEXT},
    "part": {"part": _TEXT, "responsable": _TEXT, "categorie": _TEXT},
    "cloture": {"preuve": Choice(PROOFS)},
    "proche": {"proche": _TEXTS, "mots": _WHOLE},
    "bornes": {"min": _WHOLE, "max": _WHOLE},
    "pres_de": {"quoi": _TEXTS, "a_moins_de": _METRES},
    "recu": {"heures": _HOURS, "jours": _DAYS, "dans": _TEXTS, "sauf": _TEXTS, **_DATES},
    "recurrence": {"fois": _WHOLE, "en": _DELAY, "par": Choice(COUNTED_BY, many=True)},
    "afflux": {"fois": _WHOLE, "categorie": _TEXTS, "dans": _TEXTS, "en": _DELAY},
    "essai": {"nom": _TEXT, "cas": Inside("cas"), "attendu": Inside("attendu")},
    "cas": {
        **dict.fromkeys(("texte", "sujet", "citation", "categorie", "rue", "langue"), _TEXT),
        **dict.fromkeys(("code_postal", "compteur"), _TEXT),
        **dict.fromkeys(("commune", "refuse_par", "indisponible", "choix_agent"), _TEXTS),
        **dict.fromkeys(("desordre", "recurrence", "confirmations"), _WHOLE),
        **dict.fromkeys(("confirmations_avant", "afflux"), _WHOLE),
        "point": Point(),
        "precision": Number(decimal=True),
        "canal": Choice(CHANNELS),
        "recu": Text(examples=("2026-11-24 17:59:59", "samedi 22h10")),
        "urgence": Choice(URGENCIES),
        **dict.fromkeys(("piece_jointe", "absences"), _YES),
        "expediteur": Choice(SENDERS, many=True),
        "nature": Choice(NATURES),
    },
    "attendu": {
        **{key: shape for key, shape in _EFFECTS.items() if key not in _DATES},
        "regle": _TEXT,
        "priorite": Choice({**PRIORITIES, "competence": "competence", "a_defaut": "default"}),
        "pas_informes": _TEXTS,
        "question": Choice({**FACTS, "aucune": "none"}),
        "parts": ListOf("part_attendue", or_one=True),
        "repartir": ListOf("part_attendue", or_one=True),
        "categorie": _TEXT,
        "candidats": _TEXTS,
        "corrige": Named(_TEXT),
        "mots": _TEXTS,
        "escalade": AnyOf((_TEXT, Inside("escalade"))),
    },
    "part_attendue": {"part": _TEXT, "responsable": _TEXT, "categorie": _TEXT},
}
"""Block → key → shape of its value."""

REQUIRED: Mapping[str, tuple[str, ...]] = {
    "services.yaml": ("services",),
    "service": ("id", "famille", "echelon", "noms", "transmission", "contact"),
    "compteurs.yaml": ("compteurs",),
    "compteur": ("id", "canal", "adresse"),
    "categories.yaml": ("categories",),
    "categorie": ("id", "noms"),
    "competences.yaml": ("competences",),
    "accord": ("a", "famille"),
    "territoire.yaml": ("communes", "territoires"),
    "territoire": ("id",),
    "couche": ("fichier",),
    "calendriers.yaml": ("calendriers",),
    "textes": ("textes",),
    "regles": ("territoire", "regles"),
    "liste": ("mots",),
    "regle": ("id",),
    "seuil": ("confirmations",),
    "part": ("part", "responsable"),
    "cloture": ("preuve",),
    "proche": ("proche",),
    "pres_de": ("quoi", "a_moins_de"),
    "recurrence": ("fois",),
    "afflux": ("fois",),
    "essai": ("cas", "attendu"),
    "part_attendue": ("responsable",),
}
"""Block → keys that it cannot do without, wherever it stands."""

FILES = tuple(block for block in BLOCKS if "format" in BLOCKS[block])
"""The blocks that are whole files."""
