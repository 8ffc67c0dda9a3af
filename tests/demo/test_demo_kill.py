"""A demo that is killed in the middle keeps what its providers had taken."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from pathlib import Path

from demo.ledger import Ledger
from demo.mail import MailSimulator
from demo.matrix import MatrixSimulator
from demo.telegram import TelegramSimulator
from demo.twilio import TwilioSimulator
from demo.x import XSimulator

SCRIPT = """
import asyncio, pathlib, sys
from demo.mail import MailSimulator
from demo.matrix import MatrixSimulator
from demo.telegram import TelegramSimulator
from demo.twilio import TwilioSimulator
from demo.x import XSimulator

async def main():
    folder = pathlib.Path(sys.argv[1])
    async with (
        MailSimulator(state_dir=folder) as mail,
        MatrixSimulator(state_dir=folder) as matrix,
        TelegramSimulator(state_dir=folder) as telegram,
        TwilioSimulator(state_dir=folder) as twilio,
        XSimulator(state_dir=folder) as x,
    ):
        number = 0
        while True:
            number += 1
            raw = b"From: anne@courriel.example\\r\\n\\r\\n%d\\r\\n" % number
            await mail.citizen_sends(raw, "guichet@nantes.example")
            await telegram.citizen_sends(1, str(number))
            await twilio.citizen_sends("+33612345678", "+33756000044", str(number))
            await matrix.citizen_sends("anne", str(number))
            await x.dm("anne44", str(number))
            print(number, flush=True)

asyncio.run(main())
"""


async def test_every_provider_has_what_it_took_before_the_kill(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SCRIPT, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    done = 0
    while done < 20:
        done = int(await process.stdout.readline())
    process.kill()
    done = max([done, *map(int, (await process.stdout.read()).split())])
    await process.wait()
    async with (
        MailSimulator(state_dir=tmp_path) as mail,
        MatrixSimulator(state_dir=tmp_path) as matrix,
        TelegramSimulator(state_dir=tmp_path) as telegram,
        TwilioSimulator(state_dir=tmp_path) as twilio,
        XSimulator(state_dir=tmp_path) as x,
    ):
        mails = [mail.text.strip() for mail in mail.mailbox("guichet@nantes.example")]
        phones = [telegram.sent_by(1), twilio.sent_by("+33612345678"), x.sent_by("anne44")]
        phones.append(matrix.sent_by("anne"))
    expected = [str(number + 1) for number in range(done)]
    for kept in (mails, *phones):
        assert kept[:done] == expected
        assert len(kept) <= done + 1


async def test_who_waits_for_a_change_ends_though_his_cancellation_was_swallowed() -> None:
    ledger = Ledger("x", None, {})

    async def deaf_at_first() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(3600)
        await ledger.until(lambda: False, 3600)

    task = asyncio.ensure_future(deaf_at_first())
    await asyncio.sleep(0)
    task.cancel()
    done, _ = await asyncio.wait([task], timeout=5)
    assert done
    assert task.cancelled()
