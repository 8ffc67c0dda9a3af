"""What `guichet try` prints of a message: one JSON object, always of the same shape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from router.archive import Action
from router.decision import Decision
from router.delivery import Delivery, DeliveryState
from router.message import Message
from router.reading.conversation import is_reporter
from router.tracking import printed
from router.worked import Worked

_AS_IGNORED = {Action.RECEIPT, Action.PARTNER}
"""What concerns a delivery or comes from a service is no request of a citizen."""


def result_of(name: str, worked: Worked, deliveries: Sequence[Delivery]) -> dict[str, Any]:
    """Tell what became of a message; one that is ignored has no case, even if it names one."""
    if worked.action is Action.IGNORE or worked.action in _AS_IGNORED:
        worked = replace(worked, case=None)
    case, decision = worked.case, worked.decision
    result = nothing(
        name, Action.IGNORE if worked.action in _AS_IGNORED else worked.action, worked.reason
    )
    # what is withheld in public does not leave
    deliveries = [each for each in deliveries if each.state is not DeliveryState.WITHHELD]
    result |= {
        "case": printed(case.public_number or case.number) if case else None,
        "message": _message(worked.message, worked) if worked.message else None,
        "place": _place(worked),
        "category": case.category if case else decision.category if decision else None,
        "urgency": case.urgency if case else decision.urgency if decision else "normal",
        "decision": _decision(worked, decision) if decision else None,
        "replies": [_reply(each, worked) for each in deliveries if each.service is None],
        "deliveries": [_delivery(delivery, worked) for delivery in deliveries],
    }
    if decision:
        parts = [{"owner": part.owner, "category": part.category} for part in decision.parts]
        result["parts"] = parts
    return result


def nothing(name: str, action: Action, why: str) -> dict[str, Any]:
    """Give the shape of a message of which nothing is known."""
    place = dict.fromkeys(("insee", "lat", "lon", "precision_m"))
    return {
        "id": name, "action": action, "case": None, "message": None,
        "place": {"text": "", **place, "candidates": []}, "category": None, "urgency": "normal",
        "decision": None, "parts": [], "replies": [], "deliveries": [], "reason": why,
    }  # fmt: skip


def _message(message: Message, worked: Worked) -> dict[str, Any]:
    understood = worked.understood
    return {
        "from": message.sender or message.address.value,
        "from_name": message.sender_name,
        "text": message.text,
        "text_shown": message.text_shown,
        "subject": message.subject,
        "language": understood.language if understood else message.language,
        "attachments": [attachment.name for attachment in message.attachments],
        "automatic": bool(message.automatic),
    }


def _place(worked: Worked) -> dict[str, Any]:
    case, understood = worked.case, worked.understood
    place = case.place if case else understood.place if understood else None
    point = place.point if place else None
    return {
        "text": place.text if place else "",
        "insee": place.communes[0] if place and len(place.communes) == 1 else None,
        "lat": point.lat if point else None,
        "lon": point.lon if point else None,
        "precision_m": point.precision_m if point else None,
        "candidates": list(worked.decision.candidates) if worked.decision else [],
    }


def _decision(worked: Worked, decision: Decision) -> dict[str, Any]:
    case, message = worked.case, worked.message
    questions = list(decision.questions) or ([case.asked] if case and case.asked else [])
    if case and message and not is_reporter(case, message):
        questions = []  # a third party is asked nothing of a case that is not his
    return decision_told(decision, case.owner if case else decision.owner, questions)


def decision_told(decision: Decision, owner: str, questions: Sequence[str]) -> dict[str, Any]:
    """Tell a decision as plain data, with who is in charge after all and what is asked."""
    return {
        "owner": owner,
        "rule": decision.rule,
        "notify": list(decision.notify),
        "questions": list(questions),
        "ruleset": decision.ruleset,
        "sentence": decision.sentence,
        "trace": decision.trace,
    }


def _reply(delivery: Delivery, worked: Worked) -> dict[str, str]:
    return {
        "channel": delivery.address.channel,
        "to": _to(delivery, worked),
        "language": delivery.language,
        "text": delivery.text,
    }


def _delivery(delivery: Delivery, worked: Worked) -> dict[str, str]:
    channel = delivery.address.channel.removeprefix("partner_")
    return {"kind": delivery.kind, "channel": channel, "to": _to(delivery, worked)}


def _to(delivery: Delivery, worked: Worked) -> str:
    """Name a person as the message does: on X by the handle and not by a number."""
    message = worked.message
    if message is not None and message.address == delivery.address:
        return message.sender if message.sender.startswith("@") else delivery.address.value
    return delivery.address.value
