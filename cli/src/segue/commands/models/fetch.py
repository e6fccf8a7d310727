"""``segue models fetch``: the network that hears learned features."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from segue.commandline import Call
from segue.errors import CommandExit, LocalError

if TYPE_CHECKING:
    from segue_jobs.learned.ear import EarFile


def run(
    *,
    wheel: Annotated[
        Path | None, Parameter(metavar="FILE", help="the package musicnn 0.1.0, if it is on this machine already")
    ] = None,
    call: Call,
) -> int:
    """Fetch the network, and say where it is and under which licence."""
    from segue_core.errors import ProgramError
    from segue_jobs.learned.fetch import fetch
    from segue_jobs.learned.published import models_folder

    folder = models_folder(call.environ)
    try:
        file = (_present(folder) if wheel is None else None) or fetch(folder, wheel)
    except ProgramError as error:
        raise LocalError(str(error)) from error
    call.console.print(str(file.network), soft_wrap=True)
    call.notes.print(f"licence: {file.ear.licence}; trained on: {file.ear.trained_on}", soft_wrap=True)
    return CommandExit.OK


def _present(folder: Path) -> EarFile | None:
    """The network that is there already; None if it is not, or damaged."""
    from segue_core.contract import PUBLISHED_EAR
    from segue_core.errors import ConfigurationError
    from segue_jobs.learned.published import find_ear

    try:
        file = find_ear(PUBLISHED_EAR, None, folder)
        file.read_network()
    except ConfigurationError:
        return None
    return file
