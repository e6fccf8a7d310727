"""The commands of ``segue``, one file each."""

from segue_operator.local.commandline import Command
from segue_operator.local.commands import apply, down, get, init, logs, map, recommend, rejected, tracks, validate  # noqa: A004

COMMANDS: tuple[Command, ...] = (
    init.COMMAND,
    validate.COMMAND,
    apply.COMMAND,
    get.COMMAND,
    logs.COMMAND,
    rejected.COMMAND,
    tracks.COMMAND,
    recommend.COMMAND,
    map.COMMAND,
    down.COMMAND,
)
