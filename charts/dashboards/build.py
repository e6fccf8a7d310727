#!/usr/bin/env python3
"""Write the chart's Grafana dashboards; with ``--check``, only say whether the written ones are up to date."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import ingest_dashboard
import operator_dashboard
import serving_dashboard
import training_dashboard

OUTPUT = Path(__file__).resolve().parents[1] / "segue" / "files" / "dashboards"
DASHBOARDS = {
    "ingest": ingest_dashboard,
    "operator": operator_dashboard,
    "serving": serving_dashboard,
    "training": training_dashboard,
}


def documents() -> dict[Path, str]:
    """Every dashboard's file and what belongs in it."""
    return {
        OUTPUT / f"{name}.json": json.dumps(module.build(), indent=1, ensure_ascii=False) + "\n"
        for name, module in DASHBOARDS.items()
    }


def main() -> int:
    """Write or compare; 1 when a file is not up to date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing")
    if parser.parse_args().check:
        stale = [path for path, text in documents().items() if not path.is_file() or path.read_text("utf-8") != text]
        for path in stale:
            sys.stderr.write(f"{path} is not up to date: run python charts/dashboards/build.py\n")
        return 1 if stale else 0
    OUTPUT.mkdir(parents=True, exist_ok=True)
    for path, text in documents().items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
