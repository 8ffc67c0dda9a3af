"""Hide in people's words the addresses and numbers by which they could be reached."""

from __future__ import annotations

import re

_NAME = r"[^\s@＠<>()\[\]\"',;:，；：]"
_MAIL = re.compile(rf"{_NAME}{{1,64}}(?:[@＠]| @ ){_NAME}{{1,200}}\.[^\W\d_]{{2,24}}")
_PLUS, _ZERO = "[+＋]", "[0٠۰０]"
"""In the scripts that people write in; any other digit of Unicode is one by itself."""
_BETWEEN = r"[\s.\-‐‑‒–—/_()]{0,3}"
"""Between digits, as telephones and word processors write them."""
_DATE = r"\d\d?(?P<sign>[./\s-])\d\d?(?P=sign)(?:19|20)\d\d(?!\d)"
_OURS = r"(?<!\w)(?=[\d-]{0,12}[A-Z])[\dA-Z]{4}-[\dA-Z]{4}-[\dA-Z]{3}(?!\w)"
"""The number of a case, which mostly has a letter; without one it could be a telephone's."""
_PHONE = re.compile(
    rf"(?P<ours>{_OURS})|(?<![\d+＋])(?!{_DATE})"
    rf"(?:{_PLUS}\s?|{_ZERO}{_ZERO}?\s?)(?!{_ZERO})\d(?:{_BETWEEN}\d){{7,13}}(?!\d)"
)
_HIDDEN_MAIL, _HIDDEN_PHONE = "[adresse masquée]", "[numéro masqué]"


def masked(text: str) -> str:
    """Mask e-mail addresses and telephone numbers in free text."""
    return _PHONE.sub(lambda found: found["ours"] or _HIDDEN_PHONE, _MAIL.sub(_HIDDEN_MAIL, text))
