"""How long a start is waited for, and what a person reads when it does not come."""

from __future__ import annotations

from pathlib import Path

import pytest

from segue.servers.process import GuardedProcess
from segue.servers.server_log import ServerLog, Words
from segue.servers.startup import LONGEST_SECONDS, SILENCE_SECONDS, StartPatience, not_started
from support.waiting import wait_until


def seconds_waited(signs: list[object]) -> float:
    """How long a start is waited for whose signs of life, one each two seconds, end with the last of these."""
    now = 0.0
    patience = StartPatience(lambda: signs[min(int(now // 2), len(signs) - 1)], lambda: now)
    while patience.problem() is None:
        now += 1.0
    assert patience.waited == now
    return now


def test_a_start_without_signs_of_life_is_given_up_after_a_minute() -> None:
    assert SILENCE_SECONDS <= seconds_waited([None]) <= SILENCE_SECONDS + 3


def test_a_start_that_makes_progress_is_waited_for() -> None:
    assert 400 + SILENCE_SECONDS <= seconds_waited(list(range(200))) + 3 <= 406 + SILENCE_SECONDS


def test_no_start_is_waited_for_without_end() -> None:
    assert seconds_waited(list(range(10_000))) == LONGEST_SECONDS


def log_of(folder: Path, text: str, server: str = "mongodb") -> Words:
    path = folder / f"{server}.log"
    path.write_text("of the start before: WT_TRY_SALVAGE\n", encoding="utf-8")
    log = ServerLog(path)
    log.begin()
    with path.open("a", encoding="utf-8") as target:
        target.write(text)
    return log.words()


def test_an_empty_log_is_said_to_be_empty(tmp_path: Path) -> None:
    error = not_started("kafka", tmp_path, log_of(tmp_path, "", "kafka"), "it has ended")
    assert str(error) == f"kafka did not start: it has ended, and {tmp_path / 'kafka.log'} does not say why"
    assert error.hint


def test_the_end_of_the_log_is_told_without_stack_traces(tmp_path: Path) -> None:
    text = "java.lang.LinkageError: no such thing\n\tat kafka.Kafka.main(Kafka.scala)\n\t... 14 more\n\n"
    error = not_started("kafka", tmp_path, log_of(tmp_path, text, "kafka"), "it has ended")
    assert str(error) == (
        f"kafka did not start: it has ended; the end of {tmp_path / 'kafka.log'}:\n"
        "java.lang.LinkageError: no such thing"
    )


@pytest.mark.parametrize(
    ("text", "words", "hint"),
    [
        ("java.nio.file.FileSystemException: data: Too many open files\n", "it may not open enough files", "ulimit -n"),
        ("OSError: [Errno 24] Too many open files: 'x'\n", "it may not open enough files", "ulimit -n"),
        (
            "java.lang.OutOfMemoryError: Java heap space\n\tat kafka\n",
            "or threads: Java heap",
            "ulimit -a",
        ),
        ("Error: Could not reserve enough space for object heap\n", "it does not get enough memory", "ulimit -a"),
        ("RuntimeError: can't start new thread\n", "it does not get enough memory or threads", "ulimit -a"),
    ],
)
def test_a_limit_that_bites_is_named_with_the_way_out(tmp_path: Path, text: str, words: str, hint: str) -> None:
    error = not_started("kafka", tmp_path, log_of(tmp_path, text, "kafka"), "it has ended")
    assert words in str(error)
    assert "\n" not in str(error)
    assert hint in (error.hint or "")


CORRUPT_TABLE = (
    "[1795954745:446562][11305:0x7f41e5097b80], file:WiredTiger.wt, connection: [WT_VERB_DEFAULT][ERROR]: "
    "__desc_read, 395: WiredTiger.wt is corrupted: calculated block checksum of 0xa7 doesn't match expected "
    "checksum of 0x74: WT_TRY_SALVAGE: database corruption detected\nTraceback (most recent call last):\n"
)
NO_PROPERTIES = (
    "2026-11-29 12:20:02.686 [main] ERROR kafka.Kafka$ - Exiting Kafka due to fatal exception\n"
    "java.lang.RuntimeException: Error: node ID not found in data\n\tat kafka.Kafka\n"
)
NO_CHECKPOINT = (
    "2026-11-29 12:21:50.359 [kafka-1-metadata-loader-event-handler] ERROR org.apache.kafka.storage.internals."
    "log.LogDirFailureChannel - Error while reading checkpoint file recovery-point-offset-checkpoint\n"
)


@pytest.mark.parametrize(
    ("server", "text", "words"),
    [
        ("mongodb", CORRUPT_TABLE, "WiredTiger.wt is corrupted: calculated block checksum"),
        ("kafka", NO_PROPERTIES, "node ID not found in data"),
        ("kafka", NO_CHECKPOINT, "Error while reading checkpoint file recovery-point-offset-checkpoint"),
    ],
)
def test_damaged_data_is_named_with_the_way_out(tmp_path: Path, server: str, text: str, words: str) -> None:
    error = not_started(server, tmp_path, log_of(tmp_path, text, server), "it has ended")
    assert str(error).startswith(f"{server} did not start: its data in {tmp_path} is damaged: {words}")
    assert "\n" not in str(error)
    assert f"mv {tmp_path} {tmp_path}.damaged" in (error.hint or "")
    assert "--again" in (error.hint or "")


def test_a_full_disk_is_not_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "pwrite: No space left on device\nthe process must exit and restart: WT_PANIC: WiredTiger library panic\n"
    quota = not_started("mongodb", tmp_path, log_of(tmp_path, text), "it has ended")
    assert str(quota) == f"mongodb did not start: the disk that holds {tmp_path} is full"
    monkeypatch.setattr("segue.servers.startup.free_bytes", lambda _folder: 3 << 20)
    full = not_started("mongodb", tmp_path, log_of(tmp_path, text), "it has ended")
    assert str(full) == f"mongodb did not start: the disk that holds {tmp_path} is full: 3 MB free, 48 MB needed"


ACTIVE = "2026-11-29 23:47:59.484 WARN QuorumController - Performing controller activation.\n"
UNREADABLE = (
    "2026-11-29 23:48:29.818 ERROR CoordinatorRuntime - [GroupCoordinator id=1] Failed to load metadata from "
    "__consumer_offsets-2 with epoch 4 due to Deserializing record from __consumer_offsets-2 failed.\n"
)


def test_offsets_that_the_broker_could_not_read_are_those_of_its_last_run(tmp_path: Path) -> None:
    assert log_of(tmp_path, ACTIVE + UNREADABLE * 2, "kafka").unreadable_offsets == ("__consumer_offsets-2",)
    assert log_of(tmp_path, ACTIVE + UNREADABLE + ACTIVE, "kafka").unreadable_offsets == ()


def test_of_an_endless_log_only_the_end_is_read(tmp_path: Path) -> None:
    words = log_of(tmp_path, "x" * 5_000_000 + "\nthe end\n")
    assert sum(map(len, words.lines)) < 1000
    assert words.last.endswith("\nthe end")


def test_a_busy_process_uses_processor_time_and_an_idle_one_does_not(tmp_path: Path) -> None:
    busy = GuardedProcess(["sh", "-c", "while :; do :; done"], log=tmp_path / "busy.log")
    idle = GuardedProcess(["sleep", "60"], log=tmp_path / "idle.log")
    try:
        wait_until(lambda: (busy.processor_seconds() or 0) >= 1)
        assert idle.processor_seconds() == 0
    finally:
        busy.stop()
        idle.stop()
    assert busy.processor_seconds() is None
