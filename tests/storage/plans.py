"""Every statement of the daily work, with values to explain it by and the indexes it must use."""

from __future__ import annotations

from router.work import ROUTE
from storage import (
    counts,
    journal,
    lanes,
    outbox,
    pollers,
    reading,
    routing,
    rulesets,
    timers,
    told,
    units,
)

SEND = "send:sms|main"
_lane = {"role_": SEND, "keys_": ["a", "b"]}
_ids = {"ids_": [1, 2]}
_questions = {"questions_": '[[0, "x", 1, 9, "p", "", ""]]', "enough_": 50}

# name: (statement, values, table:index of everything that is looked into; pk is the primary key)
STATEMENTS = {
    "journal.added": (journal.ADDED, _ids, "inbound:pk"),
    "journal.known": (
        journal.KNOWN,
        {"channel_": "sms", "account_": "main", "keys_": ["a", "b"]},
        "inbound:inbound_once",
    ),
    "lanes.claim": (
        lanes.CLAIM,
        {"role_": ROUTE, "now_": 9, "limit_": 64, "token_": "t", "until_": 10},
        "lane_key:lane_key_due lane_key:pk",
    ),
    "lanes.fence": (lanes.FENCE, _lane, "lane_key:pk"),
    "lanes.renew": (lanes.RENEW, {**_lane, "until_": 9}, "lane_key:pk"),
    "lanes.open all": (lanes.OPEN_ALL, {**_lane, "due_": 9}, "lane_key:pk"),
    "lanes.remove": (lanes.REMOVE, _lane, "lane_key:pk"),
    "lanes.route done": (
        lanes.ROUTE_DONE,
        {"role_": ROUTE, "keys_": ["a"]},
        "lane_key:pk inbound:inbound_waiting",
    ),
    "lanes.timers left": (lanes.TIMERS_LEFT, _ids, "work:pk"),
    "lanes.next due": (lanes.NEXT_DUE, {"role_": ROUTE}, "lane_key:lane_key_due"),
    "lanes.lane waiting": (lanes.LANE_WAITING, _lane, "delivery:delivery_waiting"),
    "routing.waiting": (
        routing.WAITING,
        {"keys_": ["a", "b"]},
        "inbound:inbound_waiting inbound:pk",
    ),
    "routing.conversations": (routing.CONVERSATIONS, {"keys_": ["a"]}, "conversation:pk"),
    "routing.cases": (routing.CASES, _ids, "case_:pk"),
    "routing.numbers": (routing.NUMBERS, {"keys_": ["a"]}, "case_:case_number"),
    "routing.refs": (routing.REFS, {"keys_": ["a"]}, "message_ref:pk"),
    "routing.deliveries": (routing.DELIVERIES, _ids, "delivery:pk"),
    "counts.by spot": (
        counts.counting("spot", ("category",)),
        _questions,
        "case_:case_spot",
    ),
    "counts.by person": (counts.counting("person"), _questions, "case_:case_person"),
    "counts.by category": (
        counts.counting("category", ("area",)),
        _questions,
        "case_:case_category",
    ),
    "counts.by all": (
        counts.counting("spot", ("person", "category", "area")),
        _questions,
        "case_:case_spot",
    ),
    "units.versions": (units.VERSIONS, _ids, "case_:pk"),
    "units.end inbound": (
        units.END_INBOUND,
        {"id_": 1, "action_": "create", "case_": 1, "reason_": "", "now_": 9},
        "inbound:pk",
    ),
    "units.end timers": (units.END_TIMERS, _ids, "work:work_id"),
    "units.open": (units.OPEN, {"keys_": ["whatsapp|n||+33612345678"]}, "delivery:delivery_awaits"),
    "told.tell": (
        told.TELL,
        {"id_": 1, "role_": "send:x|n", "lane_": "x|n|dm|1", "body_": "{}", "created_": 1},
        "delivery:pk",
    ),
    "routing.withheld": (
        routing.WITHHELD,
        {"keys_": ["x|n|person|h"]},
        "delivery:delivery_awaits",
    ),
    "units.receipt": (
        units.RECEIPT,
        {"id_": 1, "rank_": 2, "state_": "sent", "error_": "", "provider_": "", "settled_": 9},
        "delivery:pk",
    ),
    "timers.due": (timers.DUE, {**_ids, "now_": 9}, "work:pk"),
    "timers.unrouted": (timers.UNROUTED, {"keys_": ["a"]}, "inbound:inbound_waiting"),
    "outbox.to send": (outbox.TO_SEND, _ids, "delivery:pk"),
    "outbox.begin": (outbox.BEGIN, {**_ids, "now_": 9}, "delivery:pk"),
    "outbox.ranks": (outbox.RANKS, _ids, "delivery:pk"),
    "outbox.bump case": (outbox.BUMP_CASE, {"id_": 1, "now_": 9}, "case_:pk"),
    "outbox.bucket": (outbox.BUCKET, {"name_": "b"}, "bucket:pk"),
    "outbox.hold back": (outbox.HOLD_BACK, {**_lane, "until_": 9}, "lane_key:pk"),
    "outbox.roles": (outbox.ROLES, {}, "lane_key:lane_key_due"),
    "outbox.requeue": (outbox.REQUEUE, {"id_": 1}, "delivery:pk"),
    "pollers.look": (pollers.LOOK, {"name_": "imap"}, "poller:pk"),
    "rulesets.active": (rulesets.ACTIVE, {}, "ruleset:pk ruleset_live:pk"),
    "rulesets.active hash": (rulesets.ACTIVE_HASH, {}, "ruleset_live:pk"),
    "reading.by id": (reading.BY_ID, {"id_": 1}, "case_:pk"),
    "reading.by number": (reading.BY_NUMBER, {"number_": "n"}, "case_:case_number"),
    "reading.children": (reading.CHILDREN, {"id_": 1}, "case_:case_parent"),
    "reading.events": (reading.EVENTS, {"id_": 1}, "case_event:pk"),
    "reading.deliveries": (reading.DELIVERIES, {"id_": 1}, "delivery:delivery_case"),
    "reading.envelope": (reading.ENVELOPE, {"id_": 1}, "inbound:pk"),
    "reading.outcome": (
        reading.OUTCOME,
        {"channel_": "sms", "account_": "main", "provider_": "p"},
        "inbound:inbound_once",
    ),
    "reading.waiting inbound": (reading.WAITING_INBOUND, {}, "inbound:inbound_waiting"),
    "reading.waiting deliveries": (reading.WAITING_DELIVERIES, {}, "delivery:delivery_waiting"),
}
