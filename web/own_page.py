"""Know again, on the tracking page, the browser in which a case was reported.

The number alone proves nothing: it is printed on letters and told on the telephone. The browser
that sent the form keeps a sealed cookie instead, which names the form by a hash; it never names the
address typed there, which may be another's.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from router.case import Case, ReporterRole
from router.errors import InvalidInput
from router.message import Address
from router.tokens import PAGE, Signer, party_of
from web.seals import Seals
from web.sending import FORM

COOKIE = "guichet_suivi"
_PURPOSE = "own page"
_MOST = 10
"""Reports that one browser is known by; the oldest falls out."""
_LIFE_S = 180 * 24 * 3600


class OwnPages:
    """Gives the cookie after a report, and turns it into a token when the person writes again."""

    def __init__(self, seals: Seals, signer: Signer, *, secure: bool) -> None:
        self._seals = seals
        self._signer = signer
        self._secure = secure

    def remember(self, request: Request, response: Response, submission: str) -> None:
        """Have the browser keep that it sent this form; scripts never see it."""
        parties = [*self._parties(request), party_of(Address(*FORM, submission).key)]
        kept = " ".join(dict.fromkeys(reversed(parties[-_MOST:])))
        response.set_cookie(
            COOKIE,
            self._seals.seal(_PURPOSE, kept),
            max_age=_LIFE_S,
            path="/",
            secure=self._secure,
            httponly=True,
            samesite="lax",
        )

    def token(self, request: Request, case: Case) -> str:
        """Sign that this browser is a reporter's of the case; empty when it is not."""
        known = set(self._parties(request))
        for reporter in case.reporters:
            sent = (reporter.form or reporter.address).key
            if reporter.role is ReporterRole.REPORTER and party_of(sent) in known:
                return self._signer.sign(PAGE, case.number, reporter.address.key)
        return ""

    def _parties(self, request: Request) -> list[str]:
        try:
            kept = self._seals.unseal(_PURPOSE, request.cookies.get(COOKIE, ""))
        except InvalidInput:
            return []
        return kept.split()[::-1]
