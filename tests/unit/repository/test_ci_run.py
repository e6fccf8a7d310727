"""What .ci/run does: the same everywhere, and the cluster's tests where a machine has a cluster of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from support.recorded import Recorded
from support.waiting import wait_until

CHECKS = [["make", "lint", "typecheck", "docs"], ["make", "test"]]


@pytest.fixture
def tree(repository: Path, tmp_path: Path) -> Path:
    (tmp_path / "tree" / ".ci").mkdir(parents=True)
    shutil.copy(repository / ".ci" / "run", tmp_path / "tree" / ".ci")
    return tmp_path / "tree"


@pytest.fixture
def recorded(tree: Path, tmp_path: Path) -> Recorded:
    found = Recorded(tmp_path / "bin")
    found.program("promtool")
    found.program("prometheus")
    found.program("chromium")
    found.program("go")
    found.program("make", '[[ $1 != test ]] || echo "charts of ${SEGUE_DEVCLUSTER:-no machine}"')
    found.program("python", path=tree / ".venv" / "bin" / "python")
    found.program("run.sh", "sleep 0.2; echo built", tree / "tests" / "cluster" / "run.sh")
    return found


@pytest.fixture
def shared(recorded: Recorded, tree: Path) -> Path:
    """What lies beside the checkout."""
    folder = tree.parent / "shared"
    (folder / "devcluster" / "modules" / "spark-operator").mkdir(parents=True)
    recorded.program("devcluster", path=folder / "devcluster" / "devcluster")
    return folder


def made(recorded: Recorded) -> list[list[str]]:
    return [call for call in recorded.calls if call[0] == "make"]


def test_a_clean_clone_alone_is_checked_and_tested(tree: Path, recorded: Recorded) -> None:
    done = recorded.run(".ci/run", cwd=tree)
    assert done.returncode == 0, done.stderr
    assert made(recorded) == CHECKS
    assert "charts of no machine" in done.stdout


def test_with_a_cluster_beside_it_that_is_built_meanwhile_and_tested_fresh(
    tree: Path, recorded: Recorded, shared: Path
) -> None:
    done = recorded.run(".ci/run", cwd=tree, KUBECONFIG="/of/another")
    assert done.returncode == 0, done.stderr
    assert made(recorded) == [*CHECKS, ["make", "test-cluster"]]
    assert f"charts of {shared}" in done.stdout
    order = [
        recorded.first(*words) for words in (["run.sh"], ["devcluster", "down", "--purge"], ["make", "test-cluster"])
    ]
    assert order == sorted(order)


def test_a_cluster_that_cannot_be_built_fails_the_run_with_its_log(
    tree: Path, recorded: Recorded, shared: Path
) -> None:
    recorded.program("run.sh", "echo no compiler; exit 1", tree / "tests" / "cluster" / "run.sh")
    done = recorded.run(".ci/run", cwd=tree)
    assert done.returncode == 1
    assert "no compiler" in done.stdout
    assert made(recorded) == CHECKS


def test_a_failed_check_ends_the_build_of_the_cluster_with_its_compilers(
    tree: Path, recorded: Recorded, shared: Path
) -> None:
    alive = tree / "alive"
    recorded.program(
        "run.sh", f"touch {alive}; sleep 60 & echo $! >{alive}; wait", tree / "tests" / "cluster" / "run.sh"
    )
    recorded.program("make", f"until [[ -s {alive} ]]; do sleep 0.02; done; exit 1")
    assert recorded.run(".ci/run", cwd=tree).returncode != 0
    compiler = Path("/proc", alive.read_text("utf-8").strip())
    wait_until(lambda: not compiler.exists(), seconds=10)


@pytest.mark.parametrize("target", ["lint", "test"])
def test_a_check_that_fails_ends_the_run(tree: Path, recorded: Recorded, target: str) -> None:
    recorded.program("make", f"[[ $1 != {target} ]]")
    assert recorded.run(".ci/run", cwd=tree).returncode != 0
    assert made(recorded)[-1][1] == target


def test_unavailable_music_is_not_a_failure_but_another_error_is(tree: Path, recorded: Recorded) -> None:
    for code, passes in ((3, True), (1, False)):
        recorded.program("python", f"exit {code}", tree / ".venv" / "bin" / "python")
        assert (recorded.run(".ci/run", cwd=tree).returncode == 0) == passes
