"""Finding Java and the jars of real Apache Kafka."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

from segue.errors import LocalError

MINIMUM_JAVA = 17
KAFKA_VERSION = "4.3.1"
SPARK_VERSION = "4.2.0"
_SLF4J_VERSION = "1.7.36"
"""The version whose interface Kafka comes with."""
FIXED_LOCALE = ("-Duser.language=en", "-Duser.country=US")
"""Options of every JVM. In Turkish, Kafka would look for a consumer protocol CLASSİC; in Persian, it would name the
segments of its log with Persian digits, and lose sight of them once the locale changes."""
FIXED_ENCODING = {"LC_ALL": "C.UTF-8"}
"""Environment of every JVM: it can open only paths that its locale can spell."""


def find_java() -> Path:
    """Path of a ``java`` of at least version 17.

    Raises
    ------
    LocalError
        There is none, or it is too old.
    """
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=f"{home}/bin") if home else None
    found = found or shutil.which("java")
    if not found:
        raise LocalError(
            "Java is missing: Kafka and Spark need Java 17 or newer; install it, for example with "
            "`apt-get install openjdk-17-jre-headless` or `brew install openjdk@17`, or set JAVA_HOME"
        )
    tried = subprocess.run([found, "-version"], capture_output=True, text=True, check=False)
    shown = tried.stderr
    if tried.returncode:
        words = " ".join(f"{tried.stdout}\n{shown}".split())[:300]
        raise LocalError(
            f"{found} does not start: {words or f'exit code {tried.returncode}'}; if it lacks memory, free some or "
            "raise the limits of this shell (ulimit -a)"
        )
    version = re.search(r'version "(\d+)', shown)
    if not version or int(version.group(1)) < MINIMUM_JAVA:
        raise LocalError(
            f"{found} is Java {version.group(1) if version else 'of an unknown version'}: Kafka and Spark need "
            f"Java {MINIMUM_JAVA} or newer; install one and set JAVA_HOME to it"
        )
    return Path(found)


def java_command() -> list[str]:
    """How to run Java, whatever the locale of this machine.

    Raises
    ------
    LocalError
        See `find_java`.
    """
    variables = [f"{name}={value}" for name, value in FIXED_ENCODING.items()]
    return ["env", *variables, str(find_java()), *FIXED_LOCALE]


def cache_directory() -> Path:
    """Where downloads are kept between runs and projects (``SEGUE_CACHE``, else the XDG cache)."""
    if given := os.environ.get("SEGUE_CACHE"):
        return Path(given)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "segue"


def kafka_class_path() -> str:
    """Apache Kafka's jars, and one that lets Kafka log, for it brings none; downloaded once."""
    folders = (
        _resolve("org.apache.kafka", "kafka_2.13", KAFKA_VERSION),
        _resolve("org.slf4j", "slf4j-simple", _SLF4J_VERSION),
    )
    return os.pathsep.join(f"{folder}/*" for folder in folders)


def spark_kafka_jars() -> list[Path]:
    """Jars that Spark's Kafka source needs beyond Spark's own, downloaded once."""
    folder = _resolve("org.apache.spark", "spark-sql-kafka-0-10_2.13", SPARK_VERSION)
    own = {jar.name for jar in (_pyspark_home() / "jars").glob("*.jar")}
    # Spark ships hadoop-client and friends itself: a second copy of another version breaks its class loading.
    shipped = {re.sub(r"-\d.*", "", name) for name in own}
    return sorted(jar for jar in folder.glob("*.jar") if re.sub(r"-\d.*", "", jar.name) not in shipped)


def _pyspark_home() -> Path:
    spec = find_spec("pyspark")
    if spec is None or spec.origin is None:
        raise LocalError("pyspark is not installed: run `make install`")
    return Path(spec.origin).parent


def _resolve(organisation: str, module: str, version: str) -> Path:
    folder = cache_directory() / "jars" / f"{module}-{version}"
    if folder.is_dir():
        return folder
    partial = folder.with_name(f"{folder.name}.{os.getpid()}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    ivy = next((_pyspark_home() / "jars").glob("ivy-*.jar"))
    command = [
        *java_command(), "-jar", str(ivy), "-dependency", organisation, module, version, "-confs", "default",
        "-cache", str(cache_directory() / "ivy"), "-retrieve", f"{partial}/[artifact]-[revision].[ext]",
    ]  # fmt: skip
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode or not any(partial.glob("*.jar")):
        shutil.rmtree(partial, ignore_errors=True)
        detail = next((line.strip() for line in result.stdout.splitlines() if "WARN" in line or "::" in line), "")
        raise LocalError(
            f"cannot download {organisation}:{module}:{version} from Maven Central: check the network or a "
            f"proxy ({detail or result.stderr.strip()[:200]})"
        )
    try:
        partial.rename(folder)
    except OSError:
        shutil.rmtree(partial)  # another process was faster: use its copy
    return folder
