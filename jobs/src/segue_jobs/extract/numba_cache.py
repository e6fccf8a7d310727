"""Where numba caches the code that it compiles for librosa, and who may write there."""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

_NUMBA_CACHE = "NUMBA_CACHE_DIR"


def ensure_numba_cache() -> None:
    """Give numba a folder for its cache if it would not find one, because then librosa cannot be imported.

    numba caches in the package's folder or in the user's cache; a container with a read-only root and a user without a
    home has neither. Call this before importing librosa; child processes inherit the folder.
    """
    if os.environ.get(_NUMBA_CACHE):
        return
    spec = find_spec("librosa")
    packages = Path(spec.origin).parent if spec and spec.origin else Path("/nonexistent")
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser())
    if _writable(packages / "core") or _writable(caches):
        return
    folder = tempfile.mkdtemp(prefix="segue-numba-")
    os.environ[_NUMBA_CACHE] = folder
    atexit.register(shutil.rmtree, folder, ignore_errors=True)


@contextmanager
def alone_with_numba_cache() -> Iterator[None]:
    """Keep other processes of this user from compiling into the cache at the same time.

    Two processes that fill an empty cache at once leave an index that refers to the wrong code, and every later process
    that loads it crashes with a segmentation fault.
    """
    with Path(tempfile.gettempdir(), f"segue-numba-{os.getuid()}.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # released when the file is closed or the process dies
        yield


def _writable(folder: Path) -> bool:
    """Whether a file can be created in the folder, or in its nearest ancestor that exists."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False
