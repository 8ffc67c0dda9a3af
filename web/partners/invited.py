"""Who a signed token invites to a case: the case, the service, what it may see and do now."""

from __future__ import annotations

from dataclasses import dataclass

from router.case import TRANSITIONS, Case, Status
from router.directory import Directory, Service, service_named
from router.errors import InvalidInput
from router.tokens import PARTNER, Token, party_of
from web.parts import WebParts

ACTS = ("accept", "progress", "close", "refuse")


@dataclass(frozen=True, slots=True)
class Invited:
    """Who opened the link, on which case, and whether the case is his now."""

    token: Token
    case: Case
    service: Service

    @property
    def in_charge(self) -> bool:
        return self.case.owner == self.service.id

    @property
    def sees(self) -> frozenset[str]:
        """What the service may see; a body that is no longer concerned sees nothing more."""
        concerned = {self.case.owner, self.case.lead, *self.case.watchers}
        return frozenset(self.service.sees if self.service.id in concerned else ())

    def may_name(self, directory: Directory, words: str) -> bool:
        """Whether a refusal may name this service as the one in charge: one of ours, and another."""
        named = service_named(directory, words)
        return named is not None and named.id != self.service.id

    @property
    def acts(self) -> tuple[str, ...]:
        status = self.case.status
        allowed = TRANSITIONS[Status.ASSIGNED if status is Status.RECEIVED else status]
        leads_to = {
            "accept": Status.ACCEPTED,
            "progress": Status.IN_PROGRESS,
            "close": Status.RESOLVED,
            "refuse": Status.REFUSED,
        }
        if not self.in_charge:
            return ()
        return tuple(act for act in ACTS if leads_to[act] in allowed)


async def open_link(parts: WebParts, text: str) -> Invited | None:
    """Read a token; None when it is none of ours, or its case or service is gone."""
    try:
        token = parts.signer.read(text)
    except InvalidInput:
        return None
    case = await parts.cases.case(token.number) if token.kind == PARTNER else None
    services = parts.rulebooks.current().directory.services()
    service = next((one for one in services if party_of(one.id) == token.party), None)
    return Invited(token, case, service) if case and service else None
