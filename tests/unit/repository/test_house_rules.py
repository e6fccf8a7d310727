"""What holds for every file of the repository."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

HOUSES = (
    *("core", "jobs", "operator", "api", "cli"),
    *("charts", "tests", "examples", "docs", "requirements", "images", ".github", ".ci"),
)
TEXT = frozenset({".py", ".md", ".toml", ".yaml", ".sh", ".txt", ".in", ""})
BUILT = frozenset({"__pycache__", ".git", ".venv", "build", "dist"})
MACHINE_PATHS = re.compile(r"(?<![\w.$}-])/(?:home/\w+|root|Users/\w+|work|tmp/\w)(?=[/\s\"'`]|$)")
# Written in parts, so that this file does not name them either; image references are no registry of packages.
REGISTRIES = re.compile(
    "|".join(
        re.escape(".".join(host))
        for host in (
            ("pypi", "org"),
            ("files", "pythonhosted"),
            ("repo", "maven"),
            ("repo1", "maven"),
            ("registry", "npmjs"),
            ("proxy", "golang"),
            ("deb", "debian", "org"),
        )
    )
)
STUBS = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b|NotImplemented(?:Error)?\b")

SKIPS = frozenset({"skip", "skipif", "xfail", "importorskip"})


def files(repository: Path) -> Iterator[Path]:
    """Text files of the project; what tools make is no part of it (in a worktree, ``.git`` is a file)."""
    for path in (*repository.iterdir(), *(path for house in HOUSES for path in (repository / house).rglob("*"))):
        if path.is_file() and path.suffix in TEXT and not BUILT & set(path.relative_to(repository).parts):
            yield path


def found(repository: Path, pattern: re.Pattern[str]) -> list[str]:
    """Lines outside this file in which the pattern occurs."""
    return [
        f"{path.relative_to(repository)}:{number}: {line.strip()}"
        for path in files(repository)
        if path != Path(__file__)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if pattern.search(line)
    ]


def test_the_operator_folder_is_not_a_package(repository: Path) -> None:
    """With an ``__init__.py`` it would shadow Python's own module ``operator`` for all that runs in the root folder."""
    assert (repository / "operator" / "src").is_dir()
    assert not (repository / "operator" / "__init__.py").exists()


def test_there_are_no_stubs(repository: Path) -> None:
    assert found(repository, STUBS) == []


def test_no_file_names_a_folder_of_one_machine(repository: Path) -> None:
    assert found(repository, MACHINE_PATHS) == []


def test_no_file_names_a_registry(repository: Path) -> None:
    assert found(repository, REGISTRIES) == []


@pytest.mark.parametrize(
    "lock",
    ["dev", "uv", "build", "operator", "api", "jobs", "jobs-librosa", "jobs-learned", "spark", "mongodb", "docs"],
)
def test_every_locked_package_has_its_version_and_hashes(repository: Path, lock: str) -> None:
    text = (repository / "requirements" / f"{lock}.txt").read_text(encoding="utf-8").replace("\\\n", " ")
    packages = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    assert packages
    assert [line for line in packages if "==" not in line or "--hash=sha256:" not in line] == []


def test_a_skipped_test_says_why(repository: Path) -> None:
    silent = []
    for path in (repository / "tests").rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        explained = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call) and _has_reason(node)}
        silent += [
            f"{path.relative_to(repository)}:{node.lineno}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and node.attr in SKIPS and id(node) not in explained
        ]
    assert silent == []


def _has_reason(call: ast.Call) -> bool:
    by_position = isinstance(call.func, ast.Attribute) and call.func.attr == "skip" and bool(call.args)
    return by_position or any(keyword.arg == "reason" for keyword in call.keywords)


def test_the_examples_are_manifests_of_our_kinds(repository: Path) -> None:
    kinds = [
        document["kind"]
        for path in sorted((repository / "examples" / "demo").glob("*.yaml"))
        for document in yaml.safe_load_all(path.read_text(encoding="utf-8"))
    ]
    assert kinds == ["TrackBatch", "TrainingRun"]


@pytest.mark.parametrize("folder", ["core", "jobs", "operator", "api", "cli"])
def test_a_distribution_has_the_licence_and_the_one_version(repository: Path, folder: str) -> None:
    """Copies, for a licence file may not lie outside the folder that a wheel is built from."""
    project = tomllib.loads((repository / folder / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["dynamic"] == ["version", "urls"]
    version = (repository / folder / project["tool"]["hatch"]["version"]["path"]).resolve()
    assert version == (repository / "core/src/segue_core/__init__.py").resolve()
    assert (repository / folder / "LICENSE").read_bytes() == (repository / "LICENSE").read_bytes()
    assert (repository / folder / project["project"]["readme"]).read_text(encoding="utf-8").startswith("# segue")
    (package,) = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert (repository / folder / package / "py.typed").is_file()
