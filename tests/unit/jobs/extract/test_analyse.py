"""Each odd file gets its reason; good files of every kind give finite numbers."""

from __future__ import annotations

import resource
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from segue_core.contract import Engine, Reason, Stage, WindowPosition
from segue_core.features.layout import LAYOUT
from segue_jobs.extract.analyse import AlreadyDone, Analysis, Method, Request, Result, analyse_file
from segue_jobs.extract.decode import Window
from segue_jobs.listing.listed_tracks import Problem
from support.audio import (
    mp4_with_drm,
    ogg_video,
    truncate,
    tune,
    write_audio,
    write_sparse_hours,
    write_tune,
)


def analyse(path: Path, *, known: str | None = None, whole: bool = False, maximum_bytes: int = 1 << 30) -> Result:
    window = Window(WindowPosition.WHOLE if whole else WindowPosition.MIDDLE, 30.0, 5.0)
    return analyse_file(Request("1", path, Method(Engine.LIBROSA, window, maximum_bytes)), {known})


def analysed(path: Path, *, whole: bool = False) -> Analysis:
    result = analyse(path, whole=whole)
    assert isinstance(result, Analysis), result
    return result


def reason(path: Path, *, whole: bool = False, maximum_bytes: int = 1 << 30) -> Reason:
    result = analyse(path, whole=whole, maximum_bytes=maximum_bytes)
    assert isinstance(result, Problem), result
    assert result.message
    assert str(path) not in result.message
    return result.reason


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.opus", "a.mp3", "a.aiff"])
def test_every_decodable_format_is_analysed(tmp_path: Path, name: str) -> None:
    rate = 48_000 if name.endswith("opus") else 44_100
    result = analysed(write_tune(tmp_path / name, rate=rate))
    assert {family: len(vector) for family, vector in result.families.items()} == {
        family: len(names) for family, names in LAYOUT.items()
    }
    assert all(np.isfinite(vector).all() for vector in result.families.values())
    assert result.audio.duration_seconds == pytest.approx(8.0, abs=0.2)


@pytest.mark.parametrize("rate", [8000, 11_025, 96_000])
def test_unusual_sample_rates_are_analysed(tmp_path: Path, rate: int) -> None:
    assert analysed(write_tune(tmp_path / "a.wav", rate=rate)).audio.sample_rate == rate


def test_channels_are_averaged(tmp_path: Path) -> None:
    mono = tune()
    surround = np.column_stack([mono * gain for gain in (0.5, 1.5, 1.0, 1.0, 1.2, 0.8)])
    one = analysed(write_audio(tmp_path / "1.wav", mono, subtype="FLOAT"))
    six = analysed(write_audio(tmp_path / "6.wav", surround, subtype="FLOAT"))
    assert six.audio.channels == 6
    for family, vector in one.families.items():
        assert six.families[family] == pytest.approx(vector, rel=1e-3, abs=1e-3)


def test_empty_file(tmp_path: Path) -> None:
    (tmp_path / "a.mp3").touch()
    assert reason(tmp_path / "a.mp3") is Reason.EMPTY_FILE


