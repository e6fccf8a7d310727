"""A recommender comes back from its file as it was; a file that is not what was saved never does."""

from __future__ import annotations

import io
import os
from functools import cache
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue_core.recommend.catalogue_cache import CatalogueCache
from segue_core.recommend.filters import Filters
from segue_core.recommend.listener_view import ListenerView
from segue_core.recommend.recommender import Recommender
from segue_core.recommend.saved_recommender import DamagedFileError, load, save
from segue_core.store.models import ModelDocument
from segue_core.store.records import TrackRecord
from support.synthetic_model import assemble, train_model
from support.synthetic_tracks import synthetic_tracks


@cache
def records() -> tuple[TrackRecord, ...]:
    return tuple(synthetic_tracks("fma", 120, genres=4))


@cache
def model() -> ModelDocument:
    return msgspec.structs.replace(train_model(records()[:90], k=4)[0], metrics={"precision": float("nan")})


@cache
def recommender() -> Recommender:
    odd = msgspec.structs.replace(records()[99], recipe="recipe-2")
    return assemble(model(), train_model(records()[:90], k=4)[1], [*records()[:99], odd])


@cache
def saved() -> bytes:
    file = io.BytesIO()
    save(file, recommender(), model(), "content")
    return file.getvalue()


def written(folder: Path, content: bytes) -> Path:
    path = folder / "saved.npz"
    path.write_bytes(content)
    return path


def test_it_answers_as_before_and_takes_tracks_as_before(tmp_path: Path) -> None:
    before, after = recommender(), load(written(tmp_path, saved()), "content")
    assert after is not None
    assert (after.catalogue, after.model, after.absent) == (before.catalogue, before.model, before.absent)
    assert repr(list(after.tracks.cards)) == repr(list(before.tracks.cards))
    assert after.cluster_names == before.cluster_names
    listener = ListenerView(likes=("000001", "000040"), dislikes=("000007",))
    for one, other in (
        (before, after),
        (before.with_tracks(records()[99:], ["000003"]), after.with_tracks(records()[99:], ["000003"])),
    ):
        assert other.for_listener(listener) == one.for_listener(listener)
        filtered = Filters(genres=("Genre 1",))
        assert other.similar("000005", limit=50, filters=filtered) == one.similar("000005", limit=50, filters=filtered)
        assert other.similar("000005", limit=50) == one.similar("000005", limit=50)


def test_what_was_assembled_from_something_else_is_not_found(tmp_path: Path) -> None:
    assert load(written(tmp_path, saved()), "other content") is None


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_a_damaged_file_is_recognised(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    content = bytearray(saved())
    if data.draw(st.booleans()):
        del content[data.draw(st.integers(0, len(content) - 1)) :]
    else:
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] ^= data.draw(st.integers(1, 255))
    path = written(tmp_path_factory.getbasetemp(), bytes(content))
    try:
        found = load(path, "content")
    except DamagedFileError:
        return
    # What neither checksums nor the format cover, such as a date, may differ.
    assert found is None or found.similar("000005", limit=50) == recommender().similar("000005", limit=50)


class Trap:
    """Runs something when it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str, int]]:
        return os.mkdir, ("executed", 0o700)


def test_nothing_in_a_file_is_executed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    file = io.BytesIO()
    np.savez(file, header=np.array([Trap()], dtype=object))
    with pytest.raises(DamagedFileError, match="allow_pickle=False"):
        load(written(tmp_path, file.getvalue()), "content")
    assert not (tmp_path / "executed").exists()


def test_a_small_file_does_not_become_large_arrays(tmp_path: Path) -> None:
    file = io.BytesIO()
    np.savez_compressed(file, header=np.zeros(1 << 20, dtype=np.uint8))
    with pytest.raises(DamagedFileError, match="compressed"):
        load(written(tmp_path, file.getvalue()), "content")


def test_arrays_that_do_not_fit_together_are_recognised(tmp_path: Path) -> None:
    with np.load(io.BytesIO(saved())) as found:
        arrays = dict(found)
    for name, wrong in (
        ("column year", arrays["column year"][1:]),
        ("rows", np.zeros_like(arrays["rows"])),
        ("ids ends", arrays["ids ends"] + 1),
        ("starts", arrays["starts"][:-1]),
    ):
        file = io.BytesIO()
        np.savez(file, **{**arrays, name: wrong})
        with pytest.raises(DamagedFileError):
            load(written(tmp_path, file.getvalue()), "content")


def test_only_a_recommender_as_it_was_assembled_is_saved() -> None:
    with pytest.raises(ValueError, match="as it was assembled"):
        save(io.BytesIO(), recommender().with_tracks(records()[100:101]), model(), "content")


def test_the_folder_gives_back_what_it_keeps_and_is_private(tmp_path: Path) -> None:
    kept = CatalogueCache(tmp_path / "deep" / "cache")
    assert kept.find("fma:1", "content") is None
    kept.keep(recommender(), model(), "content")
    found = kept.find("fma:1", "content")
    assert found is not None
    assert found.similar("000005") == recommender().similar("000005")
    assert kept.find("fma:1", "newer content") is None
    assert kept.find("fma:2", "content") is None
    [path] = kept.folder.iterdir()
    assert (path.stat().st_mode & 0o077, kept.folder.stat().st_mode & 0o077) == (0, 0)


def test_a_damaged_file_is_replaced(tmp_path: Path) -> None:
    kept = CatalogueCache(tmp_path)
    kept.keep(recommender(), model(), "content")
    [path] = tmp_path.iterdir()
    path.write_bytes(saved()[:1000])
    assert kept.find("fma:1", "content") is None
    kept.keep(recommender(), model(), "content")
    assert kept.find("fma:1", "content") is not None


def test_a_folder_that_cannot_be_written_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    kept = CatalogueCache(tmp_path / "cache")
    kept.keep(recommender(), model(), "content")
    assert kept.find("fma:1", "content") is None


def test_the_folder_stays_small(tmp_path: Path) -> None:
    kept = CatalogueCache(tmp_path)
    (tmp_path / "of-a-killed-program.part").touch()
    os.utime(tmp_path / "of-a-killed-program.part", (0, 0))
    for number in range(1, 8):
        kept.keep(recommender(), msgspec.structs.replace(model(), number=number), "content")
    assert len(list(tmp_path.iterdir())) == 4
    assert kept.find("fma:7", "content") is not None
    assert kept.find("fma:1", "content") is None


def test_the_folder_can_be_emptied(tmp_path: Path) -> None:
    kept = CatalogueCache(tmp_path / "cache")
    kept.clear()
    kept.keep(recommender(), model(), "content")
    kept.clear()
    assert list(kept.folder.iterdir()) == []
