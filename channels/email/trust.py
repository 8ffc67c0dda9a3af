"""What our own mail server found out about a sender's identity (RFC 8601)."""

from __future__ import annotations

import re
from collections.abc import Collection

from channels.email.headers import Headers
from router.message import Trust

_METHOD = re.compile(r"^\s*(dmarc|dkim|spf)\s*=\s*(\w+)", re.IGNORECASE)
_DOMAIN = re.compile(
    r"(?<!\S)(?:header\.(?:d|i|from)|smtp\.mailfrom)\s*=\s*(?:[^\s@;]*@)?([\w.-]+)(?=[\s;]|$)",
    re.IGNORECASE,
)
_PLAIN = re.compile(r"[\w.+-]*@?[\w.-]+")
_UNREAD = "\ufffd"
"""Stands for what was quoted: part of no name, and no end of one."""


def trust_of(headers: Headers, sender: str, trusted: Collection[str]) -> Trust:
    """Judge by the topmost Authentication-Results of a trusted server; anybody can add others."""
    known = {name.lower() for name in trusted}
    domain = sender.rpartition("@")[2]
    for value in headers.all("authentication-results") if known else ():
        said, whole = _unquoted(value)
        server, _, results = said.partition(";")
        words = server.split()
        if words and words[0].lower() in known:
            trust = _judge(results, domain)
            return trust if whole or trust is Trust.FAILED else Trust.UNVERIFIED
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


def _unquoted(value: str) -> tuple[str, bool]:
    """Take comments out, and of quoted strings all but plain names; tell whether all were closed.

    What a stranger chose may stand there, our server's own words never do (RFC 8601, 2.2).
    """
    kept: list[str] = []
    quoted: list[str] | None = None
    depth, skip = 0, False
    for character in value:
        if skip:
            skip = False
            if quoted is not None:
                quoted.append(_UNREAD)
        elif character == "\\" and (depth or quoted is not None):
            skip = True
        elif quoted is not None:
            if character == '"':
                text = "".join(quoted)
                kept.append(text if _PLAIN.fullmatch(text) else _UNREAD)
                quoted = None
            else:
                quoted.append(character)
        elif character == '"' and not depth:
            quoted = []
        elif character in "()" and (depth or character == "("):
            depth += 1 if character == "(" else -1
            kept.append("" if depth else " ")
        elif not depth:
            kept.append(character)
    if depth or quoted is not None:
        return value, False
    return "".join(kept), True
