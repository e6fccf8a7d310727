"""A track that kills, hangs or breaks its process is rejected; all others are done."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from multiprocessing import forkserver
from pathlib import Path

import pytest

from segue_core.contract import Engine, Reason, WindowPosition
from segue_core.errors import ProgramError
from segue_jobs.extract.analyse import Method, Request
from segue_jobs.extract.decode import Window
from segue_jobs.extract.forking import start_fork_server
from segue_jobs.extract.workers import Workers
from segue_jobs.listing.listed_tracks import Problem
from support.analysers import NOTHING_NEW, attempts, die_at_start, misbehave, prepare_nothing
from support.audio import write_tune

METHOD = Method(Engine.LIBROSA, Window(WindowPosition.MIDDLE, 30.0, 5.0), 1 << 20)


def requests(folder: Path, *ids: str) -> list[Request]:
    return [Request(track_id, folder / track_id, METHOD) for track_id in ids]


def workers(count: int = 2, timeout: float = 30.0, **more) -> Workers:
    return Workers(
        count,
        Engine.LIBROSA,
        timeout,
        memory_bytes=128 << 20,
        **{"analyse": misbehave, "prepare": prepare_nothing} | more,
    )


def outcomes(pool: Workers, wanted: list[Request]) -> dict[str, Reason | None]:
    return {
        request.track_id: result.reason if isinstance(result, Problem) else None
        for request, result in pool.run(wanted, threading.Event())
    }


def test_every_request_has_its_result(tmp_path: Path) -> None:
    ids = [f"good-{number}" for number in range(40)]
    assert outcomes(workers(), requests(tmp_path, *ids)) == dict.fromkeys(ids)


def test_a_killed_process_costs_only_its_track(tmp_path: Path) -> None:
    wanted = requests(tmp_path, "a", "killed", "b", "exits", "c", "once", "d")
    expected = dict.fromkeys("abcd") | {"killed": Reason.CRASHED, "exits": Reason.CRASHED, "once": None}
    assert outcomes(workers(), wanted) == expected
    assert {track_id: attempts(tmp_path / track_id) for track_id in ("killed", "exits", "once")} == {
        "killed": 2,
        "exits": 2,
        "once": 2,
    }


def test_a_track_that_hangs_is_timed_out(tmp_path: Path) -> None:
    found = outcomes(workers(timeout=0.5), requests(tmp_path, "hangs", "a", "b"))
    assert found == {"hangs": Reason.TIMED_OUT, "a": None, "b": None}


def test_an_unexpected_error_rejects_only_that_track(tmp_path: Path) -> None:
    assert outcomes(workers(), requests(tmp_path, "raises", "a")) == {"raises": Reason.CRASHED, "a": None}


def test_only_a_few_requests_are_in_progress(tmp_path: Path) -> None:
    wanted = requests(tmp_path, *(f"good-{number}" for number in range(40)))
    results = workers(count=2).run(wanted, threading.Event())
    next(results)
    time.sleep(1)  # a consumer that is slow, as one that waits for the broker
    begun = sum(attempts(request.path) for request in wanted)
    results.close()
    assert begun <= 5


def test_stopping_finishes_requests_in_progress(tmp_path: Path) -> None:
    wanted = requests(tmp_path, *(f"slow-{number}" for number in range(20)))
    stopping = threading.Event()
    finished = []
    for request, result in workers(count=2).run(wanted, stopping):
        assert result == NOTHING_NEW
        finished.append(request.track_id)
        stopping.set()
    begun = [request.track_id for request in wanted if attempts(request.path)]
    assert sorted(finished) == sorted(begun)
    assert len(begun) <= 5


def test_a_signal_to_the_whole_group_lets_workers_finish(tmp_path: Path) -> None:
    wanted = requests(tmp_path, "slow-1")
    results = workers(count=1).run(wanted, threading.Event())
    thread = threading.Thread(target=_terminate_worker, args=(wanted[0].path,))
    thread.start()
    assert list(results) == [(wanted[0], NOTHING_NEW)]
    thread.join()
    assert attempts(wanted[0].path) == 1


def _terminate_worker(path: Path) -> None:
    while not attempts(path):
        time.sleep(0.02)
    os.kill(int(path.read_text().split()[0]), signal.SIGTERM)


def test_processes_that_cannot_start_are_an_error_and_not_a_loop(tmp_path: Path) -> None:
    with pytest.raises(ProgramError, match=r"end before they do any work \(exit code 1\)"):
        outcomes(workers(prepare=die_at_start), requests(tmp_path, "a", "b"))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the limit is Linux's")
def test_a_track_that_needs_too_much_memory_is_too_large_and_affects_no_other(tmp_path: Path) -> None:
    found = outcomes(workers(count=1), requests(tmp_path, "a", "greedy", "b"))
    assert found == {"a": None, "greedy": Reason.TOO_LARGE, "b": None}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the limit is Linux's")
def test_an_engine_out_of_memory_is_not_a_crash(tmp_path: Path) -> None:
    method = Method(Engine.NATIVE, Window(WindowPosition.WHOLE, 30.0, 5.0), 1 << 30)
    path = write_tune(tmp_path / "tune.wav", 300.0)
    pool = Workers(1, Engine.NATIVE, 30.0, memory_bytes=1 << 20)
    [(_, problem)] = pool.run([Request("tune", path, method)], threading.Event())
    assert isinstance(problem, Problem)
    assert problem.reason is Reason.TOO_LARGE
    assert "more than a worker's memory of 1 MB" in problem.message


def test_output_of_a_worker_becomes_log_records_of_the_program(tmp_path: Path, capfd, caplog) -> None:
    caplog.set_level("DEBUG")
    wanted = requests(tmp_path, "warns", "chatters", "exits")
    found = outcomes(workers(count=1), wanted)
    assert found == {"warns": None, "chatters": None, "exits": Reason.CRASHED}
    assert capfd.readouterr().err == ""  # nothing goes past the log
    [tags] = [record for record in caplog.records if record.name == "segue_jobs.example"]
    assert (tags.getMessage(), tags.path) == ("odd tags", "warns")
    lines = [record.line for record in caplog.records if hasattr(record, "line")]
    assert "Note: Illegal header 0" in lines
    deaths = [record for record in caplog.records if hasattr(record, "last_words")]
    assert [(death.how, death.last_words.splitlines()[-1]) for death in deaths] == [
        ("exit code 3", "free(): invalid pointer")
    ] * 2


def test_a_signal_to_the_fork_server_leaves_it_alive(tmp_path: Path) -> None:
    wanted = requests(tmp_path, "killed-1", "a")
    start_fork_server()
    server = forkserver._forkserver._forkserver_pid
    os.kill(server, signal.SIGTERM)
    assert outcomes(workers(count=1), wanted) == {"killed-1": Reason.CRASHED, "a": None}
    assert forkserver._forkserver._forkserver_pid == server
