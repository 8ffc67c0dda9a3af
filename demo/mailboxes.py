"""Keep pymap's mailboxes, on disk if asked, so that UIDs survive a killed demo."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from pymap.backend.dict.mailbox import MailboxData, MailboxSet, Message
from pymap.concurrent import Event
from pymap.exceptions import NotSupportedError
from pymap.flags import FlagOp
from pymap.interfaces.message import CachedMessage
from pymap.mime import MessageContent
from pymap.parsing.message import AppendMessage
from pymap.parsing.specials import ObjectId, SequenceSet
from pymap.parsing.specials.flag import Flag
from pymap.selected import SelectedMailbox

INBOX = "INBOX"


class KeptMailbox(MailboxData):
    """One mailbox: pymap's in-memory one, and a folder with one file a message beside an index.

    (pymap's own maildir backend polls once a second in IDLE, rewrites messages, and a killed
    process leaves lock files that stop it for ten minutes.)
    """

    def __init__(self, owner: KeptMailboxes, folder: Path | None) -> None:
        super().__init__(owner._content_cache, owner._thread_cache)
        self._folder = folder
        self.raw: dict[int, bytes] = {}
        """The bytes of each message by UID."""
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
            index = folder / "index.json"
            if index.exists():
                self._load(folder, json.loads(index.read_text(encoding="utf-8")))
            else:
                self._keep()

    def _load(self, folder: Path, index: dict[str, Any]) -> None:
        self._uid_validity, self._max_uid = index["uid_validity"], index["max_uid"]
        for entry in index["messages"]:
            uid, when = entry["uid"], datetime.fromisoformat(entry["when"])
            self.raw[uid] = (folder / f"{uid}.eml").read_bytes()
            content = MessageContent.parse(self.raw[uid])
            self._messages[uid] = Message(
                uid,
                when,
                [Flag(flag) for flag in entry["flags"]],
                email_id=self._content_cache.add(content),
                thread_id=self._thread_cache.add(content),
                content=content,
            )

    def _keep(self, *new: int) -> None:
        """Write new messages, then the index that makes them count, then drop what is gone."""
        for gone in self.raw.keys() - self._messages.keys():
            del self.raw[gone]
        if self._folder is None:
            return
        for uid in new:
            (self._folder / f"{uid}.eml").write_bytes(self.raw[uid])
        entries = [
            {
                "uid": uid,
                "when": message.internal_date.isoformat(),
                "flags": [str(flag) for flag in message.permanent_flags],
            }
            for uid, message in self._messages.items()
        ]
        index = {"uid_validity": self._uid_validity, "max_uid": self._max_uid, "messages": entries}
        draft = self._folder / "index.new"
        draft.write_text(json.dumps(index), encoding="utf-8")
        os.replace(draft, self._folder / "index.json")
        for file in self._folder.glob("*.eml"):
            if int(file.stem) not in self._messages:
                file.unlink()

    async def update_selected(
        self, selected: SelectedMailbox, *, wait_on: Event | None = None
    ) -> SelectedMailbox:
        # In IDLE pymap waits for the *next* change, so one that came just before would be told late
        seen = selected.mod_sequence
        if seen is not None and seen < self._mod_sequences.highest:
            wait_on = None
        return await super().update_selected(selected, wait_on=wait_on)

    async def find(
        self, seq_set: SequenceSet, selected: SelectedMailbox
    ) -> AsyncIterator[tuple[int, Message]]:
        # real servers look for new mail before they search; pymap only after
        await self.update_selected(selected)
        for number, known in selected.messages.get_all(seq_set):
            yield number, await self.get(known.uid, known)

    async def append(self, append_msg: AppendMessage, *, recent: bool = False) -> Message:
        message = await super().append(append_msg, recent=recent)
        self.raw[message.uid] = bytes(append_msg.literal)
        self._keep(message.uid)
        return message

    async def copy(self, uid: int, destination: MailboxData, *, recent: bool = False) -> int | None:
        new = await super().copy(uid, destination, recent=recent)
        self._hand_on(uid, destination, new)
        return new

    async def move(self, uid: int, destination: MailboxData, *, recent: bool = False) -> int | None:
        new = await super().move(uid, destination, recent=recent)
        self._hand_on(uid, destination, new)
        self._keep()
        return new

    def _hand_on(self, uid: int, destination: MailboxData, new: int | None) -> None:
        if new is not None and isinstance(destination, KeptMailbox):
            destination.raw[new] = self.raw[uid]
            destination._keep(new)

    async def update(
        self, uid: int, cached_msg: CachedMessage, flag_set: frozenset[Flag], mode: FlagOp
    ) -> Message:
        message = await super().update(uid, cached_msg, flag_set, mode)
        self._keep()
        return message

    async def delete(self, uids: Iterable[int]) -> None:
        await super().delete(uids)
        self._keep()


class KeptMailboxes(MailboxSet):
    """The mailboxes of one address."""

    def __init__(self, folder: Path | None) -> None:
        super().__init__()
        self._folder = folder
        self._inbox = self.inbox = KeptMailbox(self, folder / INBOX if folder else None)
        if folder:
            for known in sorted(folder.iterdir()):
                if known.name != INBOX:
                    self._set[unquote(known.name)] = KeptMailbox(self, known)

    def messages(self) -> list[bytes]:
        """List the messages of all mailboxes, in order of arrival."""
        boxes = [self._inbox, *self._set.values()]
        found = [
            (box._messages[uid].internal_date, uid, raw)
            for box in boxes
            if isinstance(box, KeptMailbox)
            for uid, raw in box.raw.items()
        ]
        return [raw for _, _, raw in sorted(found)]

    async def add_mailbox(self, name: str) -> ObjectId:
        if name in self._set:
            raise ValueError(name)
        folder = self._folder / quote(name, safe="") if self._folder else None
        self._set[name] = mailbox = KeptMailbox(self, folder)
        return mailbox.mailbox_id

    async def delete_mailbox(self, name: str) -> None:
        raise NotSupportedError("Mailboxes of the demo stay.")

    async def rename_mailbox(self, before: str, after: str) -> None:
        raise NotSupportedError("Mailboxes of the demo keep their names.")
