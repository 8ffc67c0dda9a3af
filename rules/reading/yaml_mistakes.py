"""Says in one sentence why the YAML parser gave up, at the place where a person made the mistake."""

from __future__ import annotations

import re

import yaml

from rules.problems import At, Problems
from rules.reading.yaml_comments import swallowed
from rules.reading.yaml_keys import misplaced_key
from rules.reading.yaml_typed import dash_mistake, tight_colon
from rules.yaml_lines import Mistake, row_above, row_of

_TWICE = re.compile(r"([^\s{}\[\],:\"'\\][^{}\[\],:\"'\\]*): +([^{}\[\],:\"'\\]+?) *$")
"""What stands before the second colon of one entry in braces: its key and what it says so far."""
_REST = re.compile(r" *:[^{}\[\],:\"'\\]*")
_KEY = re.compile(r"^[ -]*?(?P<key>[\w$-]+) *:(?: |$)")
"""The first key of a line, behind its spaces and its dash."""
_SPACES = "\xa0\u1680\u2000-\u200a\u202f\u205f\u3000"
_ODD = re.compile(
    f"^ *([{_SPACES}])[ {_SPACES}]*(?:#|-(?: |$)|[\"']?[\\w$-]+[\"']? *:(?: |$))", re.MULTILINE
)
"""A line whose indentation holds a space that YAML takes for a letter."""
DEEPEST = 20
"""Levels of blocks within blocks."""
_SHOWN = 80  # characters
"""Of a line, or of a text in quotation marks."""

_SENTENCES = (
    ("could not find expected ':'", "il manque « : » après une clé", "Écrivez « clé: valeur »."),
    ("found unexpected ':'", "aucune valeur ne suit ce « : »", "Écrivez-la, ou enlevez la clé."),
    (
        "mapping values are not allowed",
        "un « : » se trouve là où aucune clé n'est attendue",
        "Mettez le texte entre guillemets, ou corrigez le retrait.",
    ),
    (
        "did not find expected key",
        "le retrait de cette ligne ne correspond à aucun bloc",
        "Alignez la ligne sur ses voisines.",
    ),
    (
        "did not find expected '-' indicator",
        "cette ligne n'est pas alignée sur la liste qui précède",
        "Alignez le tiret sur les autres tirets.",
    ),
    (
        "did not find expected ',' or",
        "une accolade ou un crochet n'est pas refermé",
        "Ajoutez « , », « } » ou « ] ».",
    ),
    (
        "found unexpected end of stream",
        "un guillemet n'est pas refermé",
        "Ajoutez le guillemet qui manque.",
    ),
    (
        "cannot start any token",
        "ce caractère ne peut pas commencer une valeur",
        "Mettez la valeur entre guillemets.",
    ),
    (
        "exceeded",  # the C parser's own limit of nesting, far above ours
        f"les blocs sont imbriqués sur plus de {DEEPEST} niveaux",
        "Simplifiez la structure.",
    ),
    (
        "found undefined alias",
        "les alias YAML (« * ») ne sont pas admis",
        "Recopiez la valeur, ou mettez-la entre guillemets.",
    ),
    (
        "found unknown escape character",
        "la suite « \\… » n'existe pas entre guillemets doubles",
        "Utilisez des guillemets simples.",
    ),
)


