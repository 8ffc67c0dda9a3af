"""Whose word counts on a sender's identity, and that no name of a stranger speaks for another."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.email.headers import Headers
from channels.email.trust import trust_of
from router.message import Trust

OURS = ("mx.nantes.example",)
CLAIM = "dkim=pass header.d=nantes.fr"


def judged(results: str, *others: str) -> Trust:
    values = (f"mx.nantes.example; {results}", *others)
    lines = tuple(("authentication-results", value.encode()) for value in values)
    return trust_of(Headers(lines), "maire@nantes.fr", OURS)


@pytest.mark.parametrize(
    "result",
    [
        "dkim=pass header.d=nantes.fr(.evil.example",
        "dkim=pass header.d=nantes.fr,evil.example",
        "dkim=pass header.d=nantes.fr@evil.example",
        f'spf=pass smtp.mailfrom="x;{CLAIM};"@evil.example',
        f'spf=pass smtp.mailfrom="x\\";{CLAIM};"@evil.example',
        f"spf=pass (x;{CLAIM};) smtp.mailfrom=evil.example",
        f"spf=pass (a (b) ;{CLAIM};) smtp.mailfrom=evil.example",
        f"spf=pass (x\\) ;{CLAIM};) smtp.mailfrom=evil.example",
        f'spf=pass smtp.mailfrom="x;{CLAIM};',
        'dkim=pass header.d=evil.example header.i="@nantes.fr x"@evil.example',
        'dkim=pass header.d=evil.example header.i="@nantes.fr"@evil.example',
        "dkim=pass header.d=evil.example reason=header.d=nantes.fr",
    ],
)
def test_no_part_of_a_stranger_s_name_vouches_for_a_domain(result: str) -> None:
    assert judged(result) is Trust.UNVERIFIED


@pytest.mark.parametrize(
    "result",
    [
        "dkim=pass header.d=nantes.fr",
        "dkim=pass (2048-bit key; unprotected) header.d=nantes.fr header.b=abc",
        "dkim=pass header.i=@nantes.fr; spf=fail",
        'dkim=pass header.i="@nantes.fr"; spf=fail',
        "dkim=pass(key (of 2048 bits))header.d=nantes.fr",
        "spf=none; dmarc=pass (p=REJECT) header.from=nantes.fr",
        'dmarc=pass header.from="nantes.fr"',
    ],
)
def test_the_domain_itself_is_vouched_for(result: str) -> None:
    assert judged(result) is Trust.VERIFIED


def test_a_forged_sender_is_known_behind_what_cannot_be_read() -> None:
    assert judged('spf=pass smtp.mailfrom=x(y; dmarc=fail header.from="nantes.fr"') is Trust.FAILED


@settings(max_examples=500)
@given(st.text(alphabet=f'{CLAIM}();"\\@ ', max_size=60))
def test_what_stands_in_quotes_or_a_comment_is_never_read(text: str) -> None:
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    comment = text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
    assert judged(f'spf=pass smtp.mailfrom="{quoted}"@evil.example') is Trust.UNVERIFIED
    assert judged(f"spf=pass ({comment}) smtp.mailfrom=evil.example") is Trust.UNVERIFIED


@pytest.mark.parametrize("verdict", ["pass", "fail"])
def test_only_the_top_one_of_a_trusted_server_counts(verdict: str) -> None:
    top = f"dmarc={verdict} header.from=nantes.fr"
    other = {"pass": "fail", "fail": "pass"}[verdict]
    below = f"mx.nantes.example; dmarc={other} header.from=nantes.fr"
    assert judged(top, below) is {"pass": Trust.VERIFIED, "fail": Trust.FAILED}[verdict]
    assert judged("none", below) is Trust.UNVERIFIED
