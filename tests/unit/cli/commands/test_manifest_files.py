"""Manifests are read and checked as a whole before anything begins."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from segue.commands.manifest_files import check_sources, parse_volumes, read_manifests
from segue.errors import UsageError
from segue_operator.kinds.objects import Key, Manifest
from support.local_state import ended
from support.manifests import put, track_batch, training_run


def write(path: Path, *manifests: Manifest) -> str:
    path.write_text(yaml.safe_dump_all(manifests))
    return str(path)


def test_files_and_folders_are_read_in_order(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    one = write(tmp_path / "one.yaml", track_batch("a"), training_run("b"))
    write(tmp_path / "folder" / "two.yml", track_batch("c"))
    (tmp_path / "folder" / "notes.txt").write_text("no manifest")
    found = read_manifests([one, str(tmp_path / "folder")])
    assert [Key.of(manifest).name for manifest in found] == ["a", "b", "c"]


def test_what_get_printed_can_be_applied(tmp_path: Path) -> None:
    printed = ended(track_batch("a"), reason="Completed", message="all")
    found = read_manifests([write(tmp_path / "a.yaml", printed)])[0]
    assert found["metadata"] == {"name": "a", "namespace": "default"}
    assert "status" not in found


def test_every_problem_of_every_file_is_reported_at_once(tmp_path: Path) -> None:
    bad = write(
        tmp_path / "bad.yaml",
        put(track_batch("a"), "spec.catalog", "x"),
        put(training_run("b"), "spec.kmeans.k", "8"),
        {"kind": "Pod"},
    )
    with pytest.raises(UsageError) as caught:
        read_manifests([bad, str(tmp_path / "missing.yaml")])
    message = str(caught.value)
    for words in (
        "4 problems",
        "TrackBatch a",
        "spec.catalog",
        "spec.kmeans.k",
        "'Pod' is not one of Segue's kinds",
        "missing.yaml",
    ):
        assert words in message


def test_a_name_that_is_given_twice_is_refused(tmp_path: Path) -> None:
    first, second = write(tmp_path / "1.yaml", track_batch("a")), write(tmp_path / "2.yaml", track_batch("a"))
    with pytest.raises(UsageError, match=r"2.yaml: trackbatch/a is also in .*1.yaml"):
        read_manifests([first, second])


def test_volumes_are_absolute_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "music").mkdir()
    monkeypatch.chdir(tmp_path)
    assert parse_volumes(["m=music", "n=."]) == {"m": tmp_path / "music", "n": tmp_path}


@pytest.mark.parametrize(
    ("pairs", "said"),
    [(["music"], "CLAIM=DIR"), (["=."], "CLAIM=DIR"), (["m=nowhere"], "not a folder"), (["m=.", "m=/"], "two folders")],
)
def test_a_wrong_volume_is_explained(pairs: list[str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        parse_volumes(pairs)


def claiming(name: str, claim: str) -> Manifest:
    return put(track_batch(name), "spec.source.volume", {"persistentVolumeClaim": {"claimName": claim}})


def test_a_claim_without_a_folder_names_the_option(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        check_sources([claiming("a", "music"), claiming("b", "more")], {})
    assert "trackbatch/a needs the volume claim 'music'" in str(caught.value)
    assert caught.value.hint == "name the local folder for it: --volume music=DIR --volume more=DIR"


def test_paths_that_do_not_exist_are_found_before_the_work(tmp_path: Path) -> None:
    batch = put(claiming("a", "music"), "spec.source.audioPath", "audio")
    with pytest.raises(UsageError, match=r"spec.source.audioPath(.|\n)*spec.source.metadata.path"):
        check_sources([batch], {"music": tmp_path})
    (tmp_path / "audio").mkdir()
    (tmp_path / "tracks.csv").write_text("id\n")
    check_sources([batch, training_run("r")], {"music": tmp_path})


def test_a_host_path_needs_no_option(tmp_path: Path) -> None:
    (tmp_path / "tracks.csv").write_text("id\n")
    check_sources([put(track_batch("a"), "spec.source.volume", {"hostPath": {"path": str(tmp_path)}})], {})


def test_the_demo_manifests_are_valid(repository: Path) -> None:
    found = read_manifests([str(repository / "examples" / "demo")])
    assert [Key.of(manifest).name for manifest in found] == ["demo", "demo"]
