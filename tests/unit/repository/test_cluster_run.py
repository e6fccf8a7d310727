"""What tests/cluster/run.sh does on kind, in another cluster, on a machine with one of its own, and with none."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from support.recorded import Recorded

OURS = [f"localhost/segue-{name}:dev" for name in ("operator", "jobs", "spark", "api", "test-mongodb")]
PYTEST = 'echo "by $SEGUE_BUILD_IMAGE; to $SEGUE_LOAD_IMAGE; over $SEGUE_NODE_FOLDER"'


@pytest.fixture
def tree(repository: Path, tmp_path: Path) -> Path:
    """A checkout of the scripts alone."""
    folder = tmp_path / "tree" / "tests" / "cluster"
    folder.mkdir(parents=True)
    for name in ("run.sh", "devcluster.sh"):
        shutil.copy(repository / "tests" / "cluster" / name, folder)
    return tmp_path / "tree"


@pytest.fixture
def recorded(tree: Path, tmp_path: Path) -> Recorded:
    found = Recorded(tmp_path / "bin")
    for name in ("docker", "kind", "helm", "buildah", "make"):
        found.program(name)
    found.program("kubectl", '[[ $* != "config current-context" ]] || echo elsewhere')
    found.program("go", "echo /modules/spark-operator")
    found.program("pytest", PYTEST, tree / ".venv" / "bin" / "pytest")
    found.program("python", path=tree / ".venv" / "bin" / "python")
    return found


@pytest.fixture
def machine(recorded: Recorded, tmp_path: Path) -> Path:
    """A machine with a cluster of its own."""
    folder = tmp_path / "machine"
    recorded.program(
        "devcluster",
        '[[ $1 != env ]] || echo "export KUBECONFIG=/of/the/devcluster"',
        folder / "devcluster" / "devcluster",
    )
    (folder / "devcluster" / "modules" / "spark-operator").mkdir(parents=True)
    for name in ("strimzi", "spark-operator"):
        recorded.program(f"{name}/build.sh", path=folder / name / "build.sh")
    return folder


def on_kind(recorded: Recorded) -> None:
    recorded.program("kubectl", '[[ $* != "config current-context" ]] || echo kind-blue')


def test_without_any_cluster_it_says_how_to_get_one(tree: Path, recorded: Recorded) -> None:
    done = recorded.run("tests/cluster/run.sh", cwd=tree)
    assert done.returncode == 2
    assert "make kind-up" in done.stderr
    assert recorded.calls == []


def test_on_kind_both_suites_run_with_images_loaded_into_it(tree: Path, recorded: Recorded, tmp_path: Path) -> None:
    on_kind(recorded)
    done = recorded.run("tests/cluster/run.sh", cwd=tree, KUBECONFIG="/of/kind", SEGUE_NODE_FOLDER=str(tmp_path))
    assert done.returncode == 0, done.stderr
    loaded = recorded.first("kind", "load", "docker-image", "--name", "blue", OURS[-1])
    assert recorded.first("docker", "build") < loaded
    assert recorded.has("helm", "dependency", "update", "charts/segue-stack")
    assert recorded.has("pytest", "tests/cluster", "-m", "cluster and not faults")
    assert recorded.has("pytest", "tests/conformance", "-m", "cluster")
    assert f"by docker build --quiet; to kind load docker-image --name blue; over {tmp_path}" in done.stdout


def test_on_kind_images_are_built_on_the_base_that_is_given(tree: Path, recorded: Recorded, tmp_path: Path) -> None:
    on_kind(recorded)
    environ = {"KUBECONFIG": "/of/kind", "SEGUE_NODE_FOLDER": str(tmp_path), "BASE": "mine:1"}
    done = recorded.run("tests/cluster/run.sh", cwd=tree, **environ)
    assert recorded.has("docker", "build", "--build-arg", "BASE=mine:1")
    assert "by docker build --quiet --build-arg BASE=mine:1;" in done.stdout


def test_a_kind_cluster_without_the_shared_folder_is_refused(tree: Path, recorded: Recorded, tmp_path: Path) -> None:
    on_kind(recorded)
    recorded.program("docker", "[[ $1 != exec ]]")
    done = recorded.run("tests/cluster/run.sh", cwd=tree, KUBECONFIG="/of/kind", SEGUE_NODE_FOLDER=str(tmp_path))
    assert done.returncode == 2
    assert "make kind-down kind-up" in done.stderr
    assert not recorded.has("pytest")


def test_another_cluster_is_not_given_images_and_says_what_is_left_out(tree: Path, recorded: Recorded) -> None:
    done = recorded.run("tests/cluster/run.sh", cwd=tree, KUBECONFIG="/of/another")
    assert done.returncode == 0, done.stderr
    assert "the conformance suite is left out" in done.stderr
    assert [call[1] for call in recorded.calls if call[0] == "pytest"] == ["tests/cluster"]
    assert not recorded.has("docker")
    assert not recorded.has("kind")


@pytest.mark.parametrize("suite", ["tests/cluster", "tests/conformance"])
def test_a_failure_of_either_suite_is_the_scripts(tree: Path, recorded: Recorded, suite: str) -> None:
    recorded.program("pytest", f"[[ $1 != {suite} ]] || exit 3", tree / ".venv" / "bin" / "pytest")
    environ = {"KUBECONFIG": "/of/another", "SEGUE_BUILD_IMAGE": "build", "SEGUE_LOAD_IMAGE": "load"}
    assert recorded.run("tests/cluster/run.sh", cwd=tree, **environ).returncode == 3


def test_arguments_go_to_the_end_to_end_tests_alone(tree: Path, recorded: Recorded) -> None:
    environ = {"KUBECONFIG": "/of/another", "SEGUE_BUILD_IMAGE": "build", "SEGUE_LOAD_IMAGE": "load"}
    recorded.run("tests/cluster/run.sh", "-x", "-k", "a or b", cwd=tree, **environ)
    assert [call for call in recorded.calls if call[0] == "pytest"] == [
        ["pytest", "tests/cluster", "-m", "cluster and not faults", "-x", "-k", "a or b"]
    ]


def test_a_machine_with_its_own_cluster_builds_everything_first(tree: Path, recorded: Recorded, machine: Path) -> None:
    recorded.program("buildah", "[[ $1 != inspect ]]")  # no image is there yet
    done = recorded.run("tests/cluster/run.sh", cwd=tree, SEGUE_DEVCLUSTER=str(machine))
    assert done.returncode == 0, done.stdout + done.stderr
    order = [
        *(("devcluster", "install"), ("devcluster", "base"), ("make", "images", "BUILDER=buildah")),
        *(("strimzi/build.sh",), ("spark-operator/build.sh",), ("devcluster", "up")),
        *(("devcluster", "load", *OURS), ("python", "tests/cluster/local_charts.py"), ("pytest", "tests/cluster")),
    ]
    places = [recorded.first(*words) for words in order]
    assert places == sorted(places)
    charts = recorded.calls[recorded.first("python")]
    assert f"strimzi-kafka-operator={machine}/strimzi/chart" in charts
    assert "spark-operator=/modules/spark-operator/charts/spark-operator-chart" in charts
    assert f"to {machine}/devcluster/devcluster load" in done.stdout
    assert recorded.has("pytest", "tests/conformance")


def test_what_is_built_is_not_built_again(tree: Path, recorded: Recorded, machine: Path) -> None:
    done = recorded.run("tests/cluster/run.sh", cwd=tree, SEGUE_DEVCLUSTER=str(machine), WHAT="build")
    assert done.returncode == 0, done.stdout + done.stderr
    assert not recorded.has("strimzi/build.sh")
    assert not recorded.has("spark-operator/build.sh")
    assert not recorded.has("devcluster", "up")


def test_a_cluster_that_is_named_comes_before_the_machines_own(tree: Path, recorded: Recorded, machine: Path) -> None:
    recorded.run("tests/cluster/run.sh", cwd=tree, SEGUE_DEVCLUSTER=str(machine), KUBECONFIG="/of/another")
    assert not recorded.has("devcluster")
    assert recorded.has("pytest", "tests/cluster")
