"""What the environment says of the shard and its processes."""

from __future__ import annotations

from pathlib import Path

import pytest

from segue_jobs.extract.settings import shard_index, worker_count
from segue_jobs.runtime.program import ConfigurationError


@pytest.mark.parametrize(("text", "expected"), [("", 0), ("0", 0), ("3", 3)])
def test_shard(text: str, expected: int) -> None:
    assert shard_index({"JOB_COMPLETION_INDEX": text}, 4) == expected


@pytest.mark.parametrize("text", ["4", "-1", "x", "³"])
def test_no_shard(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"JOB_COMPLETION_INDEX=.* there are 4, numbered from 0"):
        shard_index({"JOB_COMPLETION_INDEX": text}, 4)


@pytest.mark.parametrize(("limit", "expected"), [("100000 100000", 1), ("50000 100000", 1), ("max 100000", None)])
def test_workers_follow_the_containers_limit(tmp_path: Path, limit: str, expected: int | None) -> None:
    (tmp_path / "cpu.max").write_text(limit)
    unlimited = worker_count({}, tmp_path / "missing")
    assert worker_count({}, tmp_path / "cpu.max") == (expected or unlimited)
    assert worker_count({"SEGUE_WORKERS": "7"}, tmp_path / "cpu.max") == 7


@pytest.mark.parametrize("text", ["0", "-2", "many", "1.5"])
def test_no_number_of_workers(text: str) -> None:
    with pytest.raises(ConfigurationError, match="give a whole number from 1"):
        worker_count({"SEGUE_WORKERS": text})
