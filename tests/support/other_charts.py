"""Charts and definitions of other projects that lie on this machine."""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from support.chart_values import SEGUE, STACK, WITHOUT_OTHERS

LOCAL = Path(folder) if (folder := os.environ.get("SEGUE_DEVCLUSTER")) else None
"""Where a machine without registries has other projects' charts and definitions (tests/cluster/devcluster.sh)."""


def foreign_crds() -> list[Path]:
    """Files of the CustomResourceDefinitions of other projects that are on this machine."""
    charts = [_vendored(name) or _local(name) for name in WITHOUT_OTHERS]
    folders = [*([LOCAL / "crds"] if LOCAL else ()), *(chart / "crds" for chart in charts if chart)]
    return [path for folder in folders for path in sorted(folder.glob("*.yaml"))]


def undefined(kinds: Iterable[str]) -> None:
    """Skip what is left of a test for want of these kinds' definitions."""
    if missing := ", ".join(sorted(set(kinds))):
        pytest.skip(
            f"no definition of {missing} is on this machine; helm dependency update charts/segue-stack brings most"
        )


def dependency(name: str) -> Path:
    """Folder of another project's chart that lies on this machine; skips the test where it does not."""
    path = _vendored(name) or _local(name)
    if path is None or not (path / "Chart.yaml").is_file():
        pytest.skip(f"the chart {name} is not on this machine; helm dependency update charts/segue-stack brings it")
    return path


@functools.cache
def _vendored(name: str) -> Path | None:
    """What ``helm dependency update`` has put into the stack, unpacked."""
    archives = sorted((STACK / "charts").glob(f"{name}-*.tgz"))
    if not archives:
        return None
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    subprocess.run(["tar", "-xzf", archives[-1], "-C", folder], check=True)
    return folder / name


def _local(name: str) -> Path | None:
    if LOCAL is None:
        return None
    if name == "strimzi-kafka-operator":
        return LOCAL / "strimzi" / "chart"
    return _spark_chart(LOCAL / "devcluster" / "modules" / "spark-operator") if name == "spark-operator" else None


@functools.cache
def _spark_chart(module: Path) -> Path | None:
    go = shutil.which("go")
    if go is None or not module.is_dir():
        return None
    command = [go, "list", "-m", "-f", "{{.Dir}}", "github.com/kubeflow/spark-operator/v2"]
    offline = {**os.environ, "GOFLAGS": "-mod=mod", "GOPROXY": "off", "GOTOOLCHAIN": "local"}
    listed = subprocess.run(command, cwd=module, env=offline, capture_output=True, text=True, check=False, timeout=60)
    folder = listed.stdout.strip()
    return Path(folder) / "charts" / "spark-operator-chart" if folder else None


def with_dependencies(chart: Path, folder: Path, names: Sequence[str]) -> Path:
    """Copy of a chart with these dependencies vendored, and no others that may lie in the checkout."""
    copy = folder / chart.name
    shutil.copytree(chart, copy, ignore=shutil.ignore_patterns("charts", "Chart.lock"))
    for name in names:
        source = SEGUE if name == "segue" else dependency(name)
        shutil.copytree(source, copy / "charts" / name, copy_function=shutil.copyfile)
    return copy
