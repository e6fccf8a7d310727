"""One server, many users: it lives exactly as long as somebody uses it, whoever is killed and when."""

from __future__ import annotations

import os
import random
import signal
import threading
from pathlib import Path

import pytest

from segue.errors import CommandError
from segue.servers import startup
from segue.servers.shared_process import SharedFiles
from segue.servers.sharing import SharedServer
from support.processes import children, naming
from support.tiny_server import TinyServer, User, is_served
from support.waiting import wait_until


def is_gone(folder: Path) -> bool:
    return not SharedFiles(folder).is_running() and naming(folder) == []


def guard_of(folder: Path) -> int:
    pid = SharedFiles(folder).guard_pid()
    assert pid
    return pid


def joined(folder: Path) -> SharedServer:
    """This process as a user."""
    shared = SharedServer(TinyServer(folder))
    shared.begin()
    shared.await_ready(lambda _server, _seconds: None)
    return shared


def test_the_last_user_ends_the_server_and_no_other(tmp_path: Path) -> None:
    with User(tmp_path) as first, User(tmp_path) as second:
        port = first.port()
        assert second.port() == port
        first.leave()
        assert is_served(port)
        second.leave()
        assert not is_served(port)
    assert is_gone(tmp_path)
    assert not SharedFiles(tmp_path).published.exists()


def test_where_the_server_is_can_be_read_by_its_user_alone(tmp_path: Path) -> None:
    with User(tmp_path) as user:
        port = user.port()
        published = SharedFiles(tmp_path).published
        assert published.stat().st_mode & 0o777 == 0o600
        endpoint = SharedFiles(tmp_path).endpoint()
        assert endpoint is not None
        assert endpoint.port == port
        assert endpoint.pid == SharedFiles(tmp_path).guard_pid()


def test_a_killed_starter_takes_the_server_from_nobody(tmp_path: Path) -> None:
    with User(tmp_path, "keep") as starter:
        port = starter.port()
        with User(tmp_path, "keep") as guest:
            assert guest.port() == port
            starter.kill()
            with User(tmp_path) as third:
                assert third.port() == port
            assert is_served(port)
            guest.leave()
    assert is_gone(tmp_path)


def test_a_killed_guest_holds_nothing_up(tmp_path: Path) -> None:
    with User(tmp_path) as starter, User(tmp_path) as guest:
        port = starter.port()
        assert guest.port() == port
        guest.kill()
        starter.leave()
    assert is_gone(tmp_path)


def test_when_all_are_killed_the_server_ends_and_the_next_starts_another(tmp_path: Path) -> None:
    with User(tmp_path, "keep") as starter, User(tmp_path) as guest:
        assert starter.port() == guest.port()
        starter.kill()
        guest.kill()
        wait_until(lambda: is_gone(tmp_path))
    with User(tmp_path) as next_one:
        assert is_served(next_one.port())


def test_who_comes_while_the_server_is_ending_waits_for_that_and_starts_another(tmp_path: Path) -> None:
    with User(tmp_path) as first:
        before = first.port()
        first.kill()
    with User(tmp_path) as second:
        assert second.port() != before or is_served(before)
        assert SharedFiles(tmp_path).endpoint()


def test_a_starter_killed_before_the_server_is_ready_is_replaced_by_who_waits(tmp_path: Path) -> None:
    (tmp_path / "pause").touch()
    with User(tmp_path) as starter:
        assert starter.line() == "joined"
        with User(tmp_path) as guest:
            assert guest.line() == "joined"
            starter.kill()
            (tmp_path / "pause").unlink()
            assert is_served(guest.port())
            guest.leave()
    assert is_gone(tmp_path)


@pytest.mark.parametrize("victim", ["server", "guard"])
def test_the_keeper_restarts_the_server_where_all_expect_it(tmp_path: Path, victim: str) -> None:
    with User(tmp_path, "keep") as keeper:
        port = keeper.port()
        with User(tmp_path, "keep") as guest:
            assert guest.port() == port
            guard = guard_of(tmp_path)
            (tmp_path / "pause").touch()  # until everybody has noticed
            os.kill(guard if victim == "guard" else children(guard)[0], signal.SIGKILL)
            assert "tiny stopped unexpectedly and is being restarted" in keeper.line()
            assert "another process restarts it" in guest.line()
            (tmp_path / "pause").unlink()
            assert "tiny is ready again" in keeper.line()
            assert is_served(port)
            assert "tiny is ready again" in guest.line()
            keeper.leave()
            guest.leave()
    assert is_gone(tmp_path)


def test_server_and_keeper_killed_at_once_are_both_replaced_by_a_guest(tmp_path: Path) -> None:
    with User(tmp_path, "keep") as keeper:
        port = keeper.port()
        with User(tmp_path, "keep") as guest:
            assert guest.port() == port
            keeper.process.send_signal(signal.SIGSTOP)
            os.kill(guard_of(tmp_path), signal.SIGKILL)
            keeper.kill()
            wait_until(lambda: is_served(port))
            guest.leave()
    assert is_gone(tmp_path)


def test_a_frozen_starter_is_not_waited_for_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(startup, "SILENCE_SECONDS", 1.0)
    monkeypatch.setattr(startup, "_LOOK_SECONDS", 0.2)
    (tmp_path / "pause").touch()
    with User(tmp_path) as starter:
        assert starter.line() == "joined"
        starter.process.send_signal(signal.SIGSTOP)
        with pytest.raises(CommandError, match="tiny is not ready") as given_up:
            joined(tmp_path)
        assert str(SharedFiles(tmp_path).guard_pid()) in (given_up.value.hint or "")


@pytest.mark.slow
def test_many_come_go_and_die_and_nobody_finds_a_dead_server(tmp_path: Path) -> None:
    """Twelve users, each at its own moment; whoever is told a port can use it until they leave."""
    chance = random.Random(7)
    failures: list[str] = []

    def use(pause: float, *, dies: bool) -> None:
        threading.Event().wait(pause)
        with User(tmp_path, *(["keep"] if dies else [])) as user:
            port = user.port()
            for _ in range(5):
                if not is_served(port):
                    failures.append(f"nobody at {port}")
                threading.Event().wait(0.02)
            user.kill() if dies else user.leave()

    threads = [
        threading.Thread(target=use, args=(chance.uniform(0, 6),), kwargs={"dies": number % 3 == 0})
        for number in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert not any(thread.is_alive() for thread in threads)
    assert failures == []
    wait_until(lambda: is_gone(tmp_path))