def test_container_without_audio(tmp_path: Path) -> None:
    assert reason(write_audio(tmp_path / "a.wav", np.empty(0, np.float32))) is Reason.EMPTY_FILE


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("text.mp3", b"this is no music\n" * 200),
        ("text.wav", b"RIFF says the first word, but this is text\n"),
        ("protected.m4p", mp4_with_drm()),
        ("film.ogv", ogg_video()),
        ("zeros.mp3", bytes(20_000)),
    ],
)
def test_what_is_not_audio_is_unsupported(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    assert reason(tmp_path / name) is Reason.UNSUPPORTED_FORMAT


@pytest.mark.parametrize(("name", "share"), [("a.flac", 0.3), ("a.flac", 0.8), ("a.mp3", 0.3), ("a.mp3", 0.85)])
def test_truncated_file_that_claims_its_old_length(tmp_path: Path, name: str, share: float) -> None:
    path = truncate(write_tune(tmp_path / name, 60.0), share)
    assert reason(path) in (Reason.DURATION_MISMATCH, Reason.DECODE_ERROR)


def test_download_whose_file_was_allocated_in_advance(tmp_path: Path) -> None:
    path = write_tune(tmp_path / "a.mp3", 60.0)
    data = path.read_bytes()
    path.write_bytes(data[: int(0.8 * len(data))] + bytes(len(data) - int(0.8 * len(data))))
    assert reason(path) is Reason.DURATION_MISMATCH


def test_truncated_file_that_does_not_know_its_length_is_analysed(tmp_path: Path) -> None:
    result = analysed(truncate(write_tune(tmp_path / "a.ogg", 60.0), 0.5))
    assert 20 < result.audio.duration_seconds < 40


def test_damaged_frames_are_a_decode_error(tmp_path: Path) -> None:
    path = write_tune(tmp_path / "a.flac", 8.0)
    data = bytearray(path.read_bytes())
    data[len(data) // 3 : 2 * len(data) // 3] = bytes(len(data) // 3)
    path.write_bytes(data)
    assert reason(path) in (Reason.DECODE_ERROR, Reason.DURATION_MISMATCH)


def test_two_seconds_are_too_short(tmp_path: Path) -> None:
    assert reason(write_tune(tmp_path / "a.wav", 2.0)) is Reason.TOO_SHORT


@pytest.mark.parametrize("level", [0.0, 5e-5])
def test_silence(tmp_path: Path, level: float) -> None:
    noise = level * np.random.default_rng(1).uniform(-1, 1, 22_050 * 8)
    assert reason(write_audio(tmp_path / "a.wav", noise.astype(np.float32), subtype="FLOAT")) is Reason.SILENT


def test_low_sample_rate(tmp_path: Path) -> None:
    assert reason(write_tune(tmp_path / "a.wav", rate=4000)) is Reason.LOW_SAMPLE_RATE


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_samples_that_are_not_numbers(tmp_path: Path, value: float) -> None:
    samples = tune()
    samples[1000] = value
    assert reason(write_audio(tmp_path / "a.wav", samples, subtype="FLOAT")) is Reason.NON_FINITE_FEATURE


def test_samples_too_large_for_their_squares(tmp_path: Path) -> None:
    samples = tune() * np.float32(1e30)
    assert reason(write_audio(tmp_path / "a.wav", samples, subtype="FLOAT")) is Reason.NON_FINITE_FEATURE


def test_file_above_the_limit(tmp_path: Path) -> None:
    assert reason(write_tune(tmp_path / "a.wav", 30.0), maximum_bytes=1 << 20) is Reason.TOO_LARGE


def test_file_that_is_gone(tmp_path: Path) -> None:
    result = analyse(tmp_path / "gone.mp3")
    assert isinstance(result, Problem)
    assert (result.stage, result.reason) == (Stage.DECODE, Reason.UNREADABLE)


def test_name_that_is_not_text(tmp_path: Path) -> None:
    path = tmp_path / "caf\udce9.wav"
    write_tune(tmp_path / "a.wav").rename(path)
    assert analysed(path).audio_sha256


def test_middle_of_three_hours_needs_the_memory_of_the_window(tmp_path: Path) -> None:
    path = write_sparse_hours(tmp_path / "long.wav", 3)
    analysed(write_tune(tmp_path / "a.wav", 31.0))
    tracemalloc.start()
    result = analysed(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert result.audio.window_start_seconds == 3 * 3600 / 2 - 15
    assert peak < 100 << 20, resource.getrusage(resource.RUSAGE_SELF)


def test_whole_of_three_hours_is_too_large_for_the_engine_in_memory(tmp_path: Path) -> None:
    result = analyse(write_sparse_hours(tmp_path / "long.wav", 3), whole=True)
    assert isinstance(result, Problem)
    assert result.reason is Reason.TOO_LARGE
    assert "Middle" in result.message


def test_window_is_the_middle_of_the_track(tmp_path: Path) -> None:
    samples = np.concatenate([np.zeros(22_050 * 20, np.float32), tune(30.0), np.zeros(22_050 * 20, np.float32)])
    alone = analysed(write_audio(tmp_path / "alone.wav", tune(30.0)))
    middle = analysed(write_audio(tmp_path / "long.wav", samples))
    assert (middle.audio.window_start_seconds, middle.audio.window_seconds) == (20.0, 30.0)
    assert middle.families == alone.families


def test_whole_track(tmp_path: Path) -> None:
    result = analysed(write_tune(tmp_path / "a.wav", 40.0), whole=True)
    assert (result.audio.window_start_seconds, result.audio.window_seconds) == (0.0, 40.0)


def test_known_audio_is_not_analysed_again(tmp_path: Path) -> None:
    path = write_tune(tmp_path / "a.wav")
    sha256 = analysed(path).audio_sha256
    result = analyse(path, known=sha256)
    assert isinstance(result, AlreadyDone)
    assert (result.audio_sha256, result.inspection.bytes) == (sha256, path.stat().st_size)


def test_wav_whose_header_claims_more_than_the_file_has(tmp_path: Path) -> None:
    path = write_tune(tmp_path / "a.wav", 8.0)
    data = bytearray(path.read_bytes())
    position = data.index(b"data") + 4
    data[position : position + 4] = struct.pack("<I", 0xFFFFFFF0)
    path.write_bytes(data)
    assert analysed(path).audio.window_seconds == pytest.approx(8.0)
