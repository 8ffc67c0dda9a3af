"""Removes photos that no message names: those of a form that was never sent."""

from __future__ import annotations

from datetime import datetime, timedelta

from app.running.photos import PhotoFolder
from router.store import Store

KEPT = timedelta(hours=24)
"""How long a photo that no message names is kept; a form that carries one is refused before that."""
_DOUBT = timedelta(hours=1)
"""By how much two clocks, or two looks, may be apart."""
CHANNELS = ("web", "desk", "partner_email", "partner_webhook")
"""By which messages with photos of this folder come."""


async def sweep(photos: PhotoFolder, store: Store, since: datetime | None, now: datetime) -> int:
    """Remove the photos that came of age after the last look (``since``) and that nobody named.

    A case and a delivery have a photo from a message of the journal, which is never shortened. What an
    earlier look found named is not looked at again; without one, as on a database that is new or
    not the right one, nothing is removed.

    Raises:
        StoreUnavailable: it cannot be told what is named; nothing was removed.
    """
    if since is None:
        return 0
    first, last = since - KEPT - _DOUBT, now - KEPT
    old = {ref: at for ref, at in (await photos.dated()).items() if first < at <= last}
    if not old:
        return 0
    named = await store.named(old.keys(), CHANNELS, min(old.values()) - _DOUBT)
    forgotten = old.keys() - named
    await photos.remove(forgotten)
    return len(forgotten)
