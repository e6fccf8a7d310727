"""What the images' programs are on this machine: the interpreter, and Spark's submit script with Kafka's jars."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from segue_jobs.contract import TRAIN_APPLICATION_FILE, TrainArguments
from segue_operator.local.java import LocalError, find_java, spark_kafka_jars

_LOCAL_OPTIONS = (
    *("--conf", "spark.ui.enabled=false"),  # several runs at once would look for ports
    *("--conf", "spark.driver.extraJavaOptions=-XX:+UseSerialGC"),  # a tenth less work than G1 on a few cores
)
"""Options for one machine; the application's own come later and win."""


@dataclass(frozen=True)
class Program:
    """A command that this machine can run, and the variables that it needs."""

    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)


def resolve(command: Sequence[str]) -> Program:
    """The command of a pod as one of this machine; downloads Spark's jars for Kafka when they are first needed.

    Raises
    ------
    LocalError
        A program is missing here; the message says what to install.
    """
    name, *arguments = command
    match name:
        case "python" | "python3":
            return Program([sys.executable, *arguments])
        case "spark-submit":
            return _spark_submit(arguments)
        case _:
            found = shutil.which(name)
            if found is None:
                raise LocalError(f"the program {name} is not installed on this machine")
            return Program([found, *arguments])


def _spark_submit(arguments: Sequence[str]) -> Program:
    pyspark = _origin("pyspark").parent
    jars = ",".join(str(jar) for jar in spark_kafka_jars())
    given = [
        str(_origin(f"{TrainArguments.MODULE}.__main__")) if argument == TRAIN_APPLICATION_FILE else argument
        for argument in arguments
    ]
    environment = {
        "SPARK_HOME": str(pyspark),
        "JAVA_HOME": str(find_java().resolve().parents[1]),
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_DRIVER_PYTHON": sys.executable,
        "SPARK_LOCAL_IP": "127.0.0.1",
    }
    return Program([str(pyspark / "bin" / "spark-submit"), *_LOCAL_OPTIONS, "--jars", jars, *given], environment)


def _origin(module: str) -> Path:
    try:
        spec = find_spec(module)
    except ModuleNotFoundError:
        spec = None
    if spec is None or spec.origin is None:
        raise LocalError(f"the module {module} is not installed: run `make install`")
    return Path(spec.origin)
