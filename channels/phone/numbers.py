"""Telephone numbers as senders of text messages."""

from __future__ import annotations

import re

import phonenumbers

WHATSAPP = "whatsapp:"
_NUMBER = re.compile(r"\+[1-9]\d{6,14}")


def e164(typed: str, region: str) -> str:
    """Write a telephone number in E.164, as dialled from a region (``FR``); empty where it can be none.

    A zero left at its front shows that it lacks a digit, but where numbers begin so (in Italy).
    """
    try:
        number = phonenumbers.parse(typed, region)
    except phonenumbers.NumberParseException:
        return ""
    lacks_a_digit = number.italian_leading_zero and not phonenumbers.is_valid_number(number)
    if lacks_a_digit or not phonenumbers.is_possible_number(number):
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def international(number: str, region: str) -> str:
    """Write a telephone number in E.164; names and short codes stay as they are."""
    return e164(number, region) or number


def number_of(text: str) -> int | None:
    """Read a count or an id of ours; None where it cannot be one, however long it is."""
    if not (text.isascii() and text.isdigit() and len(text) <= 19):
        return None
    number = int(text)
    return number if number < 2**63 else None


def is_answerable(sender: str) -> bool:
    """Whether a text to this sender is read: names and short codes are machines'."""
    return _NUMBER.fullmatch(sender.removeprefix(WHATSAPP)) is not None
