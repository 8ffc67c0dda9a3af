"""Files that people sent, fetched again for the service that works on their case."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import structlog

from router.archive import JournalReader
from router.case import CaseFile
from router.errors import GuichetError, InvalidInput
from router.message import Attachment
from router.ports import FetchesMedia

_DEADLINE_S = 15.0

log = structlog.get_logger("guichet")


@dataclass(frozen=True, slots=True)
class SentFiles:
    """Finds the journal row of a file and has its channel fetch it: each knows its own hosts."""

    journal: JournalReader
    channels: Mapping[tuple[str, str], object]

    async def open_file(self, file: CaseFile, limit: int) -> bytes:
        """Get the bytes of a file.

        Raises:
            InvalidInput: it cannot be had; the reason is for the service that reads it.
        """
        try:
            async with asyncio.timeout(_DEADLINE_S):
                return await self._open(file, limit)
        except InvalidInput:
            raise
        except TimeoutError as late:
            raise InvalidInput("the provider did not answer in time") from late
        except (GuichetError, OSError) as error:
            raise InvalidInput(f"it cannot be read now ({type(error).__name__})") from error
        except Exception as error:  # a channel's defect must not hold up the case itself
            log.error("file", inbound=file.inbound, error=type(error).__name__)
            raise InvalidInput(f"it cannot be read ({type(error).__name__})") from error

    async def _open(self, file: CaseFile, limit: int) -> bytes:
        envelope = await self.journal.envelope(file.inbound)
        if envelope is None:
            raise InvalidInput("the message that it came with is no longer kept")
        channel = self.channels.get((envelope.channel, envelope.account))
        if not isinstance(channel, FetchesMedia):
            raise InvalidInput("its channel is not connected here")
        attachment = Attachment(file.name, file.media_type, file.size, file.ref)
        return await channel.fetch_media(envelope, attachment, limit)
