"""Cases to a partner's Open311 server (GeoReport v2), and what it tells of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal
from urllib.parse import quote

import httpx
from pydantic import BaseModel, ConfigDict, SecretStr

from channels.breaker import Breaker
from channels.partners.http import (
    KEY_REFUSED,
    MARGIN_S,
    Answer,
    PartnerHttp,
    outcome_of,
    refusal_of,
)
from channels.partners.open311_answers import (
    ACTS,
    listed,
    news_of_request,
    news_of_update,
    told,
    word,
)
from channels.partners.open311_check import checked
from channels.partners.open311_forms import mark_of, request_form, update_form, w3
from channels.partners.open311_pages import Refused, pages
from channels.partners.open311_poll import Asked, Follow
from channels.partners.sheet import sheet_of, written_of
from channels.secrets_in_logs import redact
from router.delivery import Delivery, OnUnknown, Permanent, Rate, Retry, SendOutcome, Sent, Unknown
from router.errors import InvalidInput, UnreadablePayload
from router.events import InboundEvent, PartnerActed
from router.message import Envelope
from router.ports import Capabilities, Clock, Health, KnowsHandedOver, OutboundPart, Pulled

NAME = "partner_open311"
_HOUR = timedelta(hours=1)
_NOT_THERE = Sent(())
"""They answered, and have it not."""


class PartnerOpen311Settings(BaseModel):
    """How one partner's server is called; the table's name is the address in ``services.yaml``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    api_key: SecretStr = SecretStr("")
    base_url: str = ""
    """Where the endpoint is, if it is not the address itself."""
    jurisdiction_id: str = ""
    service_code: str = ""
    """Their type of request for what ``service_codes`` does not name."""
    service_codes: dict[str, str] = {}
    """Our category → their type of request."""
    attributes: dict[str, str] = {}
    """A fact that we ask for → their code for it, where a type of request wants it by itself."""
    statuses: dict[str, Literal["accept", "progress", "close", "refuse"]] = {}
    """Their own states, where they have others than the standard's."""
    updates: bool = False
    """Whether they have the extension servicerequestupdates."""
    format: Literal["json", "xml"] = "json"
    """What they speak; either is read."""
    poll_s: float = 300.0
    allow_private: bool = False
    per_second: float = 5.0
    deadline_s: float = 20.0
    failures: int = 5
    rest_s: float = 60.0


