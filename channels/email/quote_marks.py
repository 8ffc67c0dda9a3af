"""What mail programs write above and below the text of others, as patterns for single lines."""

from __future__ import annotations

import re

_I = re.IGNORECASE
_LONG = 400  # characters of a line that are looked at

OURS = re.compile(
    r"^[>\s]*[-–—_#*\s]{0,10}(?:merci de )?r[ée]pond(?:re|ez) au[- ]dessus de cette ligne", _I
)
"""The line that our own answers may carry."""

_DASHES = r"^[>\s*]{0,10}[-–—_]{2,}\s*\*?\s*"
BARE_MARK = re.compile(
    _DASHES + r"(?:message d[’' ]?\s?origine|message original|message initial|mail original"
    r"|mail d[’']origine|courriel original|courriel d[’']origine|e-?mail original"
    r"|e-?mail d[’']origine|original message|original e-?mail|mensaje original"
    r"|urspr[üu]ngliche (?:nachricht|e-?mail)|messaggio originale|mensagem original"
    r"|oorspronkelijk bericht|reply message|message de r[ée]ponse"
    r"|in reply to|r[ée]ponse au message|en r[ée]ponse [àa])\s*(?::.*)?\*?\s*[-–—_]*\s*$",
    _I,
)
FORWARD = re.compile(
    r"^[>\s]*(?:[-–—_*]{2,}\s*(?:forwarded (?:message|by .{0,80})|message transf[ée]r[ée]"
    r"|message transmis|mail transf[ée]r[ée]|courriel transf[ée]r[ée]|e-?mail transf[ée]r[ée]"
    r"|message r[ée]exp[ée]di[ée]|message suivi|mensaje reenviado|weitergeleitete nachricht"
    r"|messaggio inoltrato|mensagem encaminhada)\s*:?\s*[-–—_*]*"
    r"|d[ée]but du (?:message|courriel|e-?mail) (?:r[ée]exp[ée]di[ée]|transf[ée]r[ée]"
    r"|transmis)\s*:?"
    r"|begin forwarded message\s*:?|d[ée]but de message r[ée]exp[ée]di[ée]\s*:?"
    r"|anfang der weitergeleiteten nachricht\s*:?|inicio del mensaje reenviado\s*:?)\s*$",
    _I,
)
TRANSFER_WORDS = re.compile(
    r"\b(?:transf[èée]r|transmet|transmis|(?:fais|fait|faire) suivre|ci-?(?:dessous|apr[èe]s"
    r"|joint)|pour info"
    r"|pour (?:votre )?information|voir (?:plus bas|dessous)|fyi|forward|below|see attached"
    r"|pour suite"
    r"|pour traitement|ce mail|ce message|ce courriel)",
    _I,
)

_MOBILE = re.compile(
    r"^[\s*_-]{0,6}(?:"
    r"(?:message )?(?:envoy[ée]e?|exp[ée]di[ée]|[ée]crit|r[ée]dig[ée])s? (?:de|depuis"
    r"|[àa] partir (?:de|d[’'])|avec|via|d[’'])\s?"
    r"(?:mon |ma |mes |un |une |l[’']|le |la |votre )?(?:t[ée]l[ée]phone|mobile|smartphone"
    r"|portable|appareil"
    r"|iphone|ipad|ipod|mac\b|android|samsung|galaxy|huawei|xiaomi|redmi|pixel|oppo|oneplus"
    r"|honor|nokia|sony|xperia"
    r"|motorola|wiko|fairphone|blackberry|windows|outlook|yahoo|gmail|orange|sfr|bouygues|free\b"
    r"|messagerie|appli|application|courrier pour|mail pour|proton|tutanota|tuta|bluemail|k-9"
    r"|thunderbird|aol|spark"
    r"|tablette|webmail|blackberry|hotmail|boxer|typeapp|mobile)"
    r"|obtenez? outlook|obtenir outlook|t[ée]l[ée]charge[rz] outlook|get outlook"
    r"|provenance\s*:\s*courrier"
    r"|sent (?:from|with|via|using) (?:my |the |your |a )?(?:[\w-]{1,12} ){0,2}(?:iphone|ipad|mobile|android|samsung"
    r"|galaxy|phone|smartphone"
    r"|mail|outlook|yahoo|gmail|proton|tutanota|blackberry|windows|huawei|xiaomi|pixel|tablet"
    r"|aol|bluemail|nokia|hotmail)"
    r"|enviado (?:desde|do|a partir) |von meinem .{1,40} gesendet|gesendet (?:von|mit|[üu]ber) "
    r"|inviato da(?:l|lla)? "
    r"|verzonden (?:vanaf|met|van) |mobile de chez |sent securely with )",
    _I,
)
CLOSING_FOOTER = re.compile(
    r"^\s*(?:garanti sans virus\b|virus-free\b|sans virus\.? ?www"
    r"|l[’']absence de virus dans ce (?:courrier|message)"
    r"|cet e-?mail a [ée]t[ée] v[ée]rifi[ée] par|this email has been (?:checked|scanned)"
    r"|www\.avast\.com\b"
    r"|ce (?:courrier|message) [ée]lectronique ne contient aucun virus)",
    _I,
)


