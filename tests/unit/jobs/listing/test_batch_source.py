"""From arguments to a listing."""

from __future__ import annotations

from pathlib import Path

import pytest

from segue_core.contract import MetadataFormat, SourceArguments
from segue_core.errors import ConfigurationError
from segue_jobs.listing import batch_source
from segue_jobs.listing.batch_source import list_source


def arguments(root: Path, **more) -> SourceArguments:
    return SourceArguments(catalogue="c", batch="b", batch_uid="u", audio_root=str(root), **more)


def make(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")


def test_a_source_of_which_nothing_fits_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_source, "MAXIMUM_PROBLEMS", 3)
    (tmp_path / "audio").mkdir()
    csv = tmp_path / "tracks.csv"
    for rows, refused in ((3, False), (4, True)):
        csv.write_text("id\n" + "".join(f"{number}\n" for number in range(rows)))
        batch = arguments(tmp_path / "audio", metadata_path=str(csv))
        if refused:
            with pytest.raises(ConfigurationError, match=r"4 rows or files cannot be used \(4 NoAudio\).*the first: 0"):
                list_source(batch)
        else:
            assert len(list_source(batch).tracks) == 3


def test_without_a_csv_the_files_are_the_tracks(tmp_path: Path) -> None:
    make(tmp_path, "b/1.mp3", "a.ogg")
    assert [track.track_id for track in list_source(arguments(tmp_path)).tracks] == ["a", "b/1"]


def test_with_a_csv_they_are_joined(tmp_path: Path) -> None:
    make(tmp_path, "music/000/000002.mp3", "music/checksums")
    (tmp_path / "raw_tracks.csv").write_text("track_id,artist_name,track_title\n2,A,T\n3,B,U\n")
    listing = list_source(arguments(tmp_path / "music", metadata_path=str(tmp_path / "raw_tracks.csv")))
    [track] = listing.tracks
    assert (track.track_id, track.metadata.title, listing.ignored_rows) == ("2", "T", 1)


def test_an_empty_folder_is_an_empty_listing(tmp_path: Path) -> None:
    assert list_source(arguments(tmp_path)).tracks == ()


def test_a_format_without_its_csv_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="the format Flat needs a CSV: set --metadata-path"):
        list_source(arguments(tmp_path, metadata_format=MetadataFormat.FLAT))


def test_two_listings_are_equal(tmp_path: Path) -> None:
    make(tmp_path, *(f"{folder}/{name}.mp3" for folder in "zyx" for name in ("9", "10", "a")))
    assert list_source(arguments(tmp_path)) == list_source(arguments(tmp_path))
