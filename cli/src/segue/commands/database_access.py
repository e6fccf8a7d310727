"""Segue's database for one command."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from segue.commandline import Invocation
from segue.extras import check_embedded_database
from segue.servers import session
from segue_core.contract import Env

if TYPE_CHECKING:
    from segue_core.store.database import Database


@contextmanager
def open_database(call: Invocation, meanwhile: Callable[[], None] = lambda: None) -> Iterator[Database]:
    """Open the database that the environment names, or the embedded one, which other commands may use as well.

    Parameters
    ----------
    meanwhile
        Done while the embedded database starts.

    Raises
    ------
    LocalError
        There is none yet, or it does not start or answer.
    """
    needs_embedded = not call.environ.get(Env.MONGODB_URI) and call.state.mongodb.is_dir()
    if needs_embedded and not session.is_database_running(call.state):
        check_embedded_database()
    with session.open_database(call.state, call.environ, meanwhile) as database:
        yield database
