"""When a server that lives and does not answer as it should is given up, and who answers how."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from segue.servers.health import NoAnswerError, Patience, WrongAnswerError, ask_broker


class Server:
    """Clock and processor time of a server, for a test to set."""

    def __init__(self, used: float | None = 0.0) -> None:
        self.now, self.used = 0.0, used
        self.patience = Patience(lambda: self.used, lambda: self.now)

    def silent_for(self, seconds: float, share: float = 0.0) -> bool:
        """Looks each second; returns whether it was given up."""
        for _ in range(round(seconds)):
            if self.patience.silent():
                return True
            self.now += 1
            self.used = None if self.used is None else self.used + share
        return False


def test_three_errors_in_a_row_are_enough() -> None:
    patience = Server().patience
    assert [patience.wrong(), patience.wrong()] == [False, False]
    patience.well()
    assert [patience.wrong(), patience.wrong(), patience.wrong()] == [False, False, True]


@pytest.mark.parametrize(
    ("used", "share", "at_most"), [(0.0, 0.0, 32), (None, 0.0, 32), (0.0, 0.01, 32), (0.0, 1.0, 302)]
)
def test_a_silent_server_is_given_up_sooner_if_it_does_nothing(used: float | None, share: float, at_most: int) -> None:
    assert not Server(used).silent_for(at_most - 3, share)
    assert Server(used).silent_for(at_most, share)


def test_an_answer_ends_the_silence() -> None:
    server = Server()
    assert not server.silent_for(25)
    server.patience.well()
    assert not server.silent_for(25)


@contextmanager
def answering(answer: bytes | None) -> Iterator[int]:
    """A server that takes one connection and answers with these bytes, or holds it; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        taken: list[socket.socket] = []

        def serve() -> None:
            connection, _ = listening.accept()
            taken.append(connection)
            connection.recv(100)
            if answer is not None:
                connection.sendall(answer)
                connection.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        thread.join()
        for connection in taken:
            connection.close()


def test_a_broker_that_answers_is_well() -> None:
    with answering(b"\0\0\0\x0a\0\0\0\1\0\0more") as port:
        ask_broker("127.0.0.1", port, 5)


def test_a_broker_that_answers_with_an_error_is_not() -> None:
    with answering(b"\0\0\0\x0a\0\0\0\1\0\x2a") as port, pytest.raises(WrongAnswerError, match="error code 42"):
        ask_broker("127.0.0.1", port, 5)


@pytest.mark.parametrize("answer", [None, b"", b"\0\0"])
def test_a_broker_that_holds_or_drops_the_connection_gives_no_answer(answer: bytes | None) -> None:
    with answering(answer) as port, pytest.raises(NoAnswerError):
        ask_broker("127.0.0.1", port, 0.2)
