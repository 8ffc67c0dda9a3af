"""On every channel where people correct what they wrote, a correction joins its message."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from channel_harnesses import NOW, REGISTRY, Entry
from town import START, Town

from router.archive import CaseFilter
from router.events import MessageEdited, MessageReceived
from router.message import Envelope

Json = dict[str, Any]
WRITTEN, CORRECTED = "Le lampadaire est éteint", "La poubelle déborde"
EDITING = [entry for entry in REGISTRY if getattr(entry.kind, "capabilities", None)]


def by_telegram(said: Json, message: Envelope) -> Json:
    edited = said["message"] | {"text": CORRECTED, "edit_date": int(NOW.timestamp()) + 60}
    return {"update_id": said["update_id"] + 1, "edited_message": edited}


def by_matrix(said: Json, message: Envelope) -> Json:
    new = {"msgtype": "m.text", "body": CORRECTED}
    relation = {"rel_type": "m.replace", "event_id": said["event"]["event_id"]}
    content = {**new, "body": f"* {CORRECTED}", "m.new_content": new, "m.relates_to": relation}
    return said | {"event": said["event"] | {"event_id": "$correction", "content": content}}


def in_memory(said: Json, message: Envelope) -> Json:
    return said | {"id": "e", "kind": "edit", "edited": message.provider_id, "text": CORRECTED}


EDITS: dict[str, Callable[[Json, Envelope], Json]] = {
    "telegram": by_telegram,
    "matrix": by_matrix,
    "memory": in_memory,
}


@pytest.mark.parametrize("order", ["after", "before", "together", "together, before"])
@pytest.mark.parametrize("entry", EDITING, ids=lambda entry: entry.name)
async def test_a_message_and_its_correction_are_one_case(
    entry: Entry, order: str, tmp_path: Path
) -> None:
    async with entry.open() as harness:
        channel: Any = harness.channel
        if not channel.capabilities.edits:
            assert channel.name not in EDITS
            return
        assert harness.message is not None
        message = harness.message(WRITTEN, (), "77")
        [edit] = channel.open_raw(
            json.dumps(EDITS[channel.name](json.loads(message.payload), message)).encode(), NOW
        )
        [first], [second] = channel.receive(message), channel.receive(edit)
        assert isinstance(first, MessageReceived)
        assert isinstance(second, MessageEdited)
        assert second.edited_ref == first.message.ref

        town = Town(tmp_path)
        readers = {(channel.name, message.account): channel}
        town.router = replace(town.router, readers=readers)
        await town.store.open()
        await town.store.publish({}, town.rules.hash, "test", "test", START)
        batch = [edit, message] if "before" in order else [message, edit]
        for group in [batch] if "together" in order else [[one] for one in batch]:
            await town.store.accept(group)
            while await town.router.run_once():
                pass
        [case] = await town.store.cases(CaseFilter())
        await town.store.close()
        assert town.errors == []
        assert WRITTEN in case.text
        assert CORRECTED in case.text
