"""What is shown of a version."""

from __future__ import annotations

import io

from rich.console import Console

from segue.render.model_versions import print_version
from segue_core.store.models import Candidate
from support.trained_model import model_document


def shown(**changes: object) -> list[list[str]]:
    console = Console(file=io.StringIO(), width=120)
    print_version(console, model_document(2, **changes), None)
    assert isinstance(console.file, io.StringIO)
    return [line.split() for line in console.file.getvalue().splitlines()]


def test_every_number_of_clusters_is_shown_with_what_became_of_it() -> None:
    small = Candidate(
        k=8, metrics={"recallAt10": 0.97, "precisionAt10": 0.41, "clusterSizeMin": 9, "clusterSizeMax": 80}
    )
    large = Candidate(k=16, metrics={"recallAt10": 0.85, "clusterSizeMin": 1, "clusterSizeMax": 40})
    lines = shown(k=8, candidates=(small, large, Candidate(k=500, skipped="too few tracks")))
    assert ["K", "RECALL", "PRECISION", "SMALLEST", "LARGEST"] in lines
    assert ["8", "0.97", "0.41", "9", "80", "chosen"] in lines
    assert ["16", "0.85", "1", "40"] in lines
    assert ["500", "too", "few", "tracks"] in lines


def test_clusters_are_shown_by_size_under_their_permanent_numbers() -> None:
    lines = shown(
        k=2, cluster_numbers=(0, 3), cluster_sizes=(20, 1500), cluster_names=("dark", "fast, bright - Techno")
    )
    assert lines[-2:] == [["3", "1,500", "fast,", "bright", "-", "Techno"], ["0", "20", "dark"]]


def test_a_version_of_an_earlier_release_has_no_such_tables() -> None:
    assert not any(line[:1] in (["K"], ["CLUSTER"]) for line in shown())