def is_mobile_footer(line: str) -> bool:
    """Whether a line is what a telephone adds below a mail."""
    text = line.strip()
    return 0 < len(text) <= 120 and _MOBILE.match(text) is not None


def is_quoted(line: str) -> bool:
    """Whether a line is quoted by ``>``; ``>> URGENT <<`` is somebody's decoration."""
    text = line.lstrip(" \t\xa0")[:_LONG]
    return text.startswith(">") and not text.rstrip().endswith("<<")


def unquoted(line: str) -> str:
    """Take one level of ``>`` off."""
    text = line.lstrip(" \t\xa0")
    return text[1:].removeprefix(" ") if text.startswith(">") else line


# --- "Le … a écrit :" ----------------------------------------------------------------------------

_START = re.compile(
    r"^[\s>*]*(?:le|on|am|el|il|em|op|den|dnia|в|d\.)\b|^[\s>]*\d{4}[-/]\d\d?[-/]\d\d?\b"
    r"|^[\s>]*(?:lun|mar|mer|jeu|ven|sam|dim|mon|tue|wed|thu|fri|sat|sun)[a-zé]*\.?,? .{0,20}\d"
    r"|^[\s>*\"«]*[\w\"'][^<>@:]{0,100}<?[\w.+-]{1,64}@[\w.-]{1,200}>?\s*"
    r"(?:\([^)]{0,99}\)\s*)?(?:a [ée]crit|wrote)",
    _I,
)
_END = re.compile(
    r"(?:\ba\s+[ée]crit|\bont\s+[ée]crit|\bécrivait|\bwrote|\bwrites|\bschrieb(?:\s.{0,200})?"
    r"|\bescribi[óo]|\bha scritto"
    r"|\bescreveu|\bschreef(?:\s.{0,200})?|\bskrev(?:\s.{0,100})?|\bnapisa[łl]\(?a?\)?"
    r"|>)\s*\*?\s*:\s*\*?\s*$",
    _I,
)
_SAME_LINE = re.compile(
    r"^\s*(?:le|on) [^<>]{0,200}\d[^<>]{0,120}<[\w.+=-]{1,64}@[\w.-]{1,200}> "
    r"(?:a [ée]crit|wrote)\s?:\s{2,}\S",
    _I,
)
"""Yahoo on a telephone goes on with the quoted text in the same line."""
_ADDRESS = re.compile(r"[\w.+=-]{1,64}@[\w-]{1,63}\.")
_DIGIT_DATE = re.compile(
    r"\b\d{1,2}(?:er)?[ ./-]+(?:\d{1,2}|[a-zéûôäç]{3,10}\.?)[ ./,-]+(?:\d{4}|\d{2})\b"
    r"|\b\d{4}[-/.]\d{1,2}[-/.]\d{1,2}\b|\b[a-zéû]{3,10}\.? \d{1,2}, \d{4}\b",
    _I,
)
_TIME = re.compile(r"\b\d{1,2}\s?(?::|h)\s?\d{2}\b", _I)
_NAME = re.compile(
    r"(?:\d|UTC|GMT[+\d:]*|CES?T|AM|PM|am|pm|[)])\s*,\s*[\"'«*“]?\s*([^\W\d_])[^,]{0,80}"
    r"(?:,[^,]{0,60}){0,2}\s(?:a|ont)\s+[ée]crit\s*\*?:\s*\*?\s*$"
    r"|\d\s*,\s*[\"'«*“]?\s*([^\W\d_])[^,]{0,80}\swrote\s*:\s*$"
)
_NO_NAME = re.compile(
    r"(?:^|,\s*)(?:mon|ma|mes|le|la|les|un|une|votre|notre|leur|son|sa|il|elle|on|quelqu|cette"
    r"|cet|ce|my|the|our|a|he|she)\s"
    r"[^,]{0,80}(?:a|ont)?\s*(?:[ée]crit|wrote)\s*:\s*$"
)


