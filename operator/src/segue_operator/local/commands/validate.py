"""``segue validate``: check manifests, begin nothing."""

from __future__ import annotations

import argparse

from segue_operator.api.objects import Key
from segue_operator.local.commandline import Command, Invocation
from segue_operator.local.errors import CommandExit
from segue_operator.local.manifest_files import read_manifests
from segue_operator.local.resources import short_name


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-f",
        "--filename",
        action="append",
        required=True,
        metavar="FILE|DIR",
        help="manifests; repeatable; - reads input",
    )


def _run(call: Invocation) -> int:
    for manifest in read_manifests(call.arguments.filename):
        call.console.print(f"{short_name(Key.of(manifest))} is valid")
    return CommandExit.OK


COMMAND = Command(
    examples=["segue validate -f examples/demo"],
    add_arguments=_add_arguments,
    run=_run,
)
