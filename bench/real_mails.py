"""Read a folder of real mails, and count which are taken for a person's and which for a machine's.

Run ``python -m bench.real_mails FOLDER``: every file below it is one mail. Each is read with LF, CRLF
and CR line ends. ``--people`` lists the mails that are taken for a person's, with the sender and the
subject as they are read, for a person to compare with the mail.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from channels.email import EmailChannel, EmailSettings
from router.errors import UnreadablePayload
from router.events import InboundEvent, MessageReceived
from router.tokens import Signer

_AT = datetime(2026, 11, 27, 9, tzinfo=UTC)
_ENDS = (b"\n", b"\r\n", b"\r")


def kinds(channel: EmailChannel, raw: bytes) -> str:
    """Say what a mail is taken for: ``person``, ``machine``, ``unreadable``, or what its ends change."""
    plain = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    found = {_kind(channel, plain.replace(b"\n", end)) for end in _ENDS}
    return found.pop() if len(found) == 1 else f"differs: {', '.join(sorted(found))}"


def _kind(channel: EmailChannel, raw: bytes) -> str:
    try:
        events = channel.receive(channel.envelope(raw, _AT))
    except UnreadablePayload:
        return "unreadable"
    return "person" if any(map(_by_a_person, events)) else "machine"


def _by_a_person(event: InboundEvent) -> bool:
    return isinstance(event, MessageReceived) and not event.message.automatic


def mails(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Give every file below a folder, in order."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield str(path.relative_to(folder)), path.read_bytes()


def main(given: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--people", action="store_true", help="list sender and subject")
    asked = parser.parse_args(given)
    channel = EmailChannel(
        EmailSettings.model_validate({}), "guichet@ville.example", Signer({"a": b"key"}, "a")
    )
    counted: Counter[str] = Counter()
    for name, raw in mails(asked.folder):
        kind = kinds(channel, raw)
        counted[kind] += 1
        if asked.people and kind == "person":
            message = channel.message(channel.envelope(raw, _AT))
            print(f"{name}: {message.sender} | {message.subject}")
    for kind, number in counted.most_common():
        print(f"{number:>7} {100 * number / counted.total():5.1f} %  {kind}")


if __name__ == "__main__":
    main()