def attribution_length(lines: list[str], index: int) -> int:
    """Count the lines of "Le 12 oct. 2026 à 10:03, X <y> a écrit :" that begin here; 0 for none.

    A person may write « mon voisin a écrit : » himself, so that a date and either an address, a
    quotation below it, or a time with a name are asked for.
    """
    first = lines[index][:_LONG]
    if not _START.match(first):
        return 0
    if _SAME_LINE.match(first):
        return 1
    joined = ""
    for count in range(1, 5):
        if index + count > len(lines):
            return 0
        line = lines[index + count - 1][:_LONG]
        if not line.strip():
            return 0
        joined = f"{joined} {line.lstrip('> ').strip()}".strip()
        if _END.search(joined[-300:]):
            below = next(
                (text for text in lines[index + count : index + count + 4] if text.strip()), ""
            )
            return count if _is_attribution(joined, below) else 0
    return 0


def _is_attribution(text: str, below: str) -> bool:
    dated = _DIGIT_DATE.search(text) is not None
    if _ADDRESS.search(text):
        return dated or text.lstrip("\"'« *")[:1].isupper() or is_quoted(below)
    if not dated and not _TIME.search(text):
        return False
    if is_quoted(below):
        return True
    if not dated or not _TIME.search(text):
        return False
    named = _NAME.search(text)
    if named is None or _NO_NAME.search(text):
        return False
    return (named[1] or named[2] or "").isupper()


# --- "De : … Envoyé : … À : … Objet :" -----------------------------------------------------------

_FIELD = re.compile(
    r"^[\s>*_|]*(?:"
    r"(?P<sender>de|from|von|da|exp[ée]diteur|[ée]metteur|de la part de|van)"
    r"|(?P<date>envoy[ée]e?(?: le)?|date(?: d[’']envoi)?|sent|gesendet|datum|enviado(?: el)?"
    r"|fecha|inviato|data|le|verzonden)"
    r"|(?P<to>[àa]|to|an|para|pour|destinataires?|aan)"
    r"|(?P<subject>objet|sujet|subject|betreff|asunto|oggetto|assunto|onderwerp|titre)"
    r"|(?P<other>cc|copie(?: [àa])?|cci|bcc|r[ée]pondre [àa]|reply-to|importance"
    r"|pi[èe]ces? jointes?|attachments?|kopie|priorit[ée])"
    r")\s*\*?\s*:\s*\*?\s*(?P<value>.*)$",
    _I,
)
_ORANGE = re.compile(r"^[\s>]*message du\s{0,3}:?\s{0,3}\d{1,2}/\d{1,2}/\d{2,4}", _I)


def header_block(lines: list[str], index: int, *, loose: bool = False) -> int:
    """Count the lines of a quoted mail's header that begin here; 0 when it is none.

    It names the sender, the date, and the recipient or the subject (``loose``: any two of them),
    and an address or the time of day, so that a citizen's own letter or trip stays his.
    """
    if index >= len(lines):
        return 0
    first = lines[index][:_LONG]
    start = index + 1 if _ORANGE.match(first) else index
    if start == index and not _FIELD.match(first):
        return 0
    seen: set[str] = {"date"} if start > index else set()
    end, blank, stray = start, 0, 0
    written = start > index or loose
    for position in range(start, min(start + 16, len(lines))):
        line = lines[position][:_LONG]
        found = _FIELD.match(line)
        if found:
            group = _group_of(found)
            seen.add(group)
            written = written or _by_a_program(group, found["value"])
            end, blank, stray = position + 1, 0, 0
        elif not line.strip("> \t"):
            blank += 1
            if blank > 1 or ({"sender", "subject"} <= seen and "date" in seen):
                break
        else:
            written = written or _ADDRESS.search(line) is not None
            stray += 1  # a long list of recipients runs over several lines
            if stray > 3 or blank or not seen:
                break
            if {"sender", "date", "subject"} <= seen:
                break
    enough = {"sender", "date"} <= seen and bool({"to", "subject"} & seen)
    if loose:
        enough = len(seen & {"sender", "date", "to", "subject"}) >= 2
    return end - index if enough and written else 0


def _by_a_program(group: str, value: str) -> bool:
    """Whether a line says what a program adds: an address, or the time of day beside the date."""
    return bool(_ADDRESS.search(value) or (group == "date" and _TIME.search(value)))


def sender_named(lines: list[str]) -> str:
    """Read who wrote a quoted mail from the header above it; nothing when it does not say."""
    for line in lines[:12]:
        found = _FIELD.match(line[:_LONG])
        if found and found["sender"]:
            return found["value"].replace("*", "").strip()[:200]
    return ""


def _group_of(found: re.Match[str]) -> str:
    return next(name for name, value in found.groupdict().items() if value and name != "value")
