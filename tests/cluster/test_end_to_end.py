"""From two manifests to recommendations, on real Kafka, the real Spark operator and real pods."""

from __future__ import annotations

import pytest

from segue_operator.kinds.constants import Component, Label
from support.end_to_end import System, Trained, batch_labels, track_batch, unique

pytestmark = pytest.mark.cluster


def test_every_listed_track_is_stored_or_rejected_with_a_reason(system: System, trained: Trained) -> None:
    status = trained.batch["status"]
    tracks = status["tracks"]
    assert tracks["listed"] == tracks["stored"] + tracks["rejected"]
    assert tracks["extracted"] == tracks["stored"] >= 20
    assert sum(status["rejectedByReason"].values()) == tracks["rejected"] > 0
    assert len(system.stored(trained.name)) == tracks["stored"]


def test_the_model_is_published_and_promoted(trained: Trained) -> None:
    status = trained.run["status"]
    assert status["model"]["version"] == f"{trained.name}:1"
    assert status["model"]["tracks"] == trained.batch["status"]["tracks"]["stored"]
    assert status["decision"]["promoted"] is True
    assert [attempt["number"] for attempt in status["attempts"]] == [1]


def test_recommendations_come_from_the_trained_model(system: System, trained: Trained) -> None:
    seed = system.stored(trained.name)[0]["trackId"]
    answer = system.recommend("--catalogue", trained.name, "--track", seed, "--limit", "5")
    assert answer["model"] == f"{trained.name}:1"
    hits = [hit["trackId"] for hit in answer["hits"]]
    assert len(hits) == len(set(hits)) == 5
    assert seed not in hits


def test_there_is_one_child_of_each_kind(system: System, trained: Trained) -> None:
    owned = {
        kind: [
            item["metadata"]["name"]
            for item in system.kubectl.list(kind)
            if trained.name in [owner["name"] for owner in item["metadata"].get("ownerReferences", ())]
        ]
        for kind in ("jobs", "sparkapplications")
    }
    assert owned == {
        "jobs": [f"{trained.name}-extract", f"{trained.name}-verify"],
        "sparkapplications": [f"{trained.name}-train-1"],
    }


def test_programs_without_business_with_the_api_server_have_no_token(system: System, trained: Trained) -> None:
    pods = system.kubectl.list("pods", batch_labels(trained.name))
    assert {pod["metadata"]["labels"][Label.COMPONENT] for pod in pods} >= {Component.EXTRACT, Component.VERIFY}
    for pod in pods:
        mounts = [mount["mountPath"] for mount in pod["spec"]["containers"][0]["volumeMounts"]]
        assert not [path for path in mounts if path.startswith("/var/run/secrets")], pod["metadata"]["name"]


def test_a_second_batch_over_the_same_folder_extracts_nothing_again(system: System, trained: Trained) -> None:
    again = unique("again")
    system.kubectl.apply(track_batch(again, trained.name))
    tracks = system.kubectl.wait("trackbatch", again, "Succeeded")["status"]["tracks"]
    first = trained.batch["status"]["tracks"]
    assert tracks["extracted"] == 0
    assert tracks["skipped"] == tracks["stored"] == first["stored"]
    assert tracks["listed"] == first["listed"]
