"""What a tag releases: one version in the whole tree, and its section of the changelog."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from segue_core import __version__

STATES_A_VERSION = (
    "core/src/segue_core/__init__.py",
    *(f"charts/{chart}/Chart.yaml" for chart in ("segue", "segue-stack")),
    *(f"images/{image}/Dockerfile" for image in ("operator", "jobs", "spark")),
)
CHANGELOG = f"""# Changelog

## Unreleased

- Not yet.

## {__version__} (2026-12-01)

### Added

- A thing.

## {__version__}1

- Another.

## 0.0.1

- Long ago.
"""


@pytest.fixture
def tree(repository: Path, tmp_path: Path) -> Path:
    for name in (".ci/release_notes.py", *STATES_A_VERSION):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(repository / name, tmp_path / name)
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG, encoding="utf-8")
    return tmp_path


def notes(tree: Path, version: str = __version__) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(tree / ".ci" / "release_notes.py"), version]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_notes_are_the_section_of_the_version(tree: Path) -> None:
    done = notes(tree)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "### Added\n\n- A thing.\n"


def test_a_version_without_a_section_is_not_released(tree: Path) -> None:
    (tree / "CHANGELOG.md").write_text("# Changelog\n\n## Unreleased\n\n- Not yet.\n", encoding="utf-8")
    done = notes(tree)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"CHANGELOG.md has no section {__version__}" in done.stderr


@pytest.mark.parametrize("name", STATES_A_VERSION)
def test_a_file_of_another_version_is_named(tree: Path, name: str) -> None:
    (tree / name).write_text((tree / name).read_text("utf-8").replace(__version__, "9.9.9"), encoding="utf-8")
    done = notes(tree)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{name} states version" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_tag_that_is_not_the_trees_version_is_refused(tree: Path) -> None:
    done = notes(tree, "0.0.1")
    assert (done.returncode, done.stdout) == (2, "")
    assert all(name in done.stderr for name in STATES_A_VERSION)
