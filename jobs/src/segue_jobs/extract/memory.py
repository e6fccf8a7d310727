"""A limit to what a worker process may allocate: a file that wants more is rejected, and kills nobody."""

from __future__ import annotations

import resource
from pathlib import Path

_STATUS = Path("/proc/self/status")


def limit_memory(additional_bytes: int) -> None:
    """Let this process allocate so much beyond what it has; where the system cannot say or hold it, nothing happens.

    The limit is that of private, writable memory (RLIMIT_DATA): libraries and shared pages do not count.
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
        return None  # no Linux
    sizes = [int(line.split()[1]) << 10 for line in lines if line.startswith("VmData:")]
    return sizes[0] if sizes else None
