"""Telephone numbers as senders of text messages."""

from __future__ import annotations

import re

import phonenumbers

WHATSAPP = "whatsapp:"
_NUMBER = re.compile(r"\+[1-9]\d{6,14}")


def international(number: str, region: str) -> str:
    """Write a telephone number in E.164; names and short codes stay as they are."""
    try:
        read = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return number
    lacks_a_digit = read.italian_leading_zero and not phonenumbers.is_valid_number(read)
    if lacks_a_digit or not phonenumbers.is_possible_number(read):
        return number
    return phonenumbers.format_number(read, phonenumbers.PhoneNumberFormat.E164)


def number_of(text: str) -> int | None:
    """Read a count or an id of ours; None where it cannot be one, however long it is."""
    if not (text.isascii() and text.isdigit() and len(text) <= 19):
        return None
    number = int(text)
    return number if number < 2**63 else None


def is_answerable(sender: str) -> bool:
    """Whether a text to this sender is read: names and short codes are machines'."""
    return _NUMBER.fullmatch(sender.removeprefix(WHATSAPP)) is not None
