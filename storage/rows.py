"""Cases, events, deliveries, conversations and envelopes as rows, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import RowMapping

from router.case import Case, Event, EventKind, Status, Visibility
from router.counting import marks_of
from router.delivery import Delivery, DeliveryState
from router.message import ConversationKey, Envelope
from router.work import Conversation, send_role
from storage.codec import Body, from_us, moment_or_none, to_us, us_or_none

Row = Mapping[str, Any] | RowMapping

_CASE_COLUMNS = {
    "id",
    "number",
    "version",
    "status",
    "owner",
    "channel",
    "created_at",
    "updated_at",
    "parent",
    "subject",
    "text",
}
_case_body = Body(Case, _CASE_COLUMNS)

_DELIVERY_COLUMNS = {
    "id",
    "idem",
    "lane",
    "case_id",
    "state",
    "not_before",
    "tries",
    "parts_sent",
    "created_at",
    "settled_at",
    "first_try_at",
    "provider_id",
    "error",
    "text",
}
_delivery_body = Body(Delivery, _DELIVERY_COLUMNS)


def case_row(cell: str, case: Case) -> dict[str, Any]:
    marks = marks_of(case)
    return {
        "cell": cell,
        "id": case.id,
        "number": case.number,
        "version": case.version,
        "status": case.status,
        "owner": case.owner,
        "channel": case.channel,
        "created_at": to_us(case.created_at),
        "updated_at": to_us(case.updated_at),
        "parent": case.parent,
        "received_at": to_us(case.received_at),
        "spot": marks.spot or None,
        "person": marks.person or None,
        "category": marks.category or None,
        "area": marks.area or None,
        "subject": case.subject,
        "text": case.text,
        "body": _case_body.dump(case),
    }


def case_of(row: Row) -> Case:
    return _case_body.load(
        row["body"],
        id=row["id"],
        number=row["number"],
        version=row["version"],
        status=Status(row["status"]),
        owner=row["owner"],
        channel=row["channel"],
        created_at=from_us(row["created_at"]),
        updated_at=from_us(row["updated_at"]),
        parent=row["parent"],
        subject=row["subject"],
        text=row["text"],
    )


def event_row(cell: str, event: Event) -> dict[str, Any]:
    return {
        "cell": cell,
        "case_id": event.case_id,
        "id": event.id,
        "kind": event.kind,
        "at": to_us(event.at),
        "who": event.who,
        "text": event.text,
        "visibility": event.visibility,
        "data": event.data,
    }


def event_of(row: Row) -> Event:
    return Event(
        id=row["id"],
        case_id=row["case_id"],
        kind=EventKind(row["kind"]),
        at=from_us(row["at"]),
        who=row["who"],
        text=row["text"],
        visibility=Visibility(row["visibility"]),
        data=row["data"],
    )


def delivery_row(cell: str, delivery: Delivery) -> dict[str, Any]:
    return {
        "cell": cell,
        "id": delivery.id,
        "idem": delivery.idem,
        "role": send_role(delivery.address),
        "lane": delivery.lane,
        "case_id": delivery.case_id,
        "state": delivery.state,
        "rank": delivery.state.rank,
        "not_before": us_or_none(delivery.not_before),
        "tries": delivery.tries,
        "parts_sent": delivery.parts_sent,
        "first_try_at": us_or_none(delivery.first_try_at),
        "created_at": to_us(delivery.created_at),
        "settled_at": us_or_none(delivery.settled_at),
        "provider_id": delivery.provider_id,
        "error": delivery.error,
        "text": delivery.text,
        "body": _delivery_body.dump(delivery),
    }


def delivery_of(row: Row) -> Delivery:
    return _delivery_body.load(
        row["body"],
        id=row["id"],
        idem=row["idem"],
        lane=row["lane"],
        case_id=row["case_id"],
        state=DeliveryState(row["state"]),
        not_before=moment_or_none(row["not_before"]),
        tries=row["tries"],
        parts_sent=row["parts_sent"],
        created_at=from_us(row["created_at"]),
        settled_at=moment_or_none(row["settled_at"]),
        first_try_at=moment_or_none(row["first_try_at"]),
        provider_id=row["provider_id"],
        error=row["error"],
        text=row["text"],
    )


def conversation_row(cell: str, conversation: Conversation) -> dict[str, Any]:
    return {
        "cell": cell,
        "key": conversation.key,
        "case_id": conversation.case_id,
        "asked": conversation.asked,
        "language": conversation.language,
        "opted_out": conversation.opted_out,
        "blocked": conversation.blocked,
        "greeted": conversation.greeted,
        "automatic_day": conversation.automatic_day,
        "automatic_count": conversation.automatic_count,
        "album": "",  # an album is found by its reference; nothing reads this column any more
        "version": conversation.version,
    }


def conversation_of(row: Row, key: ConversationKey) -> Conversation:
    """Read a conversation under the key it was asked by, which may be longer than the stored."""
    return Conversation(
        key=key,
        case_id=row["case_id"],
        asked=row["asked"],
        language=row["language"],
        opted_out=bool(row["opted_out"]),
        blocked=bool(row["blocked"]),
        greeted=bool(row["greeted"]),
        automatic_day=row["automatic_day"],
        automatic_count=row["automatic_count"],
        version=row["version"],
    )


def envelope_of(row: Row, payload: bytes) -> Envelope:
    return Envelope(
        channel=row["channel"],
        account=row["account"],
        provider_id=row["provider_id"],
        conversation=ConversationKey(row["conversation"]),
        payload=payload,
        received_at=from_us(row["received_at"]),
        ref=row["ref"],
        note=row["note"],
    )
