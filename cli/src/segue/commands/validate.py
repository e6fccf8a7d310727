"""``segue validate``: check manifests and start nothing."""

from __future__ import annotations

from segue.commandline import Call, Filenames
from segue.commands.manifest_files import read_manifests
from segue.errors import CommandExit
from segue.render.resources import short_name
from segue_operator.kinds.objects import Key


def run(*, filename: Filenames, call: Call) -> int:
    """Print a line for every valid manifest."""
    for manifest in read_manifests(filename):
        call.console.print(f"{short_name(Key.of(manifest))} is valid")
    return CommandExit.OK
