"""Copies the charts with dependencies from folders of this machine instead of registries.

Usage: python tests/cluster/local_charts.py OUT NAME=FOLDER ...

Dependencies that are not given are left out; values must not enable them.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import yaml

CHARTS = Path(__file__).resolve().parents[2] / "charts"


def main(out: Path, folders: dict[str, Path]) -> None:
    """Copy, rewrite the stack's dependencies, let Helm collect them."""
    shutil.rmtree(out, ignore_errors=True)
    for chart in ("segue", "segue-stack"):
        shutil.copytree(CHARTS / chart, out / chart, ignore=shutil.ignore_patterns("charts", "Chart.lock"))
    path = out / "segue-stack" / "Chart.yaml"
    chart = yaml.safe_load(path.read_text(encoding="utf-8"))
    chart["dependencies"] = [
        dependency | ({"repository": f"file://{folders[dependency['name']]}"} if dependency["name"] in folders else {})
        for dependency in chart["dependencies"]
        if dependency["name"] in folders or dependency["repository"].startswith("file://")
    ]
    path.write_text(yaml.safe_dump(chart, sort_keys=False), encoding="utf-8")
    subprocess.run(["helm", "dependency", "update", str(path.parent)], check=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), {name: Path(folder).resolve() for name, folder in (a.split("=", 1) for a in sys.argv[2:])})
