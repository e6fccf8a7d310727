"""``segue apply``: bring resources to their end on this machine."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from segue.commandline import Call, Filenames


def run(
    *,
    filename: Filenames,
    volume: Annotated[
        tuple[str, ...], Parameter(metavar="CLAIM=DIR", help="local folder for a volume claim; repeatable")
    ] = (),
    again: Annotated[
        bool,
        Parameter(
            help="run finished resources again; tracks that did not change are not extracted again",
            show_default=False,
        ),
    ] = False,
    timeout: Annotated[
        float | None, Parameter(metavar="SECONDS", help="give up after this time (default: never)")
    ] = None,
    as_json: Annotated[
        bool,
        Parameter(
            name="--json",
            help="print events instead of progress, a line of JSON each (Applied, Server, Disk, Waiting, Finished)",
            show_default=False,
        ),
    ] = False,
    call: Call,
) -> int:
    """Apply the manifests and wait until every resource has succeeded or failed."""
    from segue.commands.apply_manifests import ApplyOptions, apply_manifests

    return apply_manifests(call, ApplyOptions(filename, volume, again=again, timeout=timeout, as_json=as_json))
