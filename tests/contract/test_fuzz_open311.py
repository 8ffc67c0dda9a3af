"""Whatever an Open311 server says, in JSON or XML, is read or is no answer; nothing else happens."""

from __future__ import annotations

import random
from collections.abc import Mapping
from contextlib import suppress

from fuzz_changes import changed

from channels.partners.open311_answers import (
    ACTS,
    demanded,
    is_true,
    listed,
    mark_of_request,
    mark_of_update,
    news_of_request,
    news_of_update,
    told,
)
from router.errors import UnreadablePayload

SAID = (
    b'[{"service_request_id":638344, "status":"closed", "status_notes":"Duplicate request.",'
    b' "service_code":006, "description":null, "lat":37.762221815}]',
    b'[{"update_id":"7", "service_request_id":"638344", "status":"IN_PROGRESS", "description":"On y va",'
    b' "updated_datetime":"2026-11-27T10:00:00+01:00"}]',
    b'[{"code":400, "description":"jurisdiction_id was not provided"}]',
    b"<?xml version='1.0' encoding='utf-8'?><service_requests><request><service_request_id>638344"
    b"</service_request_id><status>open</status><status_notes/><description>Un trou &amp; plus</description>"
    b"</request></service_requests>",
    b"<?xml version='1.0'?><service_definition><service_code>1</service_code><attributes><attribute>"
    b"<variable>true</variable><code>A</code><required>true</required><description>Quoi ?</description>"
    b"</attribute></attributes></service_definition>",
)
MANY = 3_000


def test_a_spoilt_answer_is_read_or_refused_in_a_sentence() -> None:
    for number in range(MANY):
        draw = random.Random(number)
        _read(changed(draw.choice(SAID), draw))


def _read(body: bytes) -> None:
    assert isinstance(told(body), str)
    for read in (listed, demanded):
        try:
            found = read(body)
        except UnreadablePayload:
            continue
        for one in found if isinstance(found, list) else ():
            assert mark_of_update(one)
            if isinstance(one, Mapping):
                _told(one)


def _told(record: Mapping[str, object]) -> None:
    assert mark_of_request(record)
    assert is_true(record, "required") in (True, False)
    for read in (news_of_request, news_of_update):
        with suppress(UnreadablePayload):
            assert read(record, ACTS).request
