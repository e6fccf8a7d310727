"""Leaving: nothing hangs, nothing of ours stays but what is kept on purpose. Runs last: its file's name sorts so."""

from __future__ import annotations

import pytest

from support.end_to_end import NAMESPACE, System, delete_resources, track_batch, uninstall, unique

pytestmark = pytest.mark.cluster


def test_deleting_a_batch_deletes_its_children(system: System) -> None:
    name = unique("gone")
    system.kubectl.apply(track_batch(name, name, suspend=True))
    system.kubectl.wait("trackbatch", name, "Suspended")
    system.kubectl.delete("trackbatch", name)
    system.kubectl.run("wait", f"job/{name}-extract", "--for=delete", "--timeout=60s")


def test_uninstall_and_deletion_of_the_namespace_leave_nothing_behind(system: System) -> None:
    name = unique("running")
    system.kubectl.apply(track_batch(name, name, shards=4, parallelism=1))
    system.kubectl.running_pod({"segue.dev/trackbatch": name})
    uninstall(system.kubectl)
    assert system.kubectl.get("trackbatch", name) is not None, "uninstall keeps the kinds and what was made of them"
    delete_resources(system.kubectl)
    system.kubectl.run("delete", "namespace", NAMESPACE, "--timeout=150s", seconds=170)
    kinds = ("clusterroles", "clusterrolebindings", "priorityclasses")
    ours = [
        f"{kind}/{item['metadata']['name']}"
        for kind in kinds
        for item in system.kubectl.list(kind, {"app.kubernetes.io/part-of": "segue"})
    ]
    assert ours == []
    assert system.kubectl.run("get", "trackbatches,trainingruns", f"--namespace={NAMESPACE}").strip() == ""
