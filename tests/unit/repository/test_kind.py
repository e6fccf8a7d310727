"""What ``make kind-up`` and ``make kind-demo`` put into a cluster is what their scripts and manifests name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml


@pytest.fixture
def script(repository: Path) -> str:
    return (repository / "examples" / "kind_demo.sh").read_text(encoding="utf-8")


def applied(repository: Path, script: str) -> list[dict[str, Any]]:
    """Every object that the script applies."""
    paths = [repository / name for name in re.findall(r"^kube apply -f (\S+)$", script, re.MULTILINE)]
    files = [file for path in paths for file in (sorted(path.glob("*.yaml")) if path.is_dir() else [path])]
    return [manifest for file in files for manifest in yaml.safe_load_all(file.read_text(encoding="utf-8"))]


def of_kind(manifests: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    (found,) = (one for one in manifests if one["kind"] == kind)
    return found


def test_the_demo_waits_for_what_it_applies(repository: Path, script: str) -> None:
    objects = {f"{one['kind'].lower()}/{one['metadata']['name']}" for one in applied(repository, script)}
    assert set(re.findall(r"^kube wait (\S+)", script, re.MULTILINE)) == objects - {"persistentvolumeclaim/demo-music"}


def test_the_demo_fills_the_volume_that_its_batch_reads(repository: Path, script: str) -> None:
    manifests = applied(repository, script)
    claim = of_kind(manifests, "PersistentVolumeClaim")["metadata"]["name"]
    batch = of_kind(manifests, "TrackBatch")["spec"]["source"]
    assert batch["volume"]["persistentVolumeClaim"]["claimName"] == claim
    pod = of_kind(manifests, "Pod")
    assert pod["spec"]["volumes"][0]["persistentVolumeClaim"]["claimName"] == claim
    target = f"{pod['metadata']['name']}:{pod['spec']['containers'][0]['volumeMounts'][0]['mountPath']}"
    copies = dict(re.findall(r'^kube cp "\$MUSIC/(\S+)" (\S+)$', script, re.MULTILINE))
    assert copies == {batch["audioPath"]: target, batch["metadata"]["path"]: target}


def test_the_demo_copies_through_an_image_that_kind_up_loads(repository: Path, script: str) -> None:
    image = of_kind(applied(repository, script), "Pod")["spec"]["containers"][0]["image"]
    makefile = (repository / "Makefile").read_text(encoding="utf-8")
    names = re.findall(r"^IMAGES := (.*)$", makefile, re.MULTILINE)[0].split()
    assert "$(IMAGES:%=localhost/segue-%:dev)" in makefile
    assert image in {f"localhost/segue-{name}:dev" for name in names}


def test_each_cluster_is_asked_by_a_kubectl_of_its_version(repository: Path) -> None:
    """Otherwise the action installs one that is several minor versions away from the cluster's."""
    text = (repository / ".github" / "workflows" / "cluster.yaml").read_text(encoding="utf-8")
    job = yaml.safe_load(text)["jobs"]["end-to-end"]
    (inputs,) = (step["with"] for step in job["steps"] if step.get("uses", "").startswith("helm/kind-action@"))
    assert inputs["kubectl_version"] == "v${{ matrix.kubernetes.version }}.0"
    for kubernetes in job["strategy"]["matrix"]["kubernetes"]:
        assert kubernetes["image"].startswith(f"kindest/node:v{kubernetes['version']}.")
