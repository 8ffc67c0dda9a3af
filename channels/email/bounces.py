"""Reads bounces, complaints and read receipts: what became of a mail that we sent."""

from __future__ import annotations

import re

from channels.email.headers import Headers, addresses, message_ids, words
from channels.email.mime import Part
from channels.smtp.addresses import VERP
from router.delivery import DeliveryState
from router.events import Ignored, InboundEvent, OptedOutOf, ReceiptReceived
from router.message import Address

_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_REPLY_CODE = re.compile(r"\b(4|5)\d\d[ -]")
_SENDER = re.compile(r"^(?:mailer-?daemon|postmaster|mail-?daemon|bounces?)\b", re.IGNORECASE)
_SUBJECT = re.compile(
    r"^(?:undeliver|non[ -]?(?:remis|distribu)|[ée]chec|delivery (?:status|fail|delay|has)|mail "
    r"delivery|failure notice|returned mail|message non|mail system error|warning: (?:could"
    r"|message)"
    r"|notification d[’'][ée]tat|retour [àa]|unzustellbar|message could not|retard de"
    r"|avis de non|nondeliverable|(?:your |votre )?(?:message|mail|e-?mail|courriel)"
    r" (?:rejected|rejet[ée]|could not|couldn't|n[’']a pas|not delivered)|rejected:)",
    re.IGNORECASE,
)
_DELAY = re.compile(
    r"warning: (?:could|message)|delivery (?:status notification \(delay|delay)|delayed|retard"
    r"|delivery has been delayed|still trying",
    re.IGNORECASE,
)
_SEARCHED = 65_536


def report_event(
    headers: Headers, parts: list[Part], recipients: list[str], sender: str, own: Address
) -> InboundEvent | None:
    """Read a report about mail that left here; None for a mail that is none.

    ``recipients`` are the addresses that it was sent to, ``own`` our mailbox.
    """
    kinds = {part.kind for part in parts}
    top = headers.get("content-type").lower()
    if "message/feedback-report" in kinds:
        return _complaint(parts, own)
    if "message/disposition-notification" in kinds:
        return _read(parts)
    verp = _verp(recipients, own.value)
    if "message/delivery-status" in kinds or "report-type=delivery-status" in top:
        return _delivery(parts, verp, own.value)
    if not _looks_bounced(headers, sender):
        return None
    late = _DELAY.search(words(headers.get("subject"))) is not None
    return _delivery(parts, verp, own.value, late=late)


def _looks_bounced(headers: Headers, sender: str) -> bool:
    nobody = headers.get("return-path").replace(" ", "") == "<>"
    if "x-failed-recipients" in headers:
        return True
    subject = _SUBJECT.match(words(headers.get("subject"))) is not None
    return subject and (nobody or _SENDER.match(sender) is not None)


def _verp(recipients: list[str], own: str) -> str:
    """Give the Message-ID that an envelope address of ours tells."""
    box, _, domain = own.rpartition("@")
    for recipient in recipients:
        local, _, where = recipient.lower().rpartition("@")
        if where == domain and local.startswith(f"{box}+{VERP}"):
            return f"<{local.removeprefix(f'{box}+{VERP}')}@{domain}>"
    return ""


def _fields(part: Part) -> list[dict[str, str]]:
    """Read the groups of a status report: first of the message, then of each recipient."""
    groups = []
    for block in re.split(r"\n\s*\n", part.text[:_SEARCHED]):
        pairs = re.findall(r"^([\w-]{1,60}):\s*(.*(?:\n[ \t].*){0,20})", block, re.MULTILINE)
        if pairs:
            groups.append({name.lower(): " ".join(value.split()) for name, value in pairs})
    return groups


