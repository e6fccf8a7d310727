"""The Deployment controller keeps its replicas."""

from __future__ import annotations

from collections.abc import Sequence

from segue.cluster.workloads.changes import Changes
from segue.cluster.workloads.deployment import TEMPLATE_HASH, reconcile_deployment, template_hash
from segue_operator.kinds.objects import Manifest
from support.workloads import deployment, pod, stored


def step(pods: Sequence[Manifest] = (), replicas: int = 2, generation: int = 1) -> Changes:
    return reconcile_deployment(stored(deployment("d", replicas=replicas), generation=generation), pods)


def present(name: str, *, ready: bool = True) -> Manifest:
    """A pod of the present template."""
    found = pod(name) if ready else pod(name, conditions=[])
    found["metadata"]["labels"] = {TEMPLATE_HASH: template_hash(deployment("d")["spec"]["template"])}
    return found


def outdated(name: str) -> Manifest:
    found = pod(name)
    found["metadata"]["labels"] = {TEMPLATE_HASH: "old"}
    return found


def test_missing_pods_are_made_with_labels_that_the_selector_finds() -> None:
    outcome = step()
    assert len(outcome.create) == 2
    assert outcome.create[0]["metadata"]["labels"]["app"] == "test"
    assert outcome.status == {"observedGeneration": 1, "replicas": 2, "readyReplicas": 0}


def test_once_all_are_ready_there_is_nothing_to_do() -> None:
    first = step([present("a"), present("b")], generation=3)
    assert first.status is not None
    assert first.status["readyReplicas"] == 2
    assert first.status["observedGeneration"] == 3
    again = reconcile_deployment(
        stored(deployment("d", replicas=2), generation=3) | {"status": first.status}, [present("a"), present("b")]
    )
    assert again == Changes()


def test_surplus_pods_are_deleted_unready_ones_first() -> None:
    outcome = step([present("a", ready=False), present("b")], replicas=1)
    assert [deleted.name for deleted in outcome.delete] == ["a"]
    assert outcome.status is not None
    assert outcome.status["readyReplicas"] == 1


def test_scaled_to_zero_has_no_pod() -> None:
    outcome = step([present("a")], replicas=0)
    assert [deleted.name for deleted in outcome.delete] == ["a"]
    assert outcome.status is not None
    assert (outcome.status["replicas"], outcome.status["readyReplicas"]) == (0, 0)


def test_old_template_serves_until_the_new_one_is_ready() -> None:
    starting = step([outdated("a"), present("b", ready=False)], replicas=1)
    assert starting.delete == ()
    ready = step([outdated("a"), present("b")], replicas=1)
    assert [deleted.name for deleted in ready.delete] == ["a"]
