"""``segue completion``: what makes a shell complete the command."""

from __future__ import annotations

from typing import Annotated, Literal

from cyclopts import Parameter

from segue.commandline import Call
from segue.errors import CommandError, CommandExit


def run(
    shell: Annotated[Literal["bash", "zsh", "fish"], Parameter(help="shell to complete in")],
    /,
    *,
    install: Annotated[
        bool, Parameter(help="write it where the shell looks for it, instead of printing it", show_default=False)
    ] = False,
    call: Call,
) -> int:
    """Print the script, or install it for the user."""
    if not install:
        call.console.file.write(call.app.generate_completion(shell=shell).rstrip("\n") + "\n")
        return CommandExit.OK
    try:
        path = call.app.install_completion(shell=shell)
    except OSError as error:
        raise CommandError(
            f"cannot write to {error.filename}: {error.strerror}",
            f"print it and put it where {shell} finds it: segue completion {shell}",
        ) from error
    call.console.print(f"wrote {path}; it works in the next {shell} that you start", soft_wrap=True)
    return CommandExit.OK
