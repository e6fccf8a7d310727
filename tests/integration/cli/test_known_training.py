"""`segue sync` trains again only if a model would learn something, over a real database."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import pytest

from segue.commands.known_training import KnownTraining
from segue_core.store.database import Collection, Database
from segue_core.store.presence import Presence, SourcePresence, write_presence
from segue_core.store.records import track_key
from segue_operator.kinds.objects import Key, Manifest

MANIFEST: Manifest = {
    "apiVersion": "segue.dev/v1alpha1",
    "kind": "TrainingRun",
    "metadata": {"name": "fma"},
    "spec": {"catalogue": "fma"},
}
RUN: Manifest = {
    **MANIFEST,
    "metadata": {"name": "fma", "uid": "one"},
    "status": {
        "model": {"version": "fma:1"},
        "conditions": [
            {
                "type": "Succeeded",
                "status": "True",
                "reason": "Trained",
                "message": "",
                "lastTransitionTime": "2026-01-01T00:00:00Z",
            }
        ],
    },
}


def model_of(
    known: KnownTraining, database: Database, run: Manifest = MANIFEST, existing: Manifest = RUN
) -> str | None:
    return known.model_of(known.content(database), [run], {Key.of(existing): existing}, database)


@pytest.fixture
def known(tmp_path: Path, asked_catalogue: Database) -> KnownTraining:
    """What was remembered when the model was trained."""
    known = KnownTraining(tmp_path / "trained" / "fma.json", "fma")
    known.remember(known.content(asked_catalogue), [RUN])
    return known


def test_as_long_as_nothing_changes_the_model_is_known(known: KnownTraining, asked_catalogue: Database) -> None:
    assert model_of(known, asked_catalogue) == "fma:1"
    asked_catalogue[Collection.TRACKS].update_one(
        {"_id": track_key("fma", "000007")}, {"$set": {"metadata.title": "Another", "batchUid": "later"}}
    )
    assert model_of(known, asked_catalogue) == "fma:1"


@pytest.mark.parametrize(
    "change", [{"audioSha256": "0" * 64}, {"recipe": "other"}, {"metadata.artist": "Nobody"}, {"metadata.genres": []}]
)
def test_other_audio_and_other_words_are_something_to_learn(
    known: KnownTraining, asked_catalogue: Database, change: dict[str, object]
) -> None:
    asked_catalogue[Collection.TRACKS].update_one({"_id": track_key("fma", "000007")}, {"$set": change})
    assert model_of(known, asked_catalogue) is None


def test_a_track_that_has_gone_is_something_to_learn(known: KnownTraining, asked_catalogue: Database) -> None:
    gone = SourcePresence(name="hostPath/m", path="7.mp3", present=False, since="2026-01-01T00:00:00Z")
    presence = Presence(catalogue="fma", track_id="000007", audio_sha256="a", sources=(gone,), hidden=True)
    write_presence(asked_catalogue, [presence])
    assert model_of(known, asked_catalogue) is None


def test_other_parameters_another_run_and_a_lost_model_are_trained(
    known: KnownTraining, asked_catalogue: Database
) -> None:
    changed, other, failed, lost = deepcopy(MANIFEST), deepcopy(RUN), deepcopy(RUN), deepcopy(RUN)
    changed["spec"]["kmeans"] = {"k": [3]}
    other["metadata"]["uid"] = "two"
    failed["status"]["conditions"][0] |= {"status": "False"}
    lost["status"]["model"]["version"] = "fma:99"
    assert model_of(known, asked_catalogue, run=changed) is None
    for existing in (other, failed, lost):
        assert model_of(known, asked_catalogue, existing=existing) is None
    known.forget()
    assert model_of(known, asked_catalogue) is None
