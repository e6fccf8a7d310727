"""A length that nobody states is unknown, not damage; one damaged stretch does not lose a track."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import numpy as np
import pytest

from segue_core.contract import Reason, WindowPosition
from segue_core.store.records import Audio
from segue_jobs.extract.audio_source import RejectedError
from segue_jobs.extract.decode import Window, decode_window
from segue_jobs.extract.mpeg import counted_samples
from segue_jobs.extract.payload import untagged_range
from support.audio import tune, write_audio, write_tune
from support.encoded import RATE, stereo, write_as


def analysed(path: Path, seconds: float = 10.0) -> Audio:
    return decode_window(path, Window(WindowPosition.MIDDLE, seconds, 5.0), None, lambda source: source.samples())[1]


def refused(path: Path) -> Reason:
    with pytest.raises(RejectedError) as refusal:
        analysed(path)
    return refusal.value.problem.reason


def without_count(path: Path) -> Path:
    """Rename the header that counts an mp3's frames."""
    data = path.read_bytes()
    path.write_bytes(data.replace(b"Xing", b"Song").replace(b"Info", b"Song"))
    return path


def write_vbr(path: Path) -> Path:
    """A faint beginning and a loud rest with a variable bit rate, and no header that counts the frames."""
    quiet, loud = np.zeros(RATE * 6, np.float32), np.random.default_rng(1).uniform(-0.5, 0.5, RATE * 24)
    samples = np.concatenate([quiet, loud.astype(np.float32)])
    return without_count(_write_mp3(path, samples, variable=True))


def _write_mp3(path: Path, samples: np.ndarray, *, variable: bool) -> Path:
    import soundfile

    mode = "VARIABLE" if variable else "CONSTANT"
    with soundfile.SoundFile(path, "w", RATE, 1, format="MP3", bitrate_mode=mode, compression_level=0.5) as file:
        file.write(samples)
    return path


def test_a_variable_bit_rate_without_a_count_has_its_true_length(tmp_path: Path) -> None:
    audio = analysed(write_vbr(tmp_path / "a.mp3"))
    assert audio.duration_seconds == pytest.approx(30.0, abs=0.2)
    assert audio.window_start_seconds == pytest.approx(10.0, abs=0.2)


def test_a_constant_bit_rate_without_a_count_stays_with_the_first_decoder(tmp_path: Path) -> None:
    path = without_count(_write_mp3(tmp_path / "a.mp3", tune(20.0, RATE), variable=False))
    audio = analysed(path)
    assert audio.codec == "MP3/MPEG_LAYER_III"
    assert audio.duration_seconds == pytest.approx(20.0, abs=0.2)


def test_frames_are_counted_past_junk_between_tags(tmp_path: Path) -> None:
    path = without_count(_write_mp3(tmp_path / "a.mp3", tune(10.0, RATE), variable=False))
    whole = counted_samples(path, *untagged_range(path))
    assert whole is not None
    assert whole / RATE == pytest.approx(10.0, abs=0.2)
    data = path.read_bytes()
    middle = len(data) // 2
    path.write_bytes(b"ID3\x04\0\0\0\0\x02\0" + bytes(256) + data[:middle] + b"\xff\0junk" * 99 + data[middle:])
    again = counted_samples(path, *untagged_range(path))
    assert again is not None
    assert whole - again <= 3 * 1152


def test_a_counted_file_is_not_counted_again(tmp_path: Path) -> None:
    path = write_tune(tmp_path / "a.mp3")
    assert counted_samples(path, *untagged_range(path)) is None


def test_flac_from_a_pipe_does_not_know_its_length(tmp_path: Path) -> None:
    path = write_audio(tmp_path / "a.flac", stereo(20.0), RATE)
    data = bytearray(path.read_bytes())
    before = analysed(path)
    data[21] &= 0xF0  # STREAMINFO: 36 bits of samples, 0 for unknown
    data[22:26] = bytes(4)
    path.write_bytes(data)
    assert analysed(path).duration_seconds == before.duration_seconds


@pytest.mark.parametrize(("suffix", "rate"), [(".ogg", RATE), (".opus", 48_000)])
def test_a_chained_file_is_as_long_as_its_parts(tmp_path: Path, suffix: str, rate: int) -> None:
    parts = [
        write_tune(tmp_path / f"{seed}{suffix}", seconds, rate, seed=seed) for seed, seconds in ((1, 12.0), (2, 9.0))
    ]
    serials = [part.read_bytes() for part in parts]
    path = tmp_path / f"chained{suffix}"
    path.write_bytes(b"".join(serials))
    audio = analysed(path)
    assert audio.duration_seconds == pytest.approx(21.0, abs=0.2)
    assert audio.window_seconds == pytest.approx(10.0, abs=0.1)


def test_a_recorder_that_crashed_before_it_wrote_the_sizes(tmp_path: Path) -> None:
    path = write_audio(tmp_path / "a.wav", tune(12.0), subtype="PCM_16")
    data = bytearray(path.read_bytes())
    at = data.index(b"data") + 4
    data[at : at + 4] = struct.pack("<I", 0)
    path.write_bytes(data)
    assert analysed(path).duration_seconds == pytest.approx(12.0)


@pytest.mark.parametrize("filler", ["zeros", "noise"])
@pytest.mark.parametrize("suffix", [".mp3", ".m4a", ".flac"])
def test_one_damaged_stretch_does_not_lose_the_track(tmp_path: Path, suffix: str, filler: str) -> None:
    path = write_as(tmp_path / f"a{suffix}", stereo(30.0))
    data = bytearray(path.read_bytes())
    begin, end = int(0.48 * len(data)), int(0.52 * len(data))
    data[begin:end] = bytes(end - begin) if filler == "zeros" else random.Random(1).randbytes(end - begin)
    path.write_bytes(data)
    audio = analysed(path)
    assert audio.window_seconds == pytest.approx(10.0, abs=1.6)
    assert audio.duration_seconds == pytest.approx(30.0, abs=2.5)


def test_half_a_download_stays_half_a_download(tmp_path: Path) -> None:
    path = write_as(tmp_path / "a.mp3", stereo(30.0))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert refused(path) is Reason.DURATION_MISMATCH
