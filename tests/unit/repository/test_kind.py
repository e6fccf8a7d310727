"""What ``make kind-up`` and ``make kind-demo`` do, step by step, with programs that only record what they are told."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.recorded import Recorded, starts

KUBECTL = ["kubectl", "--context", "kind-segue", "--namespace", "music"]


@pytest.fixture
def recorded(tmp_path: Path) -> Recorded:
    found = Recorded(tmp_path / "bin")
    for name in ("helm", "kind", "mkdir"):
        found.program(name)
    found.program("docker", "echo 8")
    # A database that cannot be reached ends the demo after everything that is of interest here.
    found.program("kubectl", "[[ $* != *port-forward* ]]")
    return found


@pytest.fixture
def demo(repository: Path, recorded: Recorded, tmp_path: Path) -> list[list[str]]:
    """What the demo asks of kubectl, without context and namespace."""
    script = tmp_path / "tree" / "examples" / "kind_demo.sh"
    script.parent.mkdir(parents=True)
    shutil.copy(repository / "examples" / "kind_demo.sh", script)
    recorded.program("music.sh", path=script.with_name("music.sh"))
    recorded.run(str(script), cwd=tmp_path, KUBECONTEXT="kind-segue")
    assert recorded.first("helm", "upgrade", "--install") < recorded.first(*KUBECTL, "apply")
    return [call[len(KUBECTL) :] for call in recorded.calls if starts(call, KUBECTL)]


def applied(repository: Path, calls: list[list[str]]) -> list[dict[str, Any]]:
    """Every object that is applied."""
    paths = [repository / call[2] for call in calls if starts(call, ["apply", "-f"])]
    files = [file for path in paths for file in (sorted(path.glob("*.yaml")) if path.is_dir() else [path])]
    return [manifest for file in files for manifest in yaml.safe_load_all(file.read_text(encoding="utf-8"))]


def of_kind(manifests: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    (found,) = (one for one in manifests if one["kind"] == kind)
    return found


def test_the_demo_waits_for_what_it_applies(repository: Path, demo: list[list[str]]) -> None:
    objects = {f"{one['kind'].lower()}/{one['metadata']['name']}" for one in applied(repository, demo)}
    assert {call[1] for call in demo if call[0] == "wait"} == objects - {"persistentvolumeclaim/demo-music"}


def test_the_demo_fills_the_volume_that_its_batch_reads(repository: Path, demo: list[list[str]]) -> None:
    manifests = applied(repository, demo)
    claim = of_kind(manifests, "PersistentVolumeClaim")["metadata"]["name"]
    batch = of_kind(manifests, "TrackBatch")["spec"]["source"]
    assert batch["volume"]["persistentVolumeClaim"]["claimName"] == claim
    pod = of_kind(manifests, "Pod")
    assert pod["spec"]["volumes"][0]["persistentVolumeClaim"]["claimName"] == claim
    target = f"{pod['metadata']['name']}:{pod['spec']['containers'][0]['volumeMounts'][0]['mountPath']}"
    copies = {Path(call[1]).name: call[2] for call in demo if call[0] == "cp"}
    assert copies == {batch["audioPath"]: target, batch["metadata"]["path"]: target}


def test_the_demo_copies_through_an_image_that_kind_up_loads(
    repository: Path, recorded: Recorded, demo: list[list[str]], tmp_path: Path
) -> None:
    image = of_kind(applied(repository, demo), "Pod")["spec"]["containers"][0]["image"]
    done = recorded.run("make", "kind-up", cwd=repository)
    assert done.returncode == 0, done.stderr
    created = recorded.first("kind", "create", "cluster", "--name", "segue")
    loaded = recorded.calls[recorded.first("kind", "load", "docker-image", "--name", "segue")]
    built = [call[call.index("--tag") + 1] for call in recorded.calls if starts(call, ["docker", "build"])]
    assert created < recorded.first("docker", "build")
    assert loaded[5:] == built
    assert image in built


def test_a_program_that_kind_up_needs_is_named(repository: Path, tmp_path: Path) -> None:
    bash, make = shutil.which("bash"), shutil.which("make")
    assert bash
    assert make
    (tmp_path / "bash").symlink_to(bash)
    command = [make, "--no-print-directory", "kind-down"]
    done = subprocess.run(
        command, cwd=repository, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "error: kind is missing; install it first" in done.stdout


def test_each_cluster_is_asked_by_a_kubectl_of_its_version(repository: Path) -> None:
    """Otherwise the action installs one that is several minor versions away from the cluster's."""
    text = (repository / ".github" / "workflows" / "cluster.yaml").read_text(encoding="utf-8")
    job = yaml.safe_load(text)["jobs"]["end-to-end"]
    (inputs,) = (step["with"] for step in job["steps"] if step.get("uses", "").startswith("helm/kind-action@"))
    assert inputs["kubectl_version"] == "v${{ matrix.kubernetes.version }}.0"
    for kubernetes in job["strategy"]["matrix"]["kubernetes"]:
        assert kubernetes["image"].startswith(f"kindest/node:v{kubernetes['version']}.")
