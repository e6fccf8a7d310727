#!/usr/bin/env python3
"""Print the changelog's section of a version.

Usage: .ci/release_notes.py VERSION

Exit code 2: VERSION is not the tree's own, or the changelog has no section for it.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
VERSIONS = {
    "core/src/segue_core/__init__.py": r'^__version__ = "(.+)"$',
    "charts/segue/Chart.yaml": r"^(?:version|appVersion): (.+)$",
    "charts/segue-stack/Chart.yaml": r"^(?:version|appVersion): (.+)$",
    "images/operator/Dockerfile": r"^ARG VERSION=(.+)$",
    "images/jobs/Dockerfile": r"^ARG VERSION=(.+)$",
    "images/spark/Dockerfile": r"^ARG VERSION=(.+)$",
}
"""Where the tree states its version."""


def mismatches(repository: Path, version: str) -> list[str]:
    """Name each file of the tree that states another version, or none."""
    wrong = []
    for name, pattern in VERSIONS.items():
        stated = set(re.findall(pattern, (repository / name).read_text(encoding="utf-8"), re.MULTILINE))
        if stated != {version}:
            wrong.append(
                f"{name} states version {', '.join(sorted(stated))}" if stated else f"{name} states no version"
            )
    return wrong


def section(changelog: str, version: str) -> str:
    """Text below the version's heading, without the heading; empty where there is none."""
    found = re.search(
        rf"^## \[?{re.escape(version)}(?=[\]\s]).*?\n(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL
    )
    return found[1].strip() if found else ""


def main(version: str) -> int:
    """Print the notes, or what keeps the version from being released."""
    wrong = mismatches(REPOSITORY, version)
    notes = section((REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8"), version)
    if not notes:
        wrong.append(f"CHANGELOG.md has no section {version}: rename Unreleased")
    for one in wrong:
        print(f"error: {one}; the release is {version}", file=sys.stderr)
    if not wrong:
        print(notes)
    return 2 if wrong else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: .ci/release_notes.py VERSION")
    sys.exit(main(sys.argv[1]))
