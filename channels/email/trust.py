"""What our own mail server found out about a sender's identity (RFC 8601)."""

from __future__ import annotations

import re
from collections.abc import Collection

from channels.email.headers import Headers
from router.message import Trust

_COMMENT = re.compile(r"\([^()]{0,500}\)")
_METHOD = re.compile(r"^\s*(dmarc|dkim|spf)\s*=\s*(\w+)", re.IGNORECASE)
_DOMAIN = re.compile(r"(?:header\.(?:d|i|from)|smtp\.mailfrom)\s*=\s*\"?(?:[^\s@;\"]*@)?([\w.-]+)")


def trust_of(headers: Headers, sender: str, trusted: Collection[str]) -> Trust:
    """Judge by the topmost Authentication-Results of a trusted server; anybody can add others."""
    known = {name.lower() for name in trusted}
    domain = sender.rpartition("@")[2]
    for value in headers.all("authentication-results") if known else ():
        server, _, results = _COMMENT.sub(" ", value).partition(";")
        words = server.split()
        if words and words[0].lower() in known:
            return _judge(results, domain)
    return Trust.UNVERIFIED


def _judge(results: str, domain: str) -> Trust:
    verdicts: dict[str, set[str]] = {"dmarc": set(), "dkim": set(), "spf": set()}
    for result in results.split(";"):
        found = _METHOD.match(result)
        if found is None:
            continue
        method, verdict = found[1].lower(), found[2].lower()
        if verdict == "pass" and not _aligned(result, domain):
            verdict = "other"
        verdicts[method].add(verdict)
    if "fail" in verdicts["dmarc"]:
        return Trust.FAILED
    if "pass" in verdicts["dmarc"] | verdicts["dkim"]:
        return Trust.VERIFIED
    if "fail" in verdicts["spf"] and verdicts["dkim"] & {"fail", "none"}:
        return Trust.FAILED
    return Trust.UNVERIFIED


def _aligned(result: str, domain: str) -> bool:
    named = {found[1].lower() for found in _DOMAIN.finditer(result)}
    return any(domain == name or domain.endswith(f".{name}") for name in named)
