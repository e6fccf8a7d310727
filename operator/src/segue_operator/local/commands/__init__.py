"""The commands of ``segue``, one file each.

A command's file is imported only when the command line names it, so that ``segue --help`` need not load what trains
and recommends.
"""

from __future__ import annotations

from importlib import import_module

from segue_operator.local.commandline import Command

SUMMARIES = {
    "init": "write the two manifests for a folder of your own music",
    "validate": "check manifests without running anything",
    "apply": "bring resources to their end on this machine: ingest, train",
    "get": "show resources, pods, jobs or models",
    "logs": "print the log of a pod, or of all pods of a resource",
    "rejected": "list the tracks of a catalogue that were rejected, each with its reason",
    "tracks": "list a catalogue's tracks with their ids and clusters",
    "recommend": "recommend tracks, and say why",
    "map": "draw a catalogue's clusters as a picture",
    "down": "end the running segue process of this state directory; the data stays",
}
"""Every command, in the order of a newcomer's first hour."""


def load_command(name: str) -> Command:
    """Import a command of `SUMMARIES`."""
    command = import_module(f"{__name__}.{name}").COMMAND
    if not isinstance(command, Command):
        raise TypeError(f"{__name__}.{name}.COMMAND is no Command")
    return command
