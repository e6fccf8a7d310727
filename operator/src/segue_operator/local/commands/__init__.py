"""The commands of ``segue``, one file each."""

from segue_operator.local.commandline import Command
from segue_operator.local.commands import down, get, init, logs, rejected, validate

COMMANDS: tuple[Command, ...] = (
    init.COMMAND,
    validate.COMMAND,
    get.COMMAND,
    logs.COMMAND,
    rejected.COMMAND,
    down.COMMAND,
)
