"""Hang what is sent by Telegram under what it answers, and offer answers as buttons."""

from __future__ import annotations

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, ReplyParameters

from channels.telegram.reading import offer
from router.ports import OutboundPart

_IN_A_ROW = 5


def reply(part: OutboundPart) -> ReplyParameters | None:
    """Hang the first piece under the last message of this chat that the delivery answers."""
    refs = part.delivery.refs
    if part.index or not refs:
        return None
    chat, _, message = refs[-1].partition(":")
    if chat != part.delivery.address.value or not message.isdigit():
        return None
    return ReplyParameters(int(message), allow_sending_without_reply=True)


def buttons(part: OutboundPart) -> InlineKeyboardMarkup | None:
    """Offer the answers to a question under its last piece."""
    delivery = part.delivery
    if not delivery.choices or part.index + 1 < part.count:
        return None
    keys = [
        InlineKeyboardButton(choice, callback_data=offer(delivery.asked, choice))
        for choice in delivery.choices
    ]
    return InlineKeyboardMarkup(
        [keys[start : start + _IN_A_ROW] for start in range(0, len(keys), _IN_A_ROW)]
    )
