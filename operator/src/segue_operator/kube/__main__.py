"""``segue-operator``: runs the operator against the cluster that it is in, or that KUBECONFIG names."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
from collections.abc import Sequence
from enum import IntEnum

from segue_jobs.runtime.logging import configure_logging
from segue_operator.children.environment import ConfigError
from segue_operator.kube.access import AccessError
from segue_operator.kube.memories import KopfError
from segue_operator.kube.operator import Operator
from segue_operator.kube.schema import SchemaError
from segue_operator.kube.settings import Settings

logger = logging.getLogger("segue_operator")

_EPILOG = """\
environment:
  KAFKA_BOOTSTRAP            broker that the programs are given (required)
  SEGUE_WATCH_NAMESPACES     namespaces to serve, separated by commas (default: all)
  SEGUE_HTTP_PORT            port of /metrics, /healthz and /readyz (default: 8080)
  SEGUE_WORKERS              resources that are worked on at once (default: 4)
  SEGUE_RESYNC_SECONDS       how often everything is looked at anew (default: 300)
  SEGUE_LOG_FORMAT           json or text (default: json)
  SEGUE_LOG_LEVEL            DEBUG, INFO, WARNING or ERROR (default: INFO)
  KUBECONFIG                 a kubeconfig, instead of the pod's service account
  and what the children are given: images, secrets by name, resources (docs/configuration.md)

exit codes:
  0  stopped by a signal        2  an environment variable is missing or wrong
  1  failed                     3  the cluster has no CRDs, or those of another version
"""


LAST_SECONDS = 2.0
"""How long the operator goes on after SIGTERM.

If its own namespace is being deleted, its pod goes at the same time as those of the Jobs that it is to delete then.
"""


class Exit(IntEnum):
    """How the operator ends."""

    STOPPED = 0
    FAILED = 1
    CONFIGURATION = 2
    SCHEMA = 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the operator; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="segue-operator",
        description="Turns TrackBatches and TrainingRuns into Jobs, Deployments and SparkApplications.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--check", action="store_true", help="read and print the settings, and end")
    options = parser.parse_args(arguments)
    try:
        settings = Settings.from_environment()
    except ConfigError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - logging is not configured yet
        return Exit.CONFIGURATION
    if options.check:
        for name, value in settings.describe().items():
            print(f"{name}: {value}")  # noqa: T201 - what was asked for
        return Exit.STOPPED
    configure_logging(settings.log_format, settings.log_level)
    logging.getLogger("kopf").setLevel(max(logging.WARNING, logging.getLevelName(settings.log_level)))
    logging.getLogger("kopf._core.reactor.running").setLevel(logging.ERROR)  # it is in a thread on purpose
    return asyncio.run(_run(settings))


async def _run(settings: Settings) -> int:
    task = asyncio.create_task(Operator(settings).run(), name="operator")
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, lambda: loop.call_later(LAST_SECONDS, task.cancel))
    loop.add_signal_handler(signal.SIGINT, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        logger.info("segue-operator is stopped")
        return Exit.STOPPED
    except Exception as error:  # noqa: BLE001 - the process ends with it
        return _fail(_first(error))
    return Exit.FAILED


def _first(error: BaseException) -> BaseException:
    """The error that the first of several tasks failed with."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _fail(error: BaseException) -> Exit:
    if isinstance(error, SchemaError):
        logger.error("%s", error)
        return Exit.SCHEMA
    known = isinstance(error, AccessError | KopfError | OSError)
    logger.error("segue-operator fails: %s", error, exc_info=None if known else error)
    return Exit.FAILED


if __name__ == "__main__":
    sys.exit(main())
