"""The window moves to where the music is; only a track that is silent throughout is silent."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from segue_core.contract import Reason, WindowPosition
from segue_core.store.records import Audio
from segue_jobs.extract.audio_source import RejectedError, Samples
from segue_jobs.extract.decode import Window, decode_window
from support.audio import tune, write_audio
from support.encoded import RATE, write_as

RATE_OF_WAV = 22_050


def decoded(path: Path, *, whole: bool = False) -> tuple[Samples, Audio]:
    position = WindowPosition.WHOLE if whole else WindowPosition.MIDDLE
    return decode_window(path, Window(position, 10.0, 5.0), None, lambda source: source.samples())


def silence(seconds: float) -> Samples:
    return np.zeros(int(seconds * RATE_OF_WAV), np.float32)


def write(path: Path, *parts: Samples) -> Path:
    return write_audio(path, np.concatenate(parts), RATE_OF_WAV, subtype="PCM_16")


@pytest.mark.parametrize("suffix", [".wav", ".flac"])
def test_a_hidden_track_behind_minutes_of_silence(tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path / f"a{suffix}", tune(15.0), silence(100.0), tune(20.0))
    samples, audio = decoded(path)
    assert audio.window_start_seconds >= 115 - 1.0
    assert audio.window_seconds == 10.0
    assert np.abs(samples[-RATE_OF_WAV:]).max() > 0.1


def test_music_followed_by_silence(tmp_path: Path) -> None:
    audio = decoded(write(tmp_path / "a.wav", tune(8.0), silence(60.0)))[1]
    assert audio.window_start_seconds == 0
    assert audio.window_seconds == pytest.approx(8.0, abs=1.0)


def test_a_window_that_is_mostly_silent_moves(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", tune(20.0), silence(30.0))
    assert decoded(path)[1].window_start_seconds <= 10.0


def test_a_pause_in_the_music_does_not_move_it(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", tune(22.0), silence(4.0), tune(22.0))
    assert decoded(path)[1].window_start_seconds == 19.0


@pytest.mark.parametrize("whole", [False, True])
def test_channels_of_opposite_phase_are_not_silent(tmp_path: Path, whole: bool) -> None:
    mono = tune(12.0)
    alone = decoded(write(tmp_path / "mono.wav", mono), whole=whole)[0]
    opposite = np.stack([mono, -mono], axis=1)
    samples, audio = decoded(write_audio(tmp_path / "a.wav", opposite, subtype="PCM_16"), whole=whole)
    assert audio.channels == 2
    if whole:
        np.testing.assert_allclose(samples, alone, rtol=0, atol=1e-4)
    assert np.abs(samples).max() > 0.1


def test_the_second_decoder_moves_it_too(tmp_path: Path) -> None:
    mono = np.concatenate([tune(8.0, RATE), np.zeros(60 * RATE, np.float32)])
    audio = decoded(write_as(tmp_path / "a.m4a", mono[:, None]))[1]
    assert audio.window_start_seconds == 0
    assert audio.window_seconds == pytest.approx(8.0, abs=1.0)


def test_the_whole_of_a_track_that_is_mostly_silent_is_analysed(tmp_path: Path) -> None:
    audio = decoded(write(tmp_path / "a.wav", silence(30.0), tune(6.0)), whole=True)[1]
    assert (audio.window_start_seconds, audio.window_seconds) == (0.0, 36.0)


@pytest.mark.parametrize("suffix", [".wav", ".m4a"])
def test_silent_means_all_of_it(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    nothing = np.zeros((40 * RATE, 1), np.float32)
    written = write_as(path, nothing) if suffix == ".m4a" else write_audio(path, nothing, RATE)
    with pytest.raises(RejectedError, match=r"all 40\.0 s are silent") as refusal:
        decoded(written)
    assert refusal.value.problem.reason is Reason.SILENT
