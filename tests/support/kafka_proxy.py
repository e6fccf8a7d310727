"""A proxy before a broker that answers late, wrongly, or not at all, when a test tells it to."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from segue.servers.embedded import KafkaServer

UNKNOWN_SERVER_ERROR = -1
NOT_LEADER = 6

JOIN_GROUP, SYNC_GROUP = 11, 14
"""Numbers of requests."""

Requests = dict[bytes, tuple[int, int]]
"""Number and version of each open request, by correlation id."""
Change = Callable[[bytes, Requests], bytes]

_HOST = "127.0.0.1"
_PRODUCE = 0
_FIRST_FLEXIBLE_PRODUCE = 9
_CORRELATION = slice(4, 8)


class KafkaProxy:
    """Passes every byte between clients and one broker on, and puts its own port for the broker's in the answers.

    ``wrong_answers`` produce requests are answered with ``error_code`` though the broker has taken their records.
    While it is ``deaf``, clients connect and send, and nothing comes back. ``delay`` says how many seconds the answer
    to a request is held back, by the request's number.
    """

    def __init__(self, server: KafkaServer) -> None:
        self._server = server
        self._listener = socket.create_server((_HOST, 0))
        self._port: int = self._listener.getsockname()[1]
        self._sockets: list[socket.socket] = []
        self._hearing = threading.Event()
        self._hearing.set()
        self._closed = False
        self.error_code = UNKNOWN_SERVER_ERROR
        self.wrong_answers = 0
        self.delay: Callable[[int], float] = lambda _request: 0.0
        self.produce_requests = 0
        self.connections = 0

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed = True
        self._hearing.set()
        for open_socket in (self._listener, *self._sockets):
            with contextlib.suppress(OSError):
                open_socket.shutdown(socket.SHUT_RDWR)
            open_socket.close()

    @property
    def bootstrap(self) -> str:
        """Value for ``KAFKA_BOOTSTRAP``."""
        return f"{_HOST}:{self._port}"

    @property
    def deaf(self) -> bool:
        """Whether answers are held back."""
        return not self._hearing.is_set()

    @deaf.setter
    def deaf(self, deaf: bool) -> None:
        if deaf:
            self._hearing.clear()
        else:
            self._hearing.set()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            try:
                broker = socket.create_connection((_HOST, self._server.port))
            except OSError:
                client.close()
                continue
            self._sockets += [client, broker]
            requests: Requests = {}
            for relay, source, sink in ((self._ask, client, broker), (self._answer, broker, client)):
                threading.Thread(target=self._relay, args=(relay, source, sink, requests), daemon=True).start()

    def _relay(self, change: Change, source: socket.socket, sink: socket.socket, requests: Requests) -> None:
        with contextlib.suppress(OSError), source.makefile("rb") as stream:
            while len(size := stream.read(4)) == 4:
                frame = change(stream.read(int.from_bytes(size)), requests)
                self._hearing.wait()
                sink.sendall(len(frame).to_bytes(4) + frame)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _ask(self, frame: bytes, requests: Requests) -> bytes:
        number, version = int.from_bytes(frame[0:2]), int.from_bytes(frame[2:4])
        requests[frame[_CORRELATION]] = number, version
        self.produce_requests += number == _PRODUCE
        return frame

    def _answer(self, frame: bytes, requests: Requests) -> bytes:
        number, version = requests.pop(frame[0:4])
        time.sleep(self.delay(number))
        if number == _PRODUCE and self.wrong_answers > 0:
            self.wrong_answers -= 1
            return _with_error(frame, flexible=version >= _FIRST_FLEXIBLE_PRODUCE, code=self.error_code)
        return re.sub(
            re.escape(_HOST.encode() + self._server.port.to_bytes(4)), _HOST.encode() + self._port.to_bytes(4), frame
        )


def _with_error(answer: bytes, *, flexible: bool, code: int) -> bytes:
    """The answer to a produce request with an error for the first partition."""
    # flexible: correlation, tags, topics, length, name, partitions, index; before that: 4, 4, 2, name, 4, index
    place = 4 + 1 + 1 + answer[6] + 1 + 4 if flexible else 4 + 4 + 2 + int.from_bytes(answer[8:10]) + 4 + 4
    return answer[:place] + code.to_bytes(2, signed=True) + answer[place + 2 :]
