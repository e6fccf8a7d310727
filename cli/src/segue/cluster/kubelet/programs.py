"""The images' programs on this machine: the interpreter, and Spark's submit script with Kafka's jars."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from segue.errors import LocalError
from segue.servers.class_archive import archive_options
from segue.servers.java import FIXED_ENCODING, FIXED_LOCALE, cache_directory, find_java, spark_kafka_jars
from segue_core.contract import TRAIN_APPLICATION_FILE, TrainArguments

_LOG_CONFIGURATION = Path(__file__).with_name("log4j2.properties")
_JAVA_OPTIONS = (
    *FIXED_LOCALE,
    "-XX:+UseSerialGC",  # a tenth less work than G1 on a few cores
    "-XX:MetaspaceSize=256m",  # Spark's classes need half of it; each step of growth costs a full collection
    # A run is short: a quarter of its CPU time went into optimising code that then ran for seconds. With ten times the
    # usual thresholds only inner loops are optimised. MLlib needs that: with the quick compiler alone, KMeans took four
    # times as long.
    "-XX:Tier4InvocationThreshold=50000",
    "-XX:Tier4MinInvocationThreshold=6000",
    "-XX:Tier4CompileThreshold=150000",
    "-XX:Tier4BackEdgeThreshold=400000",
    # Quiet from the first line on. A URI, because a path may contain spaces.
    f"-Dlog4j2.configurationFile={_LOG_CONFIGURATION.as_uri()}",
)
_UTF8 = {"PYTHONUTF8": "1"}
"""As in a container: names of files are UTF-8 whatever the locale."""


@dataclass(frozen=True)
class Program:
    """A command that this machine can run, and the variables that it needs."""

    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)


def resolve(command: Sequence[str]) -> Program:
    """The command that runs a pod's program here; downloads Spark's jars for Kafka when they are first needed.

    Raises
    ------
    LocalError
        A program is missing here; the message says what to install.
    """
    name, *arguments = command
    match name:
        case "python" | "python3":
            return Program([sys.executable, *arguments], _UTF8)
        case "spark-submit":
            return _spark_submit(arguments)
        case _:
            found = shutil.which(name)
            if found is None:
                raise LocalError(f"the program {name} is not installed on this machine")
            return Program([found, *arguments])


def _spark_submit(arguments: Sequence[str]) -> Program:
    pyspark, java = _origin("pyspark").parent, find_java().resolve()
    jars = spark_kafka_jars()
    options = [*_JAVA_OPTIONS]
    if not (pyspark / "conf").exists() and "SPARK_CONF_DIR" not in os.environ:  # an archive is of jars alone
        parts = (java, *(pyspark / "jars").glob("*.jar"), *jars)
        options += archive_options(cache_directory() / "classes", "spark", parts, options)
    given = [
        str(_origin(f"{TrainArguments.MODULE}.__main__")) if argument == TRAIN_APPLICATION_FILE else argument
        for argument in arguments
    ]
    environment = {
        **_UTF8,
        **FIXED_ENCODING,
        "SPARK_HOME": str(pyspark),
        "JAVA_HOME": str(java.parents[1]),
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_DRIVER_PYTHON": sys.executable,
        "SPARK_LOCAL_IP": "127.0.0.1",
        # For the short-lived JVM that only prints the command line of the real one.
        "SPARK_LAUNCHER_OPTS": " ".join(("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", *FIXED_LOCALE)),
    }
    # The application's own configuration comes later and takes precedence.
    configuration = {
        "spark.ui.enabled": "false",  # several runs at once would compete for ports
        "spark.driver.extraJavaOptions": " ".join(map(_quoted, options)),
        # Not as spark.jars: they would be copied for every run, and loaded by a class loader that has no archive.
        "spark.driver.extraClassPath": os.pathsep.join(map(str, jars)),
    }
    given_first = [part for name, value in configuration.items() for part in ("--conf", f"{name}={value}")]
    return Program([str(pyspark / "bin" / "spark-submit"), *given_first, *given], environment)


def _quoted(option: str) -> str:
    """An option as Spark reads it back from a line of several."""
    return '"' + option.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _origin(module: str) -> Path:
    try:
        spec = find_spec(module)
    except ModuleNotFoundError:
        spec = None
    if spec is None or spec.origin is None:
        raise LocalError(f"the module {module} is not installed: run `make install`")
    return Path(spec.origin)
