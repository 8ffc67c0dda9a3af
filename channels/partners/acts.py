"""Reads what a service did, from the JSON of our action page or of its own system."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from channels.file_names import file_name, size_of
from channels.partners.sheet import items, mapping
from router.errors import UnreadablePayload
from router.message import Attachment


def act_of(said: Mapping[str, Any], acts: Collection[str]) -> str:
    """Give the act, one of ``acts``.

    Raises:
        UnreadablePayload: it names another, or none.
    """
    act = said.get("act")
    if not isinstance(act, str) or act not in acts:
        raise UnreadablePayload(f"« {str(act)[:40]} » is no act")
    return act


def words_of(said: Mapping[str, Any], name: str) -> str:
    """Give a field as text; empty where there is none."""
    return str(said.get(name) or "")


def photos_of(said: Mapping[str, Any]) -> tuple[Attachment, ...]:
    """List the files that came with an act."""
    return tuple(
        Attachment(
            name=file_name(words_of(photo, "name"), "photo"),
            media_type=words_of(photo, "media_type") or "application/octet-stream",
            size=size_of(photo.get("size")),
            ref=words_of(photo, "ref"),
        )
        for photo in map(mapping, items(said.get("attachments")))
        if photo
    )
