"""The object store has the API server's semantics, and its objects survive."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from segue.cluster.api_server.object_files import ObjectFiles
from segue.cluster.api_server.object_store import ObjectStore
from segue.cluster.local_cluster import LocalCluster
from segue_operator.controller.cluster import (
    AlreadyExistsError,
    ConflictError,
    InvalidError,
    NotFoundError,
    WatchEvent,
)
from segue_operator.kinds.objects import Key, Kind, Manifest
from support.toy_plan import batch
from support.workloads import deployment, job, key, manifest, owned_by

BATCH = key(Kind.TRACK_BATCH, "b")


def test_server_fills_in_identity_and_drops_what_is_not_the_callers(store: ObjectStore) -> None:
    given = batch()
    given["metadata"] |= {"uid": "mine", "resourceVersion": "7"}
    created = store.create({**given, "status": {"phase": "Succeeded"}})
    metadata = created["metadata"]
    assert metadata["uid"] != "mine"
    assert (metadata["generation"], metadata["namespace"]) == (1, "default")
    assert metadata["creationTimestamp"].endswith("Z")
    assert "status" not in created


def test_create_refuses_a_taken_name(store: ObjectStore) -> None:
    store.create(batch())
    with pytest.raises(AlreadyExistsError):
        store.create(batch())


def test_generated_names_differ(store: ObjectStore) -> None:
    given = manifest(Kind.POD, "x", {"containers": [{"name": "c", "command": ["true"]}]})
    given["metadata"] = {"generateName": "p-"}
    names = {store.create(given)["metadata"]["name"] for _ in range(20)}
    assert len(names) == 20
    assert all(name.startswith("p-") for name in names)


def test_apply_that_changes_nothing_writes_nothing(store: ObjectStore) -> None:
    seen: list[WatchEvent] = []
    first = store.apply(batch(a=1))
    store.subscribe(seen.append)
    assert store.apply(batch(a=1)) == first
    assert seen == []


def test_generation_counts_changes_of_the_spec_only(store: ObjectStore) -> None:
    store.apply(batch(a=1))
    store.set_status(BATCH, {"phase": "Running"})
    labelled = batch(a=1)
    labelled["metadata"]["labels"] = {"x": "y"}
    assert store.apply(labelled)["metadata"]["generation"] == 1
    changed = store.apply(batch(a=2))
    assert changed["metadata"]["generation"] == 2
    assert "labels" not in changed["metadata"]
    assert changed["status"] == {"phase": "Running"}


def test_status_is_a_part_of_its_own(store: ObjectStore) -> None:
    store.apply(batch(a=1))
    store.set_status(BATCH, {"phase": "Running", "a": [1]})
    version = _version(store)
    store.set_status(BATCH, {"phase": "Running", "a": [1]})
    assert _version(store) == version
    store.set_status(BATCH, {"phase": "Succeeded"})
    found = store.get(BATCH)
    assert found is not None
    assert found["status"] == {"phase": "Succeeded"}
    with pytest.raises(NotFoundError):
        store.set_status(key(Kind.TRACK_BATCH, "other"), {})


def _version(store: ObjectStore) -> str:
    found = store.get(BATCH)
    assert found is not None
    return str(found["metadata"]["resourceVersion"])


def test_an_apply_to_an_object_of_another_uid_is_a_conflict(store: ObjectStore) -> None:
    with pytest.raises(ConflictError):
        store.apply({**batch(a=3), "metadata": {"name": "b", "uid": "of one that is gone"}})
    store.apply(batch(a=1))
    with pytest.raises(ConflictError):
        store.apply({**batch(a=3), "metadata": {"name": "b", "uid": "of another"}})


@pytest.mark.parametrize("field", ["template", "completions", "podFailurePolicy"])
def test_jobs_template_is_immutable(store: ObjectStore, field: str) -> None:
    store.create(job("j", "true"))
    other: dict[str, Any] = {
        "template": job("x", "false")["spec"]["template"],
        "completions": 5,
        "podFailurePolicy": {"rules": []},
    }
    with pytest.raises(InvalidError, match=f"spec.{field}: field is immutable"):
        store.apply(manifest(Kind.JOB, "j", {field: other[field]}))


def test_jobs_parallelism_and_suspend_may_change_by_an_apply_of_these_alone(store: ObjectStore) -> None:
    store.create(job("j", "true", completions=3))
    applied = store.apply(manifest(Kind.JOB, "j", {"parallelism": 1, "suspend": True}))
    assert applied["spec"]["completions"] == 3
    assert applied["metadata"]["generation"] == 2
    assert store.apply(manifest(Kind.JOB, "j", {"parallelism": 2}))["spec"] == applied["spec"] | {"parallelism": 2}


def test_an_apply_replaces_what_was_there(store: ObjectStore) -> None:
    store.apply({**deployment("d", "true"), "metadata": {"name": "d", "labels": {"a": "1"}, "annotations": {"x": "y"}}})
    applied = store.apply({**deployment("d", "false"), "metadata": {"name": "d", "annotations": {"x": "z"}}})
    assert applied["spec"] == deployment("d", "false")["spec"]
    assert (applied["metadata"]["annotations"], "labels" in applied["metadata"]) == ({"x": "z"}, False)


@pytest.mark.parametrize("name", ["../../etc/passwd", "Upper", "", "a" * 254, ".hidden", "a/b", 7])
def test_invalid_names_are_refused(store: ObjectStore, tmp_path: Path, name: Any) -> None:
    with pytest.raises(InvalidError, match=r"metadata\.name"):
        store.create(manifest(Kind.TRACK_BATCH, name, {}))
    assert not (tmp_path / "objects").exists()


def test_owned_objects_go_with_their_owner(store: ObjectStore) -> None:
    owner = store.create(batch())
    child = store.create(owned_by(owner, job("j", "true")))
    store.create(owned_by(child, deployment("d", "true")))
    store.create(job("stranger", "true"))
    store.delete(BATCH)
    assert [Key.of(found).name for kind in Kind for found in store.select(kind)] == ["stranger"]


def test_child_of_an_owner_that_is_gone_does_not_stay(store: ObjectStore) -> None:
    owner = store.create(batch())
    store.delete(BATCH)
    store.create(owned_by(owner, job("j", "true")))
    assert store.select(Kind.JOB) == []


def test_running_pod_is_only_marked_until_it_has_ended(store: ObjectStore) -> None:
    pod = key(Kind.POD, "p")
    store.create(manifest(Kind.POD, "p", {"containers": [{"name": "c", "command": ["true"]}]}))
    store.delete(pod)
    marked = store.get(pod)
    assert marked is not None
    assert "deletionTimestamp" in marked["metadata"]
    store.remove(pod)
    assert store.get(pod) is None


def test_labels_select(store: ObjectStore) -> None:
    for name, labels in (("a", {"x": "1", "y": "2"}), ("b", {"x": "1"}), ("c", {})):
        store.create(manifest(Kind.TRACK_BATCH, name, {}, labels=labels))
    assert [Key.of(found).name for found in store.select(Kind.TRACK_BATCH, "default", {"x": "1"})] == ["a", "b"]
    assert [Key.of(found).name for found in store.select(Kind.TRACK_BATCH, None, {"x": "1", "y": "2"})] == ["a"]
    assert store.select(Kind.TRACK_BATCH, "elsewhere") == []


def test_what_is_read_is_a_copy(store: ObjectStore) -> None:
    store.apply(batch(a=1))
    found = store.get(BATCH)
    assert found is not None
    found["spec"]["a"] = 2
    assert store.get(BATCH) != found


def test_own_kinds_are_checked_and_defaulted(files: ObjectFiles) -> None:
    def validate(new: Manifest, old: Manifest | None) -> Manifest:
        if old is not None and new["spec"]["a"] != old["spec"]["a"]:
            raise InvalidError("spec.a: field is immutable")
        return {**new, "spec": {"b": 1, **new["spec"]}}

    store = ObjectStore(files, validate=validate)
    assert store.apply(batch(a=1))["spec"] == {"a": 1, "b": 1}
    assert store.apply(batch(a=1))["metadata"]["generation"] == 1
    with pytest.raises(InvalidError, match="immutable"):
        store.apply(batch(a=2))


async def test_watch_gives_what_exists_and_then_every_change(tmp_path: Path) -> None:
    async with LocalCluster(tmp_path, processes=False) as cluster:
        await cluster.apply(batch(a=0))
        seen: list[tuple[str, int]] = []
        async for event in cluster.watch([Kind.TRACK_BATCH]):
            seen.append((event.type, event.object["spec"]["a"]))
            if len(seen) == 1:
                for value in range(1, 50):
                    await cluster.apply(batch(a=value))
                await cluster.create(job("j", "true"))
                await cluster.delete(BATCH)
            if event.type == "DELETED":
                break
            await asyncio.sleep(0)
    assert seen == [("ADDED", 0), *(("MODIFIED", value) for value in range(1, 50)), ("DELETED", 49)]


async def test_events_are_logged_in_one_line(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with LocalCluster(tmp_path, processes=False) as cluster:
        about = await cluster.apply(batch())
        await cluster.create_event(about, type_="Warning", reason="Failed", message="line\nbreak")
    assert [(one.levelname, one.getMessage()) for one in caplog.records] == [
        ("WARNING", "TrackBatch/default/b: Failed: line break")
    ]
