"""What the environment says about the shard and its processes."""

from __future__ import annotations

from pathlib import Path

import pytest

from segue_core.contract import Engine
from segue_core.contract.environment import SettingsError
from segue_jobs.extract.shard_environment import shard_index, worker_bytes, worker_count


@pytest.mark.parametrize(("text", "expected"), [("", 0), ("0", 0), ("3", 3)])
def test_shard(text: str, expected: int) -> None:
    assert shard_index({"JOB_COMPLETION_INDEX": text}, 4) == expected


@pytest.mark.parametrize("text", ["-1", "x", "³"])
def test_an_index_that_is_not_a_number_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match=r"JOB_COMPLETION_INDEX=.* is not a whole number of at least 0"):
        shard_index({"JOB_COMPLETION_INDEX": text}, 4)


def test_an_index_beyond_the_last_shard_is_refused() -> None:
    with pytest.raises(SettingsError, match="JOB_COMPLETION_INDEX=4 is not a shard of this batch: it has 4, numbered"):
        shard_index({"JOB_COMPLETION_INDEX": "4"}, 4)


@pytest.mark.parametrize(("limit", "expected"), [("100000 100000", 1), ("50000 100000", 1), ("max 100000", None)])
def test_workers_follow_the_containers_limit(tmp_path: Path, limit: str, expected: int | None) -> None:
    (tmp_path / "cpu.max").write_text(limit)
    unlimited = worker_count({}, tmp_path / "missing")
    assert worker_count({}, tmp_path / "cpu.max") == (expected or unlimited)
    assert worker_count({"SEGUE_WORKERS": "7"}, tmp_path / "cpu.max") == 7


@pytest.mark.parametrize("text", ["0", "-2", "many", "1.5"])
def test_a_wrong_number_of_workers_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match=r"SEGUE_WORKERS=.* is not a whole number from 1 to 1024"):
        worker_count({"SEGUE_WORKERS": text})


@pytest.mark.parametrize(
    ("limit", "megabytes"), [("max", 1024), (str(1 << 40), 1024), (str(1216 << 20), 512), (str(100 << 20), 64)]
)
def test_workers_share_the_containers_memory(tmp_path: Path, limit: str, megabytes: int) -> None:
    (tmp_path / "memory.max").write_text(limit)
    assert worker_bytes({}, 2, Engine.NATIVE, tmp_path / "memory.max") == megabytes << 20
    assert worker_bytes({"SEGUE_WORKER_MEGABYTES": "300"}, 2, Engine.NATIVE, tmp_path / "memory.max") == 300 << 20


def test_without_a_container_the_engine_says_what_a_worker_may_take(tmp_path: Path) -> None:
    assert worker_bytes({}, 2, Engine.LIBROSA, tmp_path / "missing") == 4 << 30


@pytest.mark.parametrize("text", ["0", "-2", "much", "1.5"])
def test_a_wrong_amount_of_memory_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match=r"SEGUE_WORKER_MEGABYTES=.* is not a whole number from 1"):
        worker_bytes({"SEGUE_WORKER_MEGABYTES": text}, 2, Engine.NATIVE)
