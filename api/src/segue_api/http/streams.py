"""Files on their way to clients: so many at a time, and none to a client that takes nothing."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping

from anyio import CapacityLimiter, to_thread
from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from segue_api.http.byte_range import ByteRange
from segue_api.metrics import ApiMetrics
from segue_api.ports import OpenFile
from segue_api.problems import Problem, ProblemError
from segue_api.service.keyring import Identity
from segue_core.contract import Role

_CHUNK_BYTES = 64 << 10
_THREADS = 4
_PER_LISTENER = 12
"""Browsers hold six connections to a host; a listener may have two."""
STALLED_SECONDS = 60.0
"""A paused player stops reading; it asks for the rest when it goes on."""


class Streams:
    """Counts the files that are being sent.

    Parameters
    ----------
    most
        At the same time.
    """

    def __init__(self, most: int, metrics: ApiMetrics) -> None:
        self._most = most
        self._metrics = metrics
        self._of: Counter[str] = Counter()
        self._threads: CapacityLimiter | None = None

    @property
    def threads(self) -> CapacityLimiter:
        """Threads that read files."""
        if self._threads is None:
            self._threads = CapacityLimiter(_THREADS)
        return self._threads

    def begin(self, identity: Identity) -> None:
        """Count one more file.

        Raises
        ------
        ProblemError
            There are too many; of one listener, or in all.
        """
        own = self._of[identity.key]
        if identity.role is Role.LISTENER and own >= _PER_LISTENER:
            raise ProblemError(Problem.BUSY, f"this key receives {own} files already; end one of them", retry_after=1)
        if self._of.total() >= self._most:
            raise ProblemError(Problem.BUSY, f"{self._most} files are being sent already; try again", retry_after=1)
        self._of[identity.key] += 1
        self._metrics.streams.set(self._of.total())

    def end(self, identity: Identity) -> None:
        """Count one file less."""
        self._of[identity.key] -= 1
        if not self._of[identity.key]:
            del self._of[identity.key]
        self._metrics.streams.set(self._of.total())


class FileResponse(StreamingResponse):
    """A part of an open file; it is closed and counted down when it is sent, however that ends."""

    def __init__(
        self,
        file: OpenFile,
        part: ByteRange,
        *,
        status: int,
        headers: Mapping[str, str],
        streams: Streams,
        identity: Identity,
    ) -> None:
        self._file = file
        self._part = part
        self._streams = streams
        self._identity = identity
        super().__init__(self._chunks(), status, headers)

    async def _chunks(self) -> AsyncIterator[bytes]:
        place = self._part.start
        while place < self._part.end:
            wanted, begin = min(_CHUNK_BYTES, self._part.end - place), place
            chunk = await to_thread.run_sync(self._file.read, begin, wanted, limiter=self._streams.threads)
            if not chunk:
                raise RuntimeError("the file has become shorter while it was sent")  # the client sees a broken answer
            place += len(chunk)
            yield chunk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""

        async def in_time(message: Message) -> None:
            async with asyncio.timeout(STALLED_SECONDS):
                await send(message)

        try:
            await super().__call__(scope, receive, in_time)
        finally:
            self._file.close()
            self._streams.end(self._identity)
