"""Know again, on the tracking page, the browser in which a case was reported.

The number alone proves nothing: it is printed on letters and told on the telephone. The browser
that sent the form keeps a sealed cookie instead, which names by a hash where the person is answered.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from router.case import Case, ReporterRole
from router.errors import InvalidInput
from router.message import ConversationKey
from router.tokens import PAGE, Signer, party_of
from web.seals import Seals

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

    def remember(self, request: Request, response: Response, key: ConversationKey) -> None:
        """Have the browser keep that it reported from here; scripts never see it."""
        parties = [*self._parties(request), party_of(key)]
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
            key = reporter.address.key
            if reporter.role is ReporterRole.REPORTER and party_of(key) in known:
                return self._signer.sign(PAGE, case.number, key)
        return ""

    def _parties(self, request: Request) -> list[str]:
        try:
            kept = self._seals.unseal(_PURPOSE, request.cookies.get(COOKIE, ""))
        except InvalidInput:
            return []
        return kept.split()[::-1]
