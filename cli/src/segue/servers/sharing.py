"""Embedded servers that the commands of one state directory use together.

Whoever needs a server joins its users. The first starts it; the others find it running. It ends when nobody uses it any
more: its last user ends it in order, and after a kill its guard does, for the kernel gives up a dead process's locks.
One user at a time is the keeper: it starts the server, and restarts one that fails. A long-running command becomes the
keeper as soon as there is none.
"""

from __future__ import annotations

import time

from segue.errors import CommandError
from segue.locks import FileLock
from segue.servers.embedded import Server
from segue.servers.process import processor_seconds_below
from segue.servers.shared_process import SharedFiles, SharedProcess
from segue.servers.startup import OnWait, StartPatience

_LOOK_SECONDS = 0.05


class SharedServer:
    """The part that one process has in a server.

    Parameters
    ----------
    server
        A server that has not been started.
    """

    def __init__(self, server: Server) -> None:
        self.server = server
        self.files = SharedFiles(server.directory)
        self._users = FileLock(self.files.users)
        self._keeper = FileLock(self.files.keeper)
        self._is_starting = False
        server.spawn_with(lambda command, log, folder: SharedProcess.start(self.files, command, log, folder))

    def begin(self) -> bool:
        """Join the users if the server runs, or start it, without waiting; returns whether it is ready.

        Raises
        ------
        LocalError
            The server cannot be started.
        """
        if not (self._users.is_held or self._users.take(shared=True)):
            return False  # nobody uses it, and so it is ending
        if self._adopt():
            return True
        if not (self._keeper.is_held or self._keeper.take()):
            return False  # another user is starting it
        if self._adopt():
            return True
        if self.files.is_running():
            return False  # an earlier one is ending
        self._is_starting = True
        self.server.launch()
        return False

    def await_ready(self, on_wait: OnWait) -> None:
        """Wait until the server can be used, whoever starts it.

        Parameters
        ----------
        on_wait
            Told now and then which server is waited for, and for how many seconds already.

        Raises
        ------
        CommandError
            It does not start, or who starts or ends it shows no sign of life for a minute.
        """
        patience = StartPatience(self._signs_of_life, time.monotonic)
        while not self._is_starting and not self.begin():
            if problem := patience.problem():
                raise self._given_up(problem)
            on_wait(self.server.name, patience.waited)
            time.sleep(_LOOK_SECONDS)
        if self._is_starting:
            self.server.wait_ready(on_wait)
            self._is_starting = False

    @property
    def is_ready(self) -> bool:
        """Whether the server can be used now."""
        return self.files.endpoint() is not None

    def keep(self) -> bool:
        """Become the keeper if there is none; returns whether this process is the keeper."""
        if not self._keeper.is_held and self._keeper.take():
            self._adopt()
        return self._keeper.is_held

    def let_others_keep(self) -> None:
        """Stop being the keeper; the server runs on."""
        self._keeper.close()

    def leave(self) -> None:
        """Stop using the server; its last user ends it."""
        try:
            if self._is_starting:  # nobody else has it yet
                self.server.stop()
            elif self._users.is_held and self._users.take():
                self._adopt()
                self.server.stop()
            elif self._keeper.is_held and not self.is_ready:  # the others start it again
                self.server.stop()
        finally:
            self._keeper.close()
            self._users.close()

    def _adopt(self) -> bool:
        """Know the running server as the others do; false if none is ready."""
        endpoint = self.files.endpoint()
        if endpoint is None:
            return False
        if not self.server.is_running or self.server.pid != endpoint.pid:
            self.server.adopt(SharedProcess(self.files, endpoint.pid), endpoint.port)
        return True

    def _signs_of_life(self) -> tuple[object, ...]:
        guard = self.files.guard_pid()
        used = None if guard is None else processor_seconds_below(guard)
        return self.files.is_running(), guard, used, *self.server.signs_of_life()

    def _given_up(self, problem: str) -> CommandError:
        return CommandError(
            f"{self.server.name} is not ready, and another process is starting or ending it: {problem}",
            f"its process is {self.files.guard_pid() or 'unknown'}; end that, and run the same command again",
        )
