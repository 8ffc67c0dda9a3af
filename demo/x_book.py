"""Keeps what X knows of an account: users, private messages and public posts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from demo.ledger import Ledger
from demo.x_shapes import Record, mentions, snowflake, stamp
from router.ports import Clock

EMPTY: Mapping[str, Any] = {"users": {}, "dms": [], "posts": [], "sequence": 0, "refuses_dm": []}


@dataclass(frozen=True, slots=True)
class XMessage:
    """What a person on X received from the account."""

    kind: str
    """``dm`` or ``reply`` (public)."""
    id: str
    text: str
    reply_to: str | None = None
    """The post that a public reply answers."""


class XBook:
    """The records of one account, in a ledger."""

    def __init__(self, ledger: Ledger, clock: Clock, username: str) -> None:
        self.ledger, self.clock, self.username = ledger, clock, username

    @property
    def user_id(self) -> str:
        """The id of the account itself."""
        return self.person(self.username)

    def person(self, username: str, name: str | None = None) -> str:
        """Give the id of a user, who is made up at the first mention."""
        users = self.ledger.data["users"]
        for known in users.values():
            if known["username"].lower() == username.lower():
                return str(known["id"])
        user = {"id": self._next_id(), "name": name or username, "username": username}
        users[user["id"]] = user | {"created_at": stamp(self.clock.now())}
        self.ledger.changed()
        return user["id"]

    def received(self, user: str) -> list[XMessage]:
        """List what the account wrote to a user, privately and in public, oldest first."""
        me, them = self.user_id, self.person(user)
        private = [
            XMessage("dm", event["id"], event["text"])
            for event in self.ledger.data["dms"]
            if event["sender_id"] == me and them in event["participant_ids"]
        ]
        public = [
            XMessage("reply", post["id"], post["text"], post["referenced_tweets"][0]["id"])
            for post in self.ledger.data["posts"]
            if post["author_id"] == me and post.get("in_reply_to_user_id") == them
        ]
        return sorted(private + public, key=lambda message: int(message.id))

    def sent_by(self, user: str) -> list[str]:
        """List what a user wrote, so that a script can resume where it was killed."""
        them, data = self.person(user), self.ledger.data
        written = [event for event in data["dms"] if event["sender_id"] == them]
        written += [post for post in data["posts"] if post["author_id"] == them]
        return [record["text"] for record in sorted(written, key=lambda r: int(r["id"]))]

    def usernames(self) -> list[str]:
        """List everybody but the account itself."""
        names = [str(user["username"]) for user in self.ledger.data["users"].values()]
        return [name for name in names if name != self.username]

    def spoken(self, user: str) -> list[Record]:
        """List all that a user wrote to the account or received from it, oldest first.

        Private messages have ``participant_ids``, public posts ``author_id``.
        """
        me, them, data = self.user_id, self.person(user), self.ledger.data
        private = [event for event in data["dms"] if them in event["participant_ids"]]
        public = [
            post
            for post in data["posts"]
            if post["author_id"] == them
            or (post["author_id"] == me and post.get("in_reply_to_user_id") == them)
        ]
        return sorted(private + public, key=lambda record: int(record["id"]))

    def _next_id(self) -> str:
        self.ledger.data["sequence"] += 1
        return snowflake(self.clock.now(), self.ledger.data["sequence"])

    def event(self, sender: str, recipient: str, text: str) -> Record:
        both = sorted((sender, recipient), key=int)
        event: Record = {"id": self._next_id(), "event_type": "MessageCreate", "text": text}
        event |= {"sender_id": sender, "participant_ids": both, "created_at": self._stamp()}
        event["dm_conversation_id"] = "-".join(both)
        self.ledger.data["dms"].append(event)
        return event

    def find_post(self, post_id: str) -> Record | None:
        return next((p for p in self.ledger.data["posts"] if p["id"] == post_id), None)

    def new_post(self, author: str, text: str, reply_to: str | None) -> Record:
        post_id = self._next_id()
        ids = {user["username"].lower(): user["id"] for user in self.ledger.data["users"].values()}
        post: Record = {"id": post_id, "text": text, "edit_history_tweet_ids": [post_id]}
        post |= {"author_id": author, "created_at": self._stamp(), "conversation_id": post_id}
        post["entities"] = {"mentions": mentions(text, ids)}
        answered = self.find_post(reply_to) if reply_to else None
        if answered:
            post["conversation_id"] = answered["conversation_id"]
            post["in_reply_to_user_id"] = answered["author_id"]
            post["referenced_tweets"] = [{"type": "replied_to", "id": answered["id"]}]
        self.ledger.data["posts"].append(post)
        return post

    def _stamp(self) -> str:
        return stamp(self.clock.now())