class PartnerOpen311:
    """One partner: posts requests to it and asks it for news, by one process at a time."""

    name = NAME
    on_unknown = OnUnknown.FIND

    def __init__(
        self,
        settings: PartnerOpen311Settings,
        account: str,
        clock: Clock,
        handed: KnowsHandedOver | None = None,
    ) -> None:
        """Call the server at ``account``; ``handed`` lists what it took and still has."""
        self.account = account
        self.poller = f"{NAME}|{account}"
        self.rate = Rate(settings.per_second, burst=max(1, round(settings.per_second)))
        self.deadline_s = 2 * settings.deadline_s + MARGIN_S  # an update asks for the number first
        self.breaker = Breaker(clock, settings.failures, settings.rest_s)
        self._settings = settings
        self._clock = clock
        self._handed = handed
        self._acts = {**ACTS, **settings.statuses}
        key = settings.api_key.get_secret_value()
        redact(key, "httpx", "httpcore")
        self._http = PartnerHttp(
            settings.base_url or account, settings.deadline_s, allow_private=settings.allow_private
        )
        self._lists_by_key = False
        self._follow = Follow(self, settings.poll_s, clock)

    @property
    def capabilities(self) -> Capabilities:
        """Say what it carries: additions only to a server that has the extension for them."""
        return Capabilities(
            threads=True, location=True, notices=False, additions=self._settings.updates
        )

    # --- out ------------------------------------------------------------------------------------

    def render(self, delivery: Delivery) -> tuple[OutboundPart, ...]:
        """Write the description; what does not fit its 4,000 characters is told to be missing."""
        return (OutboundPart(delivery, written_of(delivery, sheet_of(delivery))),)

    async def send(self, part: OutboundPart, idem: str) -> SendOutcome:
        """Post a case as a request, or what was added to it as an update."""
        resting = self.breaker.refused()
        if resting is not None:
            return resting
        return await self.breaker.through(self._post(part, idem))

    async def _post(self, part: OutboundPart, idem: str) -> SendOutcome:
        sheet = sheet_of(part.delivery)
        try:
            if sheet.get("added"):
                return await self._post_update(part, idem)
            return await self._post_request(part, sheet, idem)
        except (httpx.HTTPError, InvalidInput) as error:
            return outcome_of(error, self._http)

    async def _post_request(
        self, part: OutboundPart, sheet: Mapping[str, Any], idem: str
    ) -> SendOutcome:
        code = self._settings.service_codes.get(str(sheet.get("category")))
        code = code or self._settings.service_code
        if not code:
            about = f"« {sheet.get('category') or 'sans catégorie'} »"
            return Permanent(
                "service_code",
                f"les réglages ne donnent pas de type de demande pour {about} (service_codes)",
            )
        form = request_form(part, sheet, code, idem, self._settings.attributes)
        answer = await self.ask("POST", "/requests", form=form, key=True)
        return refusal_of(answer, told(answer.body)) or self._taken(answer)

    def _taken(self, answer: Answer) -> SendOutcome:
        try:
            first = next((one for one in listed(answer.body) if isinstance(one, Mapping)), {})
        except UnreadablePayload as error:
            return Unknown(str(error))
        request, token = word(first, "service_request_id"), word(first, "token")
        if not request and not token:
            return Unknown("le serveur du service n'a donné ni service_request_id ni token")
        return Sent((self.forward_of(request, token),))

    async def _post_update(self, part: OutboundPart, idem: str) -> SendOutcome:
        """Add to a request that they have; they know a repeated ``update_id``."""
        if not self._settings.updates:
            return Permanent("updates", "ce service ne prend pas d'ajouts par Open311 (updates)")
        handed = await self._handed.handed_over(NAME, self.account) if self._handed else ()
        forward = next((one.forward for one in handed if one.case_id == part.delivery.case_id), "")
        request = await self._follow.request_of(forward) if forward else ""
        if not request:
            return Retry(
                "ce service n'a pas encore donné son numéro à la demande", 60.0, alone=True
            )
        form = update_form(part, request, idem)
        answer = await self.ask("POST", "/servicerequestupdates", form=form, key=True)
        return refusal_of(answer, told(answer.body)) or Sent((f"{self.account}#update={idem}",))

    async def find(self, delivery: Delivery, idem: str) -> SendOutcome | None:
        """Look among their requests for the one whose description ends with our mark."""
        sheet = sheet_of(delivery)
        if sheet.get("added"):
            return None
        resting = self.breaker.refused()
        if resting is not None:
            return resting
        found = await self.breaker.through(self._look(delivery, mark_of(sheet, idem)))
        return None if found == _NOT_THERE else found

    async def _look(self, delivery: Delivery, mark: str) -> SendOutcome:
        since, until = delivery.created_at - _HOUR, self._clock.now() + _HOUR
        query = {"start_date": w3(since), "end_date": w3(until)}
        try:
            async for found in pages(self, "/requests", query):
                for one in found:
                    if isinstance(one, Mapping) and mark in word(one, "description"):
                        return Sent((self.forward_of(word(one, "service_request_id")),))
        except Refused as error:
            return error.outcome
        except (httpx.HTTPError, InvalidInput) as error:
            return Retry(f"le serveur du service {self._http.why_unreachable(error)}")
        return _NOT_THERE

    # --- in -------------------------------------------------------------------------------------

    async def pull(self, cursor: str, received_at: Callable[[], datetime]) -> Pulled:
        """Ask for news of what they have, when it is time again.

        Raises:
            ConnectionError: they cannot be reached, or refuse.
        """
        try:
            return await self._follow.pull(cursor, received_at, self._handed)
        except (httpx.HTTPError, InvalidInput) as error:
            told = f"{self.account}: {type(error).__name__}: {error}"
            raise ConnectionError(told) from None

    async def settle(self, pulled: Pulled) -> None:
        """They need not know; what is committed need not be stored again."""
        self._follow.committed(pulled)

    def receive(self, envelope: Envelope) -> tuple[InboundEvent, ...]:
        """Read one piece of news, as the poll stored it."""
        if envelope.note:
            raise UnreadablePayload(envelope.note)
        try:
            said = json.loads(envelope.payload)
            forward, kind, record = str(said["forward"]), said["kind"], said["record"]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise UnreadablePayload("this is no news of a request") from error
        if not isinstance(record, Mapping):
            raise UnreadablePayload("the news is no object")
        read = news_of_update if kind == "update" else news_of_request
        news = read(record, self._acts)
        act = news.act or "reference"
        return (
            PartnerActed(
                token="",
                act=act,
                reason=news.text if act == "refuse" else "",
                text=news.text if act != "refuse" else "",
                forward=forward,
                reference=news.request,
            ),
        )

    # --- their server ---------------------------------------------------------------------------

    @property
    def has_updates(self) -> bool:
        return self._settings.updates

    def forward_of(self, request: str, token: str = "") -> str:
        """Name a request of theirs as a provider id of ours."""
        return f"{self.account}#" + (quote(request, "") if request else f"token={quote(token, '')}")

    async def ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        key: bool = False,
    ) -> Answer:
        """Call a method of theirs, with jurisdiction and key where they belong.

        Raises:
            httpx.HTTPError, Forbidden: it came to no answer.
        """
        path = f"{path}.{self._settings.format}"
        common: Asked = {}
        if self._settings.jurisdiction_id:
            common["jurisdiction_id"] = self._settings.jurisdiction_id
        keyed: Asked = {**common, "api_key": self._settings.api_key.get_secret_value()}
        if form is not None:
            return await self._http.call(method, path, form={**(keyed if key else common), **form})
        asked = {**(keyed if self._lists_by_key else common), **(query or {})}
        answer = await self._http.call(method, path, query=asked)
        if answer.status in KEY_REFUSED and keyed["api_key"] and not self._lists_by_key:
            # the standard reads lists without a key, but some tell them to who posted alone
            answer = await self._http.call(method, path, query={**keyed, **asked})
            self._lists_by_key = answer.status not in KEY_REFUSED
        return answer

    @property
    def trouble(self) -> str:
        """Say that the partner is left alone for a while."""
        return self.breaker.told

    async def health(self) -> Health:
        """Ask for the types of request, look for those that the settings name, and what they ask."""
        wanted = {*self._settings.service_codes.values(), self._settings.service_code} - {""}
        return await checked(
            self, wanted, {*self._settings.attributes.values()}, self._http.why_unreachable
        )

    async def close(self) -> None:
        await self._http.close()
