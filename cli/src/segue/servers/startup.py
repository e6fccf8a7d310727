"""How long to wait for a server to start, and what to say when it does not."""

from __future__ import annotations

import resource
import shlex
from collections.abc import Callable
from pathlib import Path

from segue.errors import CommandError
from segue.servers.disk import MAKE_ROOM, ROOM_BYTES, free_bytes, full_sentence
from segue.servers.server_log import Words

OnWait = Callable[[str, float], None]
"""Told the name of the server that is waited for, and for how many seconds already."""
SILENCE_SECONDS = 60.0
"""A start with no sign of life for this long has failed."""
LONGEST_SECONDS = 1800.0
"""A start that is still busy after this long has failed, too."""
_LOOK_SECONDS = 2.0

_WHAT_IS_LOST = {
    "mongodb": "the music is analysed and models are trained again; likes and plays that only it held are lost",
    "kafka": "what the database holds is not analysed again",
}


class StartPatience:
    """Whether to keep waiting for a start: yes, while the server's log grows or it uses processor time.

    Parameters
    ----------
    signs_of_life
        Returns a value that changes whenever the server has done something.
    clock
        Seconds from a monotonic clock.
    """

    def __init__(self, signs_of_life: Callable[[], object], clock: Callable[[], float]) -> None:
        self._signs_of_life = signs_of_life
        self._clock = clock
        self._began = self._last_sign_at = self._looked_at = clock()
        self._last_sign: object = None

    @property
    def waited(self) -> float:
        """Seconds since the start."""
        return self._clock() - self._began

    def problem(self) -> str | None:
        """Why to stop waiting; None to keep waiting."""
        now = self._clock()
        if now - self._looked_at >= _LOOK_SECONDS:
            self._looked_at, sign = now, self._signs_of_life()
            if sign != self._last_sign:
                self._last_sign, self._last_sign_at = sign, now
        if now - self._last_sign_at >= SILENCE_SECONDS:
            return f"for {SILENCE_SECONDS:.0f} s it wrote nothing to its log and used no processor time"
        if now - self._began >= LONGEST_SECONDS:
            return f"it was not ready after {LONGEST_SECONDS / 60:.0f} minutes"
        return None


def _move_away(folder: Path) -> str:
    return shlex.join(["mv", str(folder), f"{folder}.damaged"])


def _limited(server: str, words: Words) -> CommandError | None:
    """The error of a server that met a limit of this process; None if it says nothing of one."""
    if few := words.of_few_files:
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        return CommandError(
            f"{server} did not start: it may not open enough files: {few}",
            f"raise the limit of this shell, which is {limit}: ulimit -n 4096; then run the same command again",
        )
    if little := words.of_little_memory:
        return CommandError(
            f"{server} did not start: it does not get enough memory or threads: {little}",
            "free some, or raise the limits of this shell (ulimit -a) or container; then run the same command again",
        )
    return None


def not_started(server: str, directory: Path, words: Words, problem: str) -> CommandError:
    """The error of a server that did not start: a full disk and damaged data by name, anything else by its log."""
    log = directory / f"{server}.log"
    free = free_bytes(directory)
    if free < ROOM_BYTES:
        return CommandError(f"{server} did not start: {full_sentence(directory, free)}", MAKE_ROOM)
    if words.name_a_full_disk:
        return CommandError(f"{server} did not start: the disk that holds {directory} is full", MAKE_ROOM)
    if limited := _limited(server, words):
        return limited
    if damage := words.of_damage:
        return CommandError(
            f"{server} did not start: its data in {directory} is damaged: {damage}",
            f"restore that folder from a backup; or move it away ({_move_away(directory)}) and run `segue apply` with "
            f"--again: {_WHAT_IS_LOST.get(server, 'it begins with an empty folder')}",
        )
    if not words.last:
        return CommandError(
            f"{server} did not start: {problem}, and {log} does not say why",
            "run the same command again; if that does not help, check what else uses this machine's memory and "
            "processor, or use another folder with --state DIR",
        )
    return CommandError(f"{server} did not start: {problem}; the end of {log}:\n{words.last}")
