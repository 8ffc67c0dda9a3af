"""Says where a wrong setting stands: in which file, or in which variable of the environment."""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

from app.settings_file import FILE, settings_file
from app.variables import NESTING, PREFIX
from channels.setting_mistakes import Mistake, WrongSettings, told
from channels.system_words import refusal

Path = tuple[str, ...]


def placed(path: Path, sentence: str) -> str:
    """Put before a sentence where its setting stands, and its name."""
    variable = _variable(path)
    return f"{variable or settings_file() or FILE} : {told(path, sentence)}"


def all_placed(mistakes: Sequence[Mistake]) -> str:
    """Say each mistake of the settings on a line of its own."""
    return "\n".join(placed(one.path, one.sentence) for one in mistakes)


def of_account(
    error: WrongSettings, channels: Mapping[str, Mapping[str, Any]], channel: str, account: str
) -> str:
    """Say each mistake of a channel's settings, with the account that they are for."""
    return "\n".join(_of_account(one, channels, channel, account) for one in error.mistakes)


def _of_account(
    one: Mistake, channels: Mapping[str, Mapping[str, Any]], channel: str, account: str
) -> str:
    """Name the table in which the setting stands: the account's own, or the channel's."""
    if channel not in channels and channel == "partner_email":
        channel = "email"  # whose settings serve for mail to services too
    whole = channels.get(channel, {})
    own, name = whole.get(account), one.path[0] if one.path else ""
    if name in whole and not (isinstance(own, Mapping) and name in own):
        said = placed(("channels", channel, *one.path), one.sentence)
        return f"{said.removesuffix('.')} (compte {account})."
    return placed(("channels", channel, account, *one.path), one.sentence)


def _variable(path: Path) -> str:
    """Find the variable that gives a setting, alone or in the JSON of one of its tables."""
    names = {name.upper(): name for name in os.environ}
    for length in range(len(path), 0, -1):
        name = names.get((PREFIX + NESTING.join(path[:length])).upper())
        if name and _holds(os.environ[name], path[length:]):
            return name
    within = (PREFIX + NESTING.join((*path, ""))).upper()
    return next((names[name] for name in names if name.startswith(within)), "")


def _holds(text: str, path: Path) -> bool:
    if not path:
        return True
    try:
        found = json.loads(text)
    except ValueError:
        return False
    for part in path:
        if not isinstance(found, Mapping) or part not in found:
            return False
        found = found[part]
    return True


# --- a file or a variable that cannot be read at all ------------------------------------------------

_QUOTED = (
    "un nom qui a autre chose que des lettres, des chiffres, _ et - (une adresse, un numéro)"
    ' se met entre guillemets : [channels.sms."+33756000044"]'
)
_NO_VALUE = 'la valeur ne se lit pas : un texte se met entre guillemets, comme nom = "texte"'
_TWICE = "ce nom est donné deux fois"
_OPEN = "un guillemet n'est pas refermé"
_OF_TOML = {
    "Expected '='": "il manque « = » entre un nom et sa valeur",
    "Expected ']'": _QUOTED,
    "Expected ']]'": _QUOTED,
    "Invalid initial character": _QUOTED,
    "Invalid statement": _QUOTED,
    "Expected newline": "il y a quelque chose de trop après la valeur",
    "Invalid value": _NO_VALUE,
    "Illegal character '\\n'": _OPEN,
    "Illegal character": "un signe invisible n'a pas sa place ici",
    "Unterminated string": _OPEN,
    "Unclosed array": "une liste n'est pas refermée par « ] »",
    "Unclosed inline table": "une table n'est pas refermée par « } »",
    "Unescaped '\\'": "« \\ » s'écrit « \\\\ » entre guillemets, ou entre apostrophes 'C:\\dossier'",
    "Cannot overwrite": _TWICE,
    "Cannot declare": "cette table est donnée deux fois",
    "Cannot redefine": "cette table est donnée deux fois",
    "Cannot mutate": "cette table est donnée deux fois",
    "Duplicate inline table key": _TWICE,
}
"""By how the words of the library begin, the longer ones that share a beginning first."""
_AT = re.compile(r"\(at line (\d+), column (\d+)\)$")


def unreadable(error: Exception) -> str:
    """Say why the settings cannot be read: no TOML, no UTF-8, no JSON, or a file that is refused."""
    file = settings_file() or FILE
    match error:
        case OSError():
            return f"{file} : ce fichier ne peut pas être lu : {refusal(error)}."
        case UnicodeDecodeError():
            return f"{file} : ce fichier n'est pas en UTF-8 : enregistrez-le ainsi."
        case tomllib.TOMLDecodeError():
            at = _AT.search(str(error))
            where = f", ligne {at[1]}, colonne {at[2]}" if at else ", à la fin"
            words = str(error)
            said = next((_OF_TOML[one] for one in _OF_TOML if words.startswith(one)), "")
            return f"{file}{where} : {said or 'ce n’est pas du TOML'}."
    field = re.search(r'field "(\w+)"', str(error))
    variable = _variable((field[1],)) if field else ""
    return f"{variable or file} : ce n'est pas du JSON, comme il en faut pour une table."
