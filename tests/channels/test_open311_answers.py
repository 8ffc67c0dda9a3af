"""What Open311 servers say: the specification's own examples, and what real servers make of them."""

from __future__ import annotations

import pytest

from channels.partners.open311_answers import (
    ACTS,
    listed,
    news_of_request,
    news_of_update,
    told,
    word,
)
from router.errors import UnreadablePayload

SERVICES = b"""[
  {"service_code":001, "service_name":"Cans left out 24x7", "metadata":true, "type":"realtime"},
  {"service_code":002, "metadata":true, "service_name":"Construction plate shifted"}
]"""
REQUESTS = b"""[
  {"service_request_id":638344, "status":"closed", "status_notes":"Duplicate request.",
   "service_code":006, "description":null, "address_id":545483, "lat":37.762221815},
  {"service_request_id":638349, "status":"open", "status_notes":null, "service_code":006}
]"""
ONE_REQUEST = b"""[{"service_request_id":638344, "status":"open", "service_code":006}]"""
"""Three examples that are no JSON as they are printed: a number does not begin with zero."""


@pytest.mark.parametrize(
    ("body", "codes"),
    [(SERVICES, ["001", "002"]), (REQUESTS, ["006", "006"]), (ONE_REQUEST, ["006"])],
)
def test_the_examples_that_do_not_parse_as_printed_are_read(body: bytes, codes: list[str]) -> None:
    assert [word(one, "service_code") for one in listed(body)] == codes


def test_a_text_that_looks_like_such_a_number_stays_as_it_is() -> None:
    [one] = listed(b'[{"description": "porte : 007, puis 12"}]')
    assert word(one, "description") == "porte : 007, puis 12"


def test_how_the_examples_stand() -> None:
    closed, open_ = (news_of_request(one, ACTS) for one in listed(REQUESTS))
    assert (closed.request, closed.act, closed.text) == ("638344", "close", "Duplicate request.")
    assert (open_.request, open_.act) == ("638349", "")


def test_a_list_may_stand_in_an_object_of_one_name() -> None:
    body = b'{"service_requests": [{"service_request_id": "1"}]}'
    assert word(listed(body)[0], "service_request_id") == "1"


XML = b"""<?xml version="1.0" encoding="utf-8"?>
<service_requests>
  <request>
    <service_request_id>638344</service_request_id>
    <status>closed</status>
    <status_notes>Duplicate request.</status_notes>
    <service_code>006</service_code>
    <description></description>
    <requested_datetime>2010-04-14T06:37:38-08:00</requested_datetime>
    <lat>37.762221815</lat>
  </request>
  <request>
    <service_request_id>638349</service_request_id>
    <status>open</status>
    <status_notes></status_notes>
    <service_code>006</service_code>
  </request>
</service_requests>
"""
"""GET Service Requests of the specification, shortened."""


def test_the_same_examples_are_read_in_xml() -> None:
    closed, open_ = (news_of_request(one, ACTS) for one in listed(XML))
    assert (closed.request, closed.act, closed.text) == ("638344", "close", "Duplicate request.")
    assert (open_.request, open_.act) == ("638349", "")
    assert listed(b"<service_requests/>") == []
    error = b"<errors><error><code>403</code><description>Invalid api_key</description></error></errors>"
    assert told(error) == "Invalid api_key"


def test_xml_in_another_alphabet_and_in_a_namespace_is_read() -> None:
    body = "<?xml version='1.0' encoding='iso-8859-1'?><services xmlns='urn:x'><service>"
    body += (
        "<service_code>1</service_code><service_name>Éclairage</service_name></service></services>"
    )
    [one] = listed(body.encode("iso-8859-1"))
    assert (word(one, "service_code"), word(one, "service_name")) == ("1", "Éclairage")


@pytest.mark.parametrize(
    "body",
    [
        b"<!DOCTYPE a [<!ENTITY b 'c'>]><services><service><d>&b;</d></service></services>",
        b"<!DOCTYPE a SYSTEM 'http://127.0.0.1/'><services/>",
        "<?xml version='1.0' encoding='utf-16'?><!DOCTYPE a><services/>".encode("utf-16"),
        b"<?xml version='1.0' encoding='zzz'?><services/>",
        b"<services><service>",
        b"<services>&b;</services>",
        b"<a>" * 10_000,
    ],
)
def test_xml_that_declares_entities_or_is_none_is_no_answer(body: bytes) -> None:
    with pytest.raises(UnreadablePayload):
        listed(body)


@pytest.mark.parametrize("body", [b"", b"<xml/>", b'{"a": 1}', b"3", b"[" * 10_000, b"\xff"])
def test_what_is_no_list_is_no_answer(body: bytes) -> None:
    with pytest.raises(UnreadablePayload):
        listed(body)


def test_the_sentences_of_an_error_are_told_and_other_bodies_are_not() -> None:
    assert told(b'[{"code":403,"description":"Invalid\\napi_key"}]') == "Invalid api_key"
    assert told(b"<html>secret</html>") == ""


@pytest.mark.parametrize("status", list(ACTS))
def test_every_known_status_is_an_act_in_any_spelling(status: str) -> None:
    update = {"update_id": 1, "service_request_id": 2, "description": "Vu."}
    for spelt in (status, status.upper(), status.replace("_", " ").title()):
        news = news_of_update({**update, "status": spelt}, ACTS)
        assert news.act == ("progress" if ACTS[status] == "accept" else ACTS[status])
