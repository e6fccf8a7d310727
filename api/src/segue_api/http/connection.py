"""A connection that must bring its requests in time and within bounds, before anybody knows whose they are.

uvicorn with httptools bounds neither the size of a request's head nor the time until a request is complete, and what
follows a body, its trailers, counts as head. So one client without a key could fill the memory, or hold every
connection.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAXIMUM_HEAD = 64 << 10
"""Bytes of a request before its body; one read of the socket more may have arrived."""
MAXIMUM_REQUEST = 8 << 20
"""Bytes of a whole request: the largest body in the smallest chunks."""
REQUEST_SECONDS = 60.0
"""How long a request may take to arrive, from the connection's begin or the request's first byte."""


class BoundedConnection(HttpToolsProtocol):
    """Closes itself when a request is too large or too slow."""

    maximum_head = MAXIMUM_HEAD
    maximum_request = MAXIMUM_REQUEST
    request_seconds = REQUEST_SECONDS
    _timer: asyncio.TimerHandle | None = None
    _size = 0
    _begun = 0
    """Requests so far."""
    _in_head = True
    _in_request = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See `asyncio.Protocol`."""
        super().connection_made(transport)
        self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        begun = self._begun
        super().data_received(data)
        if self._in_request and begun == self._begun:
            self._size += len(data)
            if self._size > (self.maximum_head if self._in_head else self.maximum_request):
                self.transport.close()

    def on_message_begin(self) -> None:
        """Called by the parser at a request's first byte."""
        super().on_message_begin()
        self._begun += 1
        self._size, self._in_request, self._in_head = 0, True, True
        self._start_timer()

    def on_headers_complete(self) -> None:
        """Called by the parser before the body."""
        self._in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Called by the parser after the body and its trailers."""
        self._in_request = False
        self._stop_timer()
        super().on_message_complete()

    def _start_timer(self) -> None:
        self._stop_timer()
        self._timer = self.loop.call_later(self.request_seconds, self.transport.close)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
