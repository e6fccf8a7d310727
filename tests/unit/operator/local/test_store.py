"""The object store has the API server's semantics, and its objects survive."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from segue_operator.api.objects import Key, Kind, Manifest
from segue_operator.controller.cluster import (
    AlreadyExistsError,
    ConflictError,
    InvalidError,
    NotFoundError,
    UnavailableError,
    WatchEvent,
)
from segue_operator.local.cluster import LocalCluster
from segue_operator.local.files import ObjectFiles, read_objects
from segue_operator.local.java import LocalError
from segue_operator.local.store import ObjectStore
from support.toy_plan import batch
from support.workloads import deployment, job, key, manifest, template

SPARK = {"type": "Python", "mainApplicationFile": "x"}
BATCH = key(Kind.TRACK_BATCH, "b")


@pytest.fixture
def files(tmp_path: Path) -> Iterator[ObjectFiles]:
    files = ObjectFiles(tmp_path)
    files.lock()
    yield files
    files.unlock()


@pytest.fixture
def store(files: ObjectFiles) -> ObjectStore:
    return ObjectStore(files)


def owned_by(owner: Manifest, child: Manifest) -> Manifest:
    reference = {"apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": "x", "uid": owner["metadata"]["uid"]}
    return {**child, "metadata": {**child["metadata"], "ownerReferences": [reference]}}


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
    assert "labels" not in changed["metadata"] or changed["metadata"]["labels"] == {}
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


def test_stale_resource_version_is_a_conflict(store: ObjectStore) -> None:
    stale = store.apply(batch(a=1))
    store.apply(batch(a=2))
    with pytest.raises(ConflictError):
        store.apply({**batch(a=3), "metadata": {"name": "b", "resourceVersion": stale["metadata"]["resourceVersion"]}})
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
    assert store.apply(manifest(Kind.JOB, "j", {"parallelism": 2}))["spec"]["parallelism"] == 2


@pytest.mark.parametrize("name", ["../../etc/passwd", "Upper", "", "a" * 254, ".hidden", "a/b", 7])
def test_names_that_are_no_names_are_refused(store: ObjectStore, tmp_path: Path, name: Any) -> None:
    with pytest.raises(InvalidError, match=r"metadata\.name"):
        store.create(manifest(Kind.TRACK_BATCH, name, {}))
    assert list((tmp_path / "objects").iterdir()) == []


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"kind": "Secret", "metadata": {"name": "s"}}, "known kind"),
        ({**batch(), "apiVersion": "v1"}, "apiVersion must be segue.dev/v1alpha1"),
        ({**batch(), "spec": []}, "must be an object"),
        (manifest(Kind.JOB, "j", {"parallelism": 1}), "template"),
        (job("j", template=template("true", restart="OnFailure")), "restartPolicy"),
        (job("j", "true", backoffLimit=-1), "backoffLimit"),
        (manifest(Kind.DEPLOYMENT, "d", {"template": template(restart="Always")}), "selector"),
        (manifest(Kind.SPARK_APPLICATION, "s", {"type": "Scala"}), "Python"),
        (manifest(Kind.SPARK_APPLICATION, "s", {**SPARK, "restartPolicy": {"type": "Always"}}), "restartPolicy"),
        (manifest(Kind.POD, "p", {"containers": []}), "exactly one container"),
    ],
)  # fmt: skip
def test_what_cannot_be_run_is_refused_with_the_field(store: ObjectStore, given: Manifest, message: str) -> None:
    with pytest.raises(InvalidError, match=message):
        store.apply(given)


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


def test_objects_survive_with_what_was_applied(files: ObjectFiles, tmp_path: Path) -> None:
    first = ObjectStore(files)
    first.apply(batch(a=1, b=2))
    first.set_status(BATCH, {"phase": "Running"})
    second = ObjectStore(files)
    second.load()
    assert second.get(BATCH) == first.get(BATCH)
    applied = second.apply(batch(a=1))
    assert applied["spec"] == {"a": 1}
    assert int(applied["metadata"]["resourceVersion"]) == 3
    assert [Key.of(found) for found in read_objects(tmp_path)] == [BATCH]


def test_load_removes_what_lost_its_owner(files: ObjectFiles) -> None:
    first = ObjectStore(files)
    owner = first.create(batch())
    first.create(owned_by(owner, job("j", "true")))
    files.remove(BATCH)  # killed between the owner's removal and its children's
    second = ObjectStore(files)
    second.load()
    assert second.select(Kind.JOB) == []


def test_damaged_file_is_named(files: ObjectFiles) -> None:
    ObjectStore(files).create(batch())
    files.path(BATCH).write_text("{")
    with pytest.raises(LocalError, match=r"b\.json is damaged"):
        ObjectStore(files).load()


def test_failed_write_changes_nothing(store: ObjectStore, files: ObjectFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    before = store.apply(batch(a=1))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(files, "write", full)
        with pytest.raises(OSError, match="No space"):
            store.apply(batch(a=2))
    assert store.get(BATCH) == before


async def test_full_disk_is_an_unavailable_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    async with LocalCluster(tmp_path, processes=False) as cluster:
        monkeypatch.setattr(ObjectFiles, "write", full)
        with pytest.raises(UnavailableError, match="No space left"):
            await cluster.apply(batch())


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


async def test_events_are_kept_and_found_by_their_object(tmp_path: Path) -> None:
    for _ in range(2):
        async with LocalCluster(tmp_path, processes=False) as cluster:
            about = await cluster.apply(batch())
            await cluster.create_event(about, type_="Normal", reason="Started", message="line\nbreak")
            events = cluster.events(BATCH)
            assert cluster.events(key(Kind.TRACK_BATCH, "other")) == []
    assert [event["message"] for event in events] == ["line\nbreak"] * 2


async def test_state_directory_has_one_owner(tmp_path: Path) -> None:
    async with LocalCluster(tmp_path, processes=False):
        with pytest.raises(LocalError, match="in use by another segue"):
            await LocalCluster(tmp_path, processes=False).__aenter__()
    async with LocalCluster(tmp_path, processes=False):
        pass
