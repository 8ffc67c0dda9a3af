"""Notices what a person took for a tracking number and copied wrongly.

Who looks here has found no case by its number. Plates, meters and telephones have numbers too: only
what has the shape of ours is one, or what has as many symbols beside the word for it.
"""

from __future__ import annotations

import re
import unicodedata

_DASH = r"[-\u2010-\u2015]"
_GROUPED = re.compile(
    rf"(?<![^\W_])(?<!\w{_DASH})([A-Z0-9]{{4}}){_DASH}([A-Z0-9]{{4}}){_DASH}([A-Z0-9]{{3}})(?!{_DASH}?\w)",
    re.IGNORECASE | re.ASCII,
)
_LOOSE = r"([A-Z0-9]{4})([ .]?)([A-Z0-9]{4})([ .]?)([A-Z0-9]{3})"
_NAMES = (
    "demande", "suivi", "dossier", "signalement", "ticket", "numéro", "numero", "n°", "réf", "ref", "référence",
    "request", "case", "number", "tracking", "reference", "report",
    "anfrage", "vorgang", "nummer", "aktenzeichen", "solicitud", "número", "caso", "referencia", "pedido", "processo",
    "referência", "richiesta", "pratica", "segnalazione", "riferimento", "zgłoszenie", "zgłoszenia", "numer", "sprawa",
    "cererea", "cerere", "numărul", "număr", "talep", "numara", "numarası", "numaralı", "обращение", "обращения",
    "номер", "заявка", "заявки", "звернення", "طلب", "الطلب", "رقم",
)  # fmt: skip
_NAME = "|".join(map(re.escape, sorted(_NAMES, key=len, reverse=True)))
_BETWEEN = r"\s*(?:(?:de|n°|no|nr|num|numéro|number|is|est|le|la|:|#|№)\s*){0,3}"
_NAMED = re.compile(
    rf"(?:(?<!\w)(?:{_NAME})|请求|编号|号码)[:#]?{_BETWEEN}{_LOOSE}(?!\w)", re.IGNORECASE
)


def has_mistyped_number(text: str) -> bool:
    """Whether a text that names no case has something in it that was meant to."""
    text = unicodedata.normalize("NFKC", text)
    return any(_is_ours(*found.groups()) for found in _GROUPED.finditer(text)) or any(
        _may_be_ours(*found.groups()) for found in _NAMED.finditer(text)
    )


def _is_ours(*groups: str) -> bool:
    """Whether symbols in our groups may be ours: no telephone, and no three words of a sentence."""
    symbols = "".join(groups)
    return not symbols.isdigit() and (symbols.isupper() or _digits(groups) > 0)


def _may_be_ours(first: str, space: str, second: str, other_space: str, third: str) -> bool:
    """Whether symbols after a word for a number may be ours; « avec tout 123 » is a sentence."""
    groups = first, second, third
    if all(map(str.isdigit, groups)):
        return False
    return _digits(groups) > (1 if space or other_space else 0)


def _digits(groups: tuple[str, ...]) -> int:
    """Count the groups in which there is a digit."""
    return sum(any(map(str.isdigit, group)) for group in groups)
