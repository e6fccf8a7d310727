"""Limits a worker's memory, so that a file that needs more is rejected and kills nothing."""

from __future__ import annotations

import resource
from pathlib import Path

_STATUS = Path("/proc/self/status")


def limit_memory(additional_bytes: int) -> None:
    """Limit what this process may allocate from now on; does nothing on systems that cannot enforce it.

    The limit applies to private, writable memory (RLIMIT_DATA): libraries and shared pages do not count.
    """
    held = _private_bytes(_STATUS)
    if held is None:
        return
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = held + additional_bytes
    resource.setrlimit(resource.RLIMIT_DATA, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))


def _private_bytes(status: Path) -> int | None:
    try:
        lines = status.read_text(encoding="ascii").splitlines()
    except OSError:
        return None  # not Linux
    sizes = [int(line.split()[1]) << 10 for line in lines if line.startswith("VmData:")]
    return sizes[0] if sizes else None
