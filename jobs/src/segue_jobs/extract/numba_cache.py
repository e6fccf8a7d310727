"""Where numba keeps what it compiled for librosa, and who may write there."""

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
    """Give numba a folder for its cache where it would find none, and refuse to be imported.

    numba compiles into its own packages' folders or the user's cache; a container that runs as a user without a home
    on a read-only root has neither. Call it before librosa is imported; started processes inherit the folder.
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
    """Keep other processes of this user from compiling into the cache meanwhile.

    Two that write an empty cache at once leave an index that names the other's code: every later process that loads
    it is ended by a segmentation fault.
    """
    with Path(tempfile.gettempdir(), f"segue-numba-{os.getuid()}.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # let go when the file is closed, or the process dies
        yield


def _writable(folder: Path) -> bool:
    """Whether a file can be made in the folder, or in the first one above it that exists."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False
