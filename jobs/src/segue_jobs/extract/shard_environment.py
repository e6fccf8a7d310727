"""What a shard learns from its environment: its index, and how many processes and how much memory it may use."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from segue_core.contract import Engine, Env
from segue_core.contract.environment import SettingsError, whole_number

_CGROUP_LIMIT = Path("/sys/fs/cgroup/cpu.max")
_CGROUP_MEMORY = Path("/sys/fs/cgroup/memory.max")
_PROGRAM_BYTES = 192 << 20
"""The part of a container's memory that the program itself needs."""
_LEAST_WORKER_BYTES = 64 << 20
_MOST_WORKER_BYTES = {Engine.NATIVE: 1 << 30, Engine.LIBROSA: 4 << 30}
"""Twice what the engine's longest window needs."""


def shard_index(environ: Mapping[str, str], shards: int) -> int:
    """Index of this shard; 0 if the environment does not say.

    Raises
    ------
    SettingsError
        It is not a whole number, or the batch has fewer shards.
    """
    index = whole_number(environ, Env.SHARD, 0, least=0)
    if index >= shards:
        raise SettingsError(f"{Env.SHARD}={index} is not a shard of this batch: it has {shards}, numbered from 0")
    return index


def worker_count(environ: Mapping[str, str], cgroup_limit: Path = _CGROUP_LIMIT) -> int:
    """Processes to use: as many as the environment says, else one for each CPU available to this process.

    Raises
    ------
    SettingsError
        The number is not a whole number from 1 to 1024.
    """
    if environ.get(Env.WORKERS):
        return whole_number(environ, Env.WORKERS, 1, least=1, most=1024)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores, _cgroup_cores(cgroup_limit) or cores))


def worker_bytes(environ: Mapping[str, str], workers: int, engine: Engine, cgroup_memory: Path = _CGROUP_MEMORY) -> int:
    """Bytes that a worker may allocate: what the environment says, else its share of the container's memory.

    The share is at most what the engine needs.

    Raises
    ------
    SettingsError
        The number of megabytes is not a whole number from 1 to a million.
    """
    if environ.get(Env.WORKER_MEGABYTES):
        return whole_number(environ, Env.WORKER_MEGABYTES, 1, least=1, most=1_000_000) << 20
    most = _MOST_WORKER_BYTES[engine]
    try:
        share = (int(cgroup_memory.read_text()) - _PROGRAM_BYTES) // workers
    except (OSError, ValueError):  # not in a container, or "max"
        return most
    return min(most, max(_LEAST_WORKER_BYTES, share))


def _cgroup_cores(path: Path) -> int | None:
    """CPU limit of the container, rounded up; None if there is none."""
    try:
        quota, period = path.read_text().split()
        return -(-int(quota) // int(period))
    except (OSError, ValueError):
        return None
