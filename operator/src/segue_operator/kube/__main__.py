"""``segue-operator``: runs the operator against its own cluster, or the one that KUBECONFIG names."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
from collections.abc import Sequence
from enum import IntEnum
from importlib.metadata import version

from segue_core.observability.logging import configure_logging
from segue_operator.children.environment import ConfigError
from segue_operator.kube.access import AccessError
from segue_operator.kube.composition import Operator
from segue_operator.kube.operator_settings import Settings
from segue_operator.kube.schema import SchemaError
from segue_operator.kube.watches import quieten_kopf

logger = logging.getLogger("segue_operator")

_EPILOG = """\
environment:
  KAFKA_BOOTSTRAP            broker for the programs (required)
  SEGUE_WATCH_NAMESPACES     namespaces to serve, separated by commas (default: all)
  SEGUE_HTTP_PORT            port of /metrics, /healthz and /readyz (default: 8080)
  SEGUE_WORKERS              resources reconciled at the same time (default: 4)
  SEGUE_RESYNC_SECONDS       seconds between reconciliations of every resource (default: 300)
  SEGUE_LOG_FORMAT           json or text (default: json)
  SEGUE_LOG_LEVEL            DEBUG, INFO, WARNING or ERROR (default: INFO)
  KUBECONFIG                 kubeconfig to use instead of the pod's service account
  and the children's images, Secrets, resources and accounts (docs/configuration.md)

exit codes:
  0  stopped by a signal        2  an environment variable is missing or wrong
  1  failed                     3  the cluster lacks this version's CRDs
"""


LAST_SECONDS = 2.0
"""How long the operator keeps working after SIGTERM.

If its own namespace is being deleted, its pod ends together with the Jobs' pods, and it still has to delete the Jobs.
"""


class Exit(IntEnum):
    """Exit codes of the operator."""

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
    parser.add_argument("--version", action="version", version=f"%(prog)s {version('segue-operator')}")
    parser.add_argument("--check", action="store_true", help="print the settings and exit")
    options = parser.parse_args(arguments)
    try:
        settings = Settings.from_environment()
    except ConfigError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - logging is not configured yet
        return Exit.CONFIGURATION
    if options.check:
        for name, value in settings.describe().items():
            print(f"{name}: {value}")  # noqa: T201 - the output that --check asks for
        return Exit.STOPPED
    configure_logging(settings.log_format, settings.log_level)
    quieten_kopf(settings.log_level)
    return asyncio.run(_run(settings))


async def _run(settings: Settings) -> int:
    task = asyncio.create_task(Operator(settings).run(), name="operator")
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, lambda: loop.call_later(LAST_SECONDS, task.cancel))
    loop.add_signal_handler(signal.SIGINT, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        logger.info("segue-operator stopped")
        return Exit.STOPPED
    except Exception as error:  # noqa: BLE001 - reported, and the process exits
        return _fail(_first(error))
    return Exit.FAILED


def _first(error: BaseException) -> BaseException:
    """The first error of a group of failed tasks."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _fail(error: BaseException) -> Exit:
    if isinstance(error, SchemaError):
        logger.error("%s", error)
        return Exit.SCHEMA
    known = isinstance(error, AccessError | OSError)
    logger.error("segue-operator failed: %s", error, exc_info=None if known else error)
    return Exit.FAILED


if __name__ == "__main__":
    sys.exit(main())
