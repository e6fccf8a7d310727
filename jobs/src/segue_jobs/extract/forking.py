"""The fork server: a process without threads that has loaded the engine, and of which every worker is a copy.

The program itself has threads (Kafka's, the metrics'), whose locks a fork would copy in whatever state they are.
Needs the standard library only, so that the server can start before anything else is loaded.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from multiprocessing import forkserver, resource_tracker
from multiprocessing.context import ForkServerContext

_LOADED_ONCE = ["segue_jobs.extract.native_engine", "segue_jobs.extract.analyse"]
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


def start_fork_server() -> ForkServerContext:
    """Start the server unless it runs already; it loads the engine while this process goes on.

    It is deaf to SIGTERM, as its workers are: a signal to the whole group must let tracks under way be finished. It
    ends when this process does.
    """
    for name in _ONE_THREAD:
        os.environ.setdefault(name, "1")  # read by the libraries when they are loaded
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_LOADED_ONCE)
    resource_tracker.ensure_running()  # it would unblock the signal
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})  # a new process inherits the mask
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return context