def tell(error: yaml.YAMLError, text: str, file: str, loader: type, problems: Problems) -> None:
    """Report what the parser could not read."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    said = str(getattr(error, "problem", "") or error)
    if mark is None:
        problems.error(At(file), "yaml", *_sentence(said))
        return
    if odd := _odd_before(text, mark.line):
        at = At(file, odd.line + 1, odd.column + 1)
        problems.error(at, "caractere", odd.message, odd.fix)
        return
    found = (
        dash_mistake(text, mark.line)
        or swallowed(text, mark.line, mark.column, loader)
        or tight_colon(said, error, text, mark)
        or misplaced_key(said, error, text, mark)
        or _quotes(error, text, loader)
        or _second_colon(said, text, mark)
        or _unaligned(said, text, mark)
        or Mistake(mark.line, mark.column, *_sentence(said))
    )
    at = At(file, found.line + 1, found.column + 1)
    problems.error(at, "yaml", found.message, found.fix)


def _sentence(said: str) -> tuple[str, str]:
    for known, message, fix in _SENTENCES:
        if known in said:
            return message[0].upper() + message[1:], fix
    return (
        "La structure YAML est illisible ici",
        "Vérifiez le retrait, les guillemets et les deux-points.",
    )


# --- quotation marks -----------------------------------------------------------------------------


def _quotes(error: yaml.YAMLError, text: str, loader: type) -> Mistake | None:
    """Find a quotation mark that is missing, or that ends a text too early."""
    mark, opened = getattr(error, "problem_mark", None), getattr(error, "context_mark", None)
    if mark is None:
        return None
    if opened is not None and "quoted scalar" in str(getattr(error, "context", "")):
        return _unclosed(opened) if "end of stream" in str(error) else None
    last = _quoted_before(mark, text, loader)
    if last is None:
        return None
    if last.start_mark.line < mark.line:
        return _unclosed(last.start_mark)
    row = text.split("\n")[mark.line]
    if mark.column >= len(row) or not (row[mark.column].isalnum() or row[mark.column] in "'\""):
        return None
    return _too_early(row, last, mark)


def _unclosed(opened: yaml.Mark) -> Mistake:
    return Mistake(
        opened.line,
        opened.column,
        "Le guillemet ouvert ici n'est pas refermé",
        "Ajoutez le guillemet qui manque.",
    )


def _quoted_before(mark: yaml.Mark, text: str, loader: type) -> yaml.ScalarToken | None:
    """Find the text in quotation marks that ends right where the parser gave up."""
    try:
        for token in yaml.scan(text, Loader=loader):
            if token.end_mark.index > mark.index:
                return None
            ends = token.end_mark.index == mark.index
            if ends and isinstance(token, yaml.ScalarToken) and not token.plain:
                return token
    except yaml.YAMLError:
        pass
    return None


def _too_early(row: str, last: yaml.ScalarToken, mark: yaml.Mark) -> Mistake:
    """Tell of an apostrophe or a quotation mark inside a text in the same ones."""
    sign, begun = row[mark.column - 1], row[last.start_mark.column + 1 : mark.column - 1]
    more = re.match(r"[\w ]*", row[mark.column :])
    whole = f"{begun}{sign}{more[0] if more else ''}".rstrip()
    if sign == "'":
        message = "Cette apostrophe ferme le texte, qui commence par une autre"
        fix = f'Écrivez-le entre guillemets doubles : « "{whole}" ».'
    else:
        message = "Ce guillemet ferme le texte, et la suite reste dehors"
        fix = "À l'intérieur, écrivez « … » ou \\\" à sa place."
    if len(whole) > _SHOWN:
        fix = fix.partition(" :")[0].rstrip(".") + "."
    return Mistake(mark.line, mark.column - 1, message, fix)


# --- colons and indentation ----------------------------------------------------------------------


def odd_indentation(row: str, line: int) -> Mistake | None:
    """Find in the indentation of a row, of this number from 0, a space that is not an ordinary one."""
    found = _ODD.match(row)
    return _odd(found, line) if found else None


def _odd_before(text: str, line: int) -> Mistake | None:
    """Find the first line, up to one, that is indented so."""
    found = _ODD.search(text)
    number = text.count("\n", 0, found.start()) if found else 0
    return _odd(found, number) if found and number <= line else None


def _odd(found: re.Match[str], line: int) -> Mistake:
    return Mistake(
        line,
        found.start(1) - found.start(),
        f"Le retrait contient une espace qui n'est pas ordinaire (U+{ord(found[1]):04X})",
        "Remplacez-la par une espace tapée au clavier.",
    )


def _second_colon(said: str, text: str, mark: yaml.Mark) -> Mistake | None:
    """Tell of the second colon of one entry in braces; None where it is another fault."""
    if "did not find expected ',' or" not in said:
        return None
    row, column = row_of(text, mark.line), mark.column
    before = _TWICE.search(row[max(0, column - _SHOWN) : column])
    rest = _REST.match(row[column : column + _SHOWN])
    if not before or not rest:
        return None
    if len(rest[0]) == _SHOWN or (column > _SHOWN and before.start() == 0):
        return None  # too long to be shown whole
    key, value = before.groups()
    whole = f"{value}{rest[0]}".rstrip()
    fix = f'"{key}: {whole}"' if "]" in said else f'{key}: "{whole}"'
    return Mistake(
        mark.line,
        column,
        f"Un second « : » suit « {key}: {value} »",
        f"Écrivez « {fix} », ou une virgule avant une autre clé.",
    )


def _unaligned(said: str, text: str, mark: yaml.Mark) -> Mistake | None:
    """Tell of a key that stands under a list item, and not under the keys of that item."""
    row = row_of(text, mark.line)
    own = _KEY.match(row)
    if "'-' indicator" not in said or own is None or row[: mark.column].strip():
        return None
    if row.lstrip().startswith("-"):
        return None
    number, above = row_above(text, mark.line)
    key = _KEY.match(above)
    if key is None or key.start("key") <= mark.column:
        fix = "Alignez-la sur les autres clés de cet élément de la liste."
    else:
        spaces = key.start("key")
        fix = (
            f"Mettez {spaces} espaces devant « {own['key']} », comme pour « {key['key']} » "
            f"(ligne {number + 1})."
        )
    message = "Cette ligne n'est alignée ni sur la liste, ni sur les clés de son élément"
    return Mistake(mark.line, mark.column, message, fix)
