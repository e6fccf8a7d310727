"""A sink gets more pods while records pile up, and gives them back: `make test-cluster-faults`, as it takes minutes."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest

from segue_operator.children.sink_deployment import SINK_NAME
from segue_operator.kinds.constants import Component, Label
from support.end_to_end import DATABASE, System, batch_labels, track_batch, unique
from support.kubectl import Manifest
from support.waiting import poll

pytestmark = [pytest.mark.cluster, pytest.mark.faults]

RECORDS = 120_000
"""One pod needs half a minute for them, so that the operator sees them at one of its looks."""
FLOOD = f"""
from kafka import KafkaProducer
from segue_core.contract import Topic
from segue_core.settings import KafkaSettings
settings = KafkaSettings.from_environment()
producer = KafkaProducer(**settings.client_options(), linger_ms=50, batch_size=1 << 18)
for number in range({RECORDS}):
    producer.send(settings.topic(Topic.TRACKS), key=str(number).encode(), value=b"{{}}")
producer.flush()
"""


def flood(name: str, extract: Manifest) -> Manifest:
    """A pod that sends records that are no tracks, with the rights of an extract pod."""
    spec = copy.deepcopy(extract["spec"])
    container = spec["containers"][0]
    container |= {"command": ["python", "-c", FLOOD], "args": []}
    kept = ("containers", "volumes", "securityContext", "serviceAccountName", "automountServiceAccountToken")
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {str(Label.COMPONENT): str(Component.EXTRACT)}},
        "spec": {"restartPolicy": "Never", **{field: spec[field] for field in kept}},
    }


def test_a_sink_grows_while_records_pile_up_and_shrinks_afterwards(
    system: System, progress: Callable[[str], None]
) -> None:
    name, kubectl = unique("pile"), system.kubectl
    batch = track_batch(name, name)
    batch["spec"]["sink"] = {"keepRunning": True}
    kubectl.apply(batch)
    kubectl.wait("trackbatch", name, "Succeeded")

    def replicas() -> int:
        return int((kubectl.get("deployment", SINK_NAME) or {}).get("spec", {}).get("replicas", 0))

    def rejected() -> int:
        with system.database() as client:
            return client[DATABASE]["rejected"].count_documents({"batch": {"$ne": name}, "stage": "sink"})

    before = rejected()
    kubectl.apply(flood(name, kubectl.list("pods", batch_labels(name, Component.EXTRACT))[0]))
    poll(lambda: replicas() > 1, what="more pods of the sink", seconds=90)
    progress(f"the sink has {replicas()} pods")
    poll(lambda: replicas() == 1, what="one pod of the sink again", seconds=300, interval=2)
    assert rejected() - before == RECORDS, "each record once, however often the partitions moved"
    kubectl.delete("pod", name)
    kubectl.delete("trackbatch", name)
    poll(lambda: kubectl.get("deployment", SINK_NAME) is None, what="the end of the sink", seconds=60)
