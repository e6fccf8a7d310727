"""What a shard reads from its environment: which one it is, and how many processes it may use."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from segue_jobs.contract import Engine, Env
from segue_jobs.runtime.program import ConfigurationError

_CGROUP_LIMIT = Path("/sys/fs/cgroup/cpu.max")
_CGROUP_MEMORY = Path("/sys/fs/cgroup/memory.max")
_PROGRAM_BYTES = 192 << 20
"""What the program itself takes of a container's memory."""
_LEAST_WORKER_BYTES = 64 << 20
_MOST_WORKER_BYTES = {Engine.NATIVE: 1 << 30, Engine.LIBROSA: 4 << 30}
"""Twice what the longest window that the engine takes needs."""


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


def worker_bytes(environ: Mapping[str, str], workers: int, engine: Engine, cgroup_memory: Path = _CGROUP_MEMORY) -> int:
    """Memory that a worker may allocate: as told, else its share of the container's, but no more than an engine needs.

    Raises
    ------
    ConfigurationError
        The number is none, or below 1.
    """
    text = environ.get(Env.WORKER_MEGABYTES)
    if text:
        if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 1 << 20:
            raise ConfigurationError(f"{Env.WORKER_MEGABYTES}={text!r}: give a whole number of megabytes from 1")
        return int(text) << 20
    most = _MOST_WORKER_BYTES[engine]
    try:
        share = (int(cgroup_memory.read_text()) - _PROGRAM_BYTES) // workers
    except (OSError, ValueError):  # no container, or "max"
        return most
    return min(most, max(_LEAST_WORKER_BYTES, share))


def _cgroup_cores(path: Path) -> int | None:
    """CPU limit of the container, rounded up; None without one."""
    try:
        quota, period = path.read_text().split()
        return -(-int(quota) // int(period))
    except (OSError, ValueError):
        return None
