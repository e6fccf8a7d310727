"""What a client without a key can do to a connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from segue_api.http.connection import BoundedConnection

GET = b"GET /%s HTTP/1.1\r\nHost: x\r\n"
POST = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


async def app(_scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the length of the body."""
    size, more = 0, True
    while more:
        message = await receive()
        size, more = size + len(message.get("body", b"")), message.get("more_body", False)
    body = str(size).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def connected(seconds: float = 60.0) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A client's end of a connection with small bounds."""

    class SmallConnection(BoundedConnection):
        maximum_head, maximum_request, request_seconds = 1000, 5000, seconds

    config = uvicorn.Config(app, http=SmallConnection, log_level="critical", lifespan="off")
    config.load()
    state = uvicorn.Server(config)
    made = await asyncio.get_running_loop().create_server(
        lambda: SmallConnection(config, state.server_state, {}), "127.0.0.1", 0
    )
    async with made:
        reader, writer = await asyncio.open_connection(*made.sockets[0].getsockname()[:2])
        try:
            yield reader, writer
        finally:
            writer.close()


async def pieces(writer: asyncio.StreamWriter, first: bytes, piece: bytes, count: int) -> None:
    """Send one after the other, each in a packet of its own, as long as the connection takes them."""
    try:
        for data in (first, *[piece] * count):
            writer.write(data)
            await writer.drain()
            await asyncio.sleep(0.005)
    except ConnectionError:
        pass


async def is_closed(reader: asyncio.StreamReader) -> bool:
    try:
        return await asyncio.wait_for(reader.read(), 5) == b""
    except ConnectionError:
        return True


@pytest.mark.parametrize(
    ("first", "piece"),
    [
        (GET % b"x", b"X-More: %s\r\n" % (b"x" * 100)),
        (GET % b"x" + b"X-Endless: ", b"x" * 100),
        (b"GET /", b"x" * 100),
        (POST, b"1\r\nx\r\n" * 50),
        (POST + b"0\r\n", b"X-Trailer: %s\r\n" % (b"x" * 300)),
        (POST + b"0\r\nX-Trailer: ", b"x" * 300),
    ],
)
async def test_a_request_without_end_is_cut_off(first: bytes, piece: bytes) -> None:
    async with connected() as (reader, writer):
        await pieces(writer, first, piece, 30)
        assert await is_closed(reader)


@pytest.mark.parametrize("sent", [b"", b"G", GET % b"x", POST, POST + b"1\r\nx\r\n", POST + b"0\r\nX-Trailer: x"])
async def test_a_request_that_does_not_come_is_given_up(sent: bytes) -> None:
    async with connected(0.1) as (reader, writer):
        writer.write(sent)
        assert await is_closed(reader)


async def test_what_keeps_within_bounds_is_answered_one_after_the_other() -> None:
    body = POST + b"fa0\r\n" + b"x" * 4000 + b"\r\n0\r\n\r\n"
    async with connected() as (reader, writer):
        writer.write((GET % (b"x" * 900) + b"\r\n") * 3 + body * 2 + GET % b"x" + b"\r\n")
        for wanted in (b"0", b"0", b"0", b"4000", b"4000", b"0"):
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
            assert b"200 OK" in head
            assert await reader.readexactly(len(wanted)) == wanted
