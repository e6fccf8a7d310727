"""``segue serve``: answer listeners over HTTP on this machine, until it is stopped."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from segue.commandline import Call


def _check_port(_type: type, value: int) -> None:
    if not 0 < value < 65536:
        raise ValueError(f"{value} is not a port; use 1 to 65535")


def run(
    *,
    catalogue: Annotated[
        tuple[str, ...],
        Parameter(metavar="NAME", help="serve this catalogue; repeatable (default: all that have an active model)"),
    ] = (),
    port: Annotated[int, Parameter(metavar="PORT", validator=_check_port, help="port to listen on")] = 8000,
    host: Annotated[
        str, Parameter(metavar="ADDRESS", help="address to listen on; 0.0.0.0 opens the service to other machines")
    ] = "127.0.0.1",
    call: Call,
) -> int:
    """Run the service, with the broker, the database and the sink that it needs."""
    from segue.commands.service import ServiceOptions, serve

    return serve(call, ServiceOptions(catalogue, host, port))
