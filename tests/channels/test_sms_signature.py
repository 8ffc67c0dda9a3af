"""Our check of Twilio's signature says what the vendor's own validator says."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import SecretStr
from twilio.request_validator import RequestValidator

from channels.sms import Sms, SmsSettings
from router.errors import InvalidSignature
from router.message import WebhookRequest

TOKEN = "12345"
URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
CALL = {
    "CallSid": "CA1234567890ABCDE", "Digits": "1234", "From": "+14158675309",
    "To": "+18005551212", "Caller": "+14158675309",
}  # fmt: skip

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_FORMS = st.dictionaries(st.sampled_from(["From", "To", "Body", "é", "A", "a", "AB"]), _TEXT)
_URLS = st.builds(
    lambda scheme, port, path, query: f"{scheme}://g.example{port}{path}{query}",
    st.sampled_from(["http", "https"]),
    st.sampled_from(["", ":80", ":443", ":8443"]),
    st.sampled_from(["", "/", "/webhooks/sms/+33756000044"]),
    st.sampled_from(["", "?d=7", "?a=&b=%C3%A9"]),
)
_ALGORITHMS = st.sampled_from(["HMAC_SHA1", "HMAC_SHA256", "hmac_sha256"])


def verified(
    url: str, body: bytes, signature: str, algorithm: str = "", public_url: str = ""
) -> bool:
    sms = Sms(SmsSettings(auth_token=SecretStr(TOKEN), public_url=public_url), "+33756000044")
    headers = {"x-twilio-signature": signature}
    if algorithm:
        headers["x-twilio-webhooks-signature-settings"] = f"key=k,algorithm={algorithm}"
    try:
        sms.verify(WebhookRequest("POST", url, headers, body))
    except InvalidSignature:
        return False
    return True


def test_the_example_of_the_vendor_s_manual() -> None:
    body = urlencode(CALL).encode()
    assert verified(URL, body, "RSOYDt4T1cUTdK1PDd93/VVr8B8=")
    assert not verified(URL, body, "RSOYDt4T1cUTdK1PDd93/VVr8B8")
    assert not verified(URL.replace("bar=2", "bar=3"), body, "RSOYDt4T1cUTdK1PDd93/VVr8B8=")


@given(_URLS, _FORMS, _ALGORITHMS)
@example(URL, CALL, "HMAC_SHA1")
def test_what_the_vendor_signs_is_genuine_to_both(
    url: str, form: dict[str, str], algorithm: str
) -> None:
    vendor = RequestValidator(TOKEN)
    signature = vendor.compute_signature(url, form, algorithm)
    ours = verified(url, urlencode(form).encode(), signature, algorithm)
    assert ours is vendor.validate(url, form, signature, algorithm) is True


@given(_URLS, _URLS, _FORMS, _FORMS, _ALGORITHMS)
def test_a_signature_of_something_else_is_judged_alike(
    url: str, other: str, form: dict[str, str], changed: dict[str, str], algorithm: str
) -> None:
    vendor = RequestValidator(TOKEN)
    signature = vendor.compute_signature(other, changed, algorithm)
    ours = verified(url, urlencode(form).encode(), signature, algorithm)
    assert ours is vendor.validate(url, form, signature, algorithm)


@given(_FORMS, _TEXT)
def test_a_field_given_twice_is_signed_once_for_each_value(
    form: dict[str, str], second: str
) -> None:
    class Multi(dict[str, str]):
        """As Flask and Django give a form to the vendor's validator."""

        def getall(self, name: str) -> list[str]:
            return [self[name], second]

    vendor = RequestValidator(TOKEN)
    signature = vendor.compute_signature(URL, Multi(form))
    body = urlencode([(name, value) for name in form for value in (form[name], second)])
    assert verified(URL, body.encode(), signature)


@pytest.mark.parametrize("algorithm", ["HMAC_MD5", "none", "HMAC_SHA1;HMAC_SHA256"])
def test_an_algorithm_that_nobody_documents_is_refused_by_both(algorithm: str) -> None:
    vendor = RequestValidator(TOKEN)
    signature = vendor.compute_signature(URL, CALL)
    assert not vendor.validate(URL, CALL, signature, algorithm)
    assert not verified(URL, urlencode(CALL).encode(), signature, algorithm)
