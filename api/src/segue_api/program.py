"""The service as a program: listens, tells what it is doing, ends on a signal."""

from __future__ import annotations

import logging
import signal
import sys
from collections.abc import Mapping
from types import FrameType

import uvicorn

from segue_api.application import create
from segue_api.http.condition import Condition
from segue_api.http.connection import BoundedConnection
from segue_api.settings import ApiSettings
from segue_core.contract import ExitCode
from segue_core.contract.environment import SettingsError
from segue_core.errors import ProgramError
from segue_core.observability.http import listen
from segue_core.observability.logging import configure_logging
from segue_core.observability.pulse import Pulse
from segue_core.program import start_metrics

logger = logging.getLogger(__name__)

_EVERYWHERE = "::"
"""What asyncio makes of it takes IPv6 alone."""
_GRACE_SECONDS = 20
"""How long requests may still run after a signal to end."""
_KEEP_ALIVE_SECONDS = 30
_MAXIMUM_CONNECTIONS = 2000
_SWITCH_SECONDS = 0.001
"""How long a thread that computes may keep Python's lock while others want it. With Python's 5 ms, Kafka's network
threads, which give it up at each system call, mostly wait for it while questions are answered."""


async def main(environ: Mapping[str, str]) -> int:
    """Serve until a signal; return the exit code."""
    try:
        settings = ApiSettings.from_environment(environ)
    except SettingsError as error:
        sys.stderr.write(f"error: {error}\n")
        return ExitCode.CONFIGURATION
    configure_logging(settings.program.log_format, settings.program.log_level)
    logging.getLogger("uvicorn").setLevel(max(logging.WARNING, logging.getLevelName(settings.program.log_level)))
    sys.setswitchinterval(_SWITCH_SECONDS)
    condition = Condition()
    try:
        start_metrics(settings.program, condition.ready, Pulse(), lambda: condition.details)
    except ProgramError as error:
        logger.error("%s", error)  # noqa: TRY400 - a message for people; the traceback would hide it
        return error.exit_code
    server = uvicorn.Server(
        uvicorn.Config(
            create(settings, condition=condition),
            host=settings.host,
            port=settings.port,
            workers=1,
            http=BoundedConnection,
            log_config=None,
            access_log=False,
            server_header=False,
            forwarded_allow_ips=settings.trusted_proxies,
            limit_concurrency=_MAXIMUM_CONNECTIONS,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)  # uvicorn ends first, and then raises the signal again
    logger.info("serving", extra={"host": settings.host, "port": settings.port, "threads": settings.threads})
    await server.serve(sockets=[listen(settings.port)] if settings.host == _EVERYWHERE else None)
    return ExitCode.DONE if server.started else ExitCode.RETRY


def _end(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(ExitCode.DONE)