def _delivery(parts: list[Part], verp: str, own: str, *, late: bool = False) -> InboundEvent:
    fields: dict[str, str] = {}
    for part in parts:
        if part.kind == "message/delivery-status":
            for group in _fields(part):
                fields.update(group)
    searched = _searched(parts)
    code = fields.get("status", "")
    found = _STATUS.search(code or fields.get("diagnostic-code", "") or searched)
    code = found[0] if found else ""
    about = verp or _embedded(parts, searched, own)
    if not about:
        return Ignored("a bounce that names no mail of ours")
    reason = fields.get("diagnostic-code") or _line_with(code, searched)
    return ReceiptReceived(
        _state(fields.get("action", "delayed" if late else ""), code, searched),
        provider_id=about,
        code=code,
        reason=reason[:300],
    )


def _state(action: str, code: str, searched: str) -> DeliveryState:
    action = action.lower().split(" ")[0]
    if action in {"delivered", "relayed", "expanded"}:
        return DeliveryState.DELIVERED
    if action == "delayed":
        return DeliveryState.DEFERRED
    if action == "failed":
        return DeliveryState.BOUNCED
    if code:
        return {"2": DeliveryState.DELIVERED, "4": DeliveryState.DEFERRED}.get(
            code[0], DeliveryState.BOUNCED
        )
    reply = _REPLY_CODE.search(searched)
    return DeliveryState.DEFERRED if reply and reply[1] == "4" else DeliveryState.BOUNCED


def _searched(parts: list[Part]) -> str:
    text = "\n".join(
        part.text[:_SEARCHED] for part in parts[:20] if part.kind.startswith(("text/", "message/"))
    )
    return text[: 2 * _SEARCHED]


def _embedded(parts: list[Part], searched: str, own: str) -> str:
    """Find the Message-ID of our mail in the copy that the bounce carries."""
    domain = own.rpartition("@")[2]
    ours = re.compile(rf"<([\w.-]{{8,100}})@{re.escape(domain)}>")
    for line in ("message-id", "x-original-message-id", "original-message-id"):
        found = re.search(rf"^[>\s]*{line}:\s*(<[^<>\s]{{1,300}}>)", searched, re.I | re.M)
        if found and ours.fullmatch(found[1]):
            return found[1]
    loose = ours.search(searched)
    if loose:
        return loose[0]
    for part in parts:
        for name in ("references", "in-reply-to"):
            for known in message_ids(part.headers.get(name)):
                if ours.fullmatch(known):
                    return known
    return ""


def _line_with(code: str, searched: str) -> str:
    if not code:
        return ""
    at = searched.find(code)
    start = searched.rfind("\n", 0, max(at, 0)) + 1
    return searched[start : start + 300].split("\n")[0].strip()


def _complaint(parts: list[Part], own: Address) -> InboundEvent:
    """A recipient pressed "this is spam" (RFC 5965): nothing more is sent to him.

    Anybody can write such a report, so that it names the mail of ours that he was sent.
    """
    fields: dict[str, str] = {}
    for part in parts:
        if part.kind == "message/feedback-report":
            for group in _fields(part):
                fields = group | fields
    named = (addresses(fields.get(name, "")) for name in ("original-rcpt-to", "removal-recipient"))
    who = next((found[0][1].lower() for found in named if found), "")
    if not who:
        return Ignored("a complaint that names nobody")
    senders = [address for _, address in addresses(fields.get("original-mail-from", ""))]
    about = _verp(senders, own.value) or _embedded(parts, _searched(parts), own.value)
    if not about:
        return Ignored("a complaint that names no mail of ours")
    # confirmed: nothing is written to somebody who calls it spam
    return OptedOutOf(
        Address(own.channel, own.account, who),
        "plainte pour courrier indésirable",
        confirmed=True,
        about=about,
    )


def _read(parts: list[Part]) -> InboundEvent:
    """A read receipt (RFC 8098) says that the mail arrived."""
    for part in parts:
        if part.kind == "message/disposition-notification":
            for group in _fields(part):
                for about in message_ids(group.get("original-message-id", "")):
                    return ReceiptReceived(DeliveryState.DELIVERED, provider_id=about, code="read")
    return Ignored("a read receipt that names no mail")
