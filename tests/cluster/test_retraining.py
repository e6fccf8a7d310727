"""A catalogue that keeps itself fresh: a batch brings tracks, and its run trains again by itself."""

from __future__ import annotations

import pytest

from support.end_to_end import System, track_batch, training_run, unique
from support.kubectl import Manifest
from support.waiting import poll

pytestmark = pytest.mark.cluster


def test_a_run_trains_again_when_enough_tracks_have_come(system: System) -> None:
    name, more, kubectl = unique("fresh"), unique("more"), system.kubectl
    few = track_batch(name, name, maxRejectedPercent=60)  # its files without a row are listed, too
    few["spec"]["source"]["metadata"]["path"] = "few.csv"
    run = training_run(name, name, batches=[name], retrain={"afterChangedPercent": 10})
    kubectl.apply(few, run)
    first = kubectl.wait("trainingrun", name, "Succeeded", seconds=400)["status"]["model"]
    kubectl.apply(track_batch(more, name))
    kubectl.wait("trackbatch", more, "Succeeded", seconds=240)

    def trained_again() -> Manifest | None:
        status = (kubectl.get("trainingrun", name) or {})["status"]
        return status if status.get("retrain", {}).get("round") == 2 and status["phase"] == "Succeeded" else None

    status = poll(trained_again, what="the second round", seconds=400, interval=2)
    assert (first["version"], status["model"]["version"]) == (f"{name}:1", f"{name}:2")
    assert first["tracks"] < status["model"]["tracks"] == len(system.stored(name))
