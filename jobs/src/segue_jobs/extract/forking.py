"""The fork server: a process without threads that has loaded the engine; every worker is a copy of it.

The program itself has threads (for Kafka, for metrics), and a fork would copy their locks in whatever state they are.
This module needs only the standard library, so that the server can start before anything else is loaded.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from multiprocessing import forkserver, resource_tracker
from multiprocessing.context import ForkServerContext

_LOADED_ONCE = ["segue_jobs.extract.native_engine", "segue_jobs.extract.analyse", "segue_jobs.extract.ffmpeg_stream"]
"""The server passes over what is not installed."""
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


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
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return context
