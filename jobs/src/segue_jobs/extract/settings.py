"""What a shard reads from its environment: which one it is, and how many processes it may use."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from segue_jobs.contract import Env
from segue_jobs.runtime.program import ConfigurationError

_CGROUP_LIMIT = Path("/sys/fs/cgroup/cpu.max")


def shard_index(environ: Mapping[str, str], shards: int) -> int:
    """Index of this shard; 0 where nothing says it.

    Raises
    ------
    ConfigurationError
        It is no number, or beyond the batch's shards.
    """
    text = environ.get(Env.SHARD) or "0"
    if not text.isascii() or not text.isdigit() or int(text) >= shards:
        raise ConfigurationError(f"{Env.SHARD}={text!r} is no shard: there are {shards}, numbered from 0")
    return int(text)


def worker_count(environ: Mapping[str, str], cgroup_limit: Path = _CGROUP_LIMIT) -> int:
    """Processes to use: as told, else one a core that this process may use.

    Raises
    ------
    ConfigurationError
        The number is none, or below 1.
    """
    text = environ.get(Env.WORKERS)
    if text:
        if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 1024:
            raise ConfigurationError(f"{Env.WORKERS}={text!r}: give a whole number from 1")
        return int(text)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores, _cgroup_cores(cgroup_limit) or cores))


def _cgroup_cores(path: Path) -> int | None:
    """CPU limit of the container, rounded up; None without one."""
    try:
        quota, period = path.read_text().split()
        return -(-int(quota) // int(period))
    except (OSError, ValueError):
        return None
