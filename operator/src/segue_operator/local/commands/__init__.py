"""The commands of ``segue``, one file each."""

from segue_operator.local.commandline import Command
from segue_operator.local.commands import down, rejected

COMMANDS: tuple[Command, ...] = (rejected.COMMAND, down.COMMAND)
