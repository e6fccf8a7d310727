"""Objects survive the process, a full disk and a power cut."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from segue.cluster.api_server.object_files import ObjectFiles, read_objects
from segue.cluster.api_server.object_store import ObjectStore
from segue.cluster.local_cluster import LocalCluster
from segue.errors import LocalError
from segue_operator.controller.cluster import UnavailableError
from segue_operator.kinds.objects import Key, Kind
from support.toy_plan import batch
from support.workloads import job, key, owned_by

BATCH = key(Kind.TRACK_BATCH, "b")


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


@pytest.mark.parametrize("moment", ["fsync", "replace"])
def test_an_object_is_replaced_whole_or_not_at_all(
    files: ObjectFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    ObjectStore(files).create(batch(a=1))
    before, synced = read_objects(tmp_path), []

    def cut(*arguments: object) -> None:
        synced.append(arguments)
        raise OSError(5, "the power is cut")

    with monkeypatch.context() as patch:
        patch.setattr(os if moment == "fsync" else Path, moment, cut)
        with pytest.raises(OSError, match="the power"):
            files.write({**before[0], "spec": {"a": 2}})
    assert synced
    assert read_objects(tmp_path) == before
