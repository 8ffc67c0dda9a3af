"""Tells a way to a partner which cases the partner's system took and still has."""

from __future__ import annotations

from router.archive import CaseFilter, CaseReader
from router.case import Case, Status
from router.decision import ServiceId
from router.delivery import DeliveryKind, DeliveryState
from router.ports import HandedOver
from router.rule_ports import Rulebooks

_PAGE = 200
_WITH_THEM = (
    Status.ASSIGNED, Status.ACCEPTED, Status.IN_PROGRESS, Status.WAITING_CITIZEN,
    Status.WAITING_PARTNER, Status.ANSWERED, Status.PASSED_ON, Status.REOPENED,
)  # fmt: skip
_TAKEN = {DeliveryState.SENT, DeliveryState.DELIVERED}


class Handed:
    """Reads it from the store; what a delivery was called by its partner never changes."""

    def __init__(self, cases: CaseReader, rulebooks: Rulebooks) -> None:
        self._cases = cases
        self._rulebooks = rulebooks
        self._known: dict[tuple[str, int], str] = {}

    async def handed_over(self, channel: str, account: str) -> tuple[HandedOver, ...]:
        """List the cases that left by an account and are still with its service, oldest first."""
        found = []
        for service in self._rulebooks.current().directory.services():
            if service.transmit_to != account:
                continue
            for case in await self._with(service.id):
                forward = await self._forward(channel, account, case)
                if forward:
                    found.append(HandedOver(case.id, forward))
        return tuple(sorted(found, key=lambda one: one.case_id))

    async def _with(self, service: ServiceId) -> list[Case]:
        found: list[Case] = []
        for status in _WITH_THEM:
            before: int | None = None
            while True:
                wanted = CaseFilter(str(status), service, limit=_PAGE, before=before)
                page = await self._cases.cases(wanted)
                found.extend(page)
                if len(page) < _PAGE:
                    break
                before = page[-1].id
        return found

    async def _forward(self, channel: str, account: str, case: Case) -> str:
        """Give the partner's id of a case, from the latest delivery that handed it over."""
        key = (account, case.id)
        if key in self._known and case.generation == 0:  # it never left them and came back
            return self._known[key]
        for delivery in reversed(await self._cases.deliveries(case.id)):
            address = delivery.address
            mine = (address.channel, address.account) == (channel, account)
            forwards = (
                delivery.kind is DeliveryKind.FORWARD and "#update=" not in delivery.provider_id
            )
            if mine and forwards and delivery.state in _TAKEN and delivery.provider_id:
                self._known[key] = delivery.provider_id
                return delivery.provider_id
        return ""
