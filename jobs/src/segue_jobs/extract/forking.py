"""The fork server: a process without threads that has loaded the engine; every worker is a copy of it.

The program itself has threads (for Kafka, for metrics), and a fork would copy their locks in whatever state they are.
This module needs only the standard library, so that the server can start before anything else is loaded.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import forkserver, resource_tracker, util
from multiprocessing.context import ForkServerContext
from pathlib import Path

_LOADED_ONCE = ["segue_jobs.extract.native_engine", "segue_jobs.extract.analyse", "segue_jobs.extract.ffmpeg_stream"]
"""The server passes over what is not installed."""
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
_PREFIX = "segue-extract-"
_LONGEST_FOLDER = 66
"""The socket's path is 37 bytes longer, and may have 103 on some systems."""
_AFTER_ITS_FOLDER = -101
"""multiprocessing removes its own folder with -100; the higher number goes first."""


def start_fork_server() -> ForkServerContext:
    """Start the server unless it is running; it loads the engine while this process continues.

    It ignores SIGTERM, as its workers do, so that a signal to the whole process group lets them finish their tracks. It
    ends when this process ends.
    """
    for name in _ONE_THREAD:
        os.environ.setdefault(name, "1")  # the libraries read it when they are loaded
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_LOADED_ONCE)
    resource_tracker.ensure_running()  # it would unblock the signal
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})  # a new process inherits the mask
    try:
        with _swept_folder():
            forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return context


@contextmanager
def _swept_folder() -> Iterator[None]:
    """Have multiprocessing make the folder of its socket, ``pymp-*``, where the next start finds it.

    It removes that folder when the process ends, but not when the process is killed.
    """
    base = Path(tempfile.gettempdir())
    for folder in base.glob(f"{_PREFIX}*"):
        if not _is_alive(folder.name.removeprefix(_PREFIX)):
            shutil.rmtree(folder, ignore_errors=True)  # somebody else's cannot be removed
    own = base / f"{_PREFIX}{os.getpid()}"
    if len(os.fsencode(own)) > _LONGEST_FOLDER or not _is_made(own):
        yield
        return
    util.Finalize(None, shutil.rmtree, args=(own,), kwargs={"ignore_errors": True}, exitpriority=_AFTER_ITS_FOLDER)
    before, tempfile.tempdir = tempfile.tempdir, str(own)
    try:
        yield
    finally:
        tempfile.tempdir = before


def _is_made(folder: Path) -> bool:
    """Make a folder; False if there is one, perhaps somebody else's, or none can be made."""
    try:
        folder.mkdir(mode=0o700)
    except OSError:
        return False
    return True


def _is_alive(pid: str) -> bool:
    """Whether a process has this id; another one may have it by now, which only puts the sweeping off."""
    if not pid.isascii() or not pid.isdigit():
        return True  # no folder of ours
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
