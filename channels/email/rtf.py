"""The text of the compressed RTF in which Outlook may hide a whole letter (MS-OXRTFCP)."""

from __future__ import annotations

from compressed_rtf import decompress
from striprtf.striprtf import rtf_to_text

from channels.email.charsets import clean

_LONGEST = 200_000  # compressed bytes; they unpack to at most eight times as many, in a second


def text_of_rtf(data: bytes) -> str:
    """Unpack and read; what is damaged or far too long gives nothing."""
    if len(data) > _LONGEST:
        return ""
    try:
        rtf: str = decompress(data).decode("cp1252", "replace")
        text: str = rtf_to_text(rtf, errors="ignore")  # type: ignore[no-untyped-call]
    except Exception:  # the library raises bare ones for whatever is damaged
        return ""
    return clean(text).strip()
