"""Finds settings of accounts that nobody has: they would be obeyed by nobody."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from difflib import get_close_matches

from app.running.ways import accounts
from app.settings import Settings
from router.cells import CHANNEL as CELL
from router.directory import Directory


def strangers(settings: Settings, directory: Directory) -> list[tuple[str, str]]:
    """List settings of accounts that no counter and no service of the live rules names.

    Gives their name in the file, and a sentence with the account that may be meant. A counter that
    is not in service counts: its settings may be there before it is.
    """
    known: defaultdict[str, list[str]] = defaultdict(list)
    for channel, account in accounts(directory):
        known[channel].append(account)
    for counter in directory.counters():
        known[counter.channel].append(counter.address)
    known["partner_email"] += known["email"]  # mail to services leaves by a counter's mailbox
    return [
        (f'channels.{channel}."{account}"', _missing(channel) + _meant(account, known[channel]))
        for channel in settings.channels
        if channel != CELL  # another installation may only hand over to us: no service is it then
        for account in settings.accounts_of(channel)
        if account not in known[channel]
    ]


def _missing(channel: str) -> str:
    if channel.startswith("partner_") and channel != "partner_email":
        return "aucun service de la configuration n'a cette adresse."
    return "aucun compteur de la configuration n'a cette adresse."


def _meant(account: str, known: Iterable[str]) -> str:
    near = get_close_matches(account, list(known), 1)
    return f" Voulez-vous dire « {near[0]} » ?" if near else ""
