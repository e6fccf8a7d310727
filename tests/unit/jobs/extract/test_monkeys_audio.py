"""Monkey's Audio, which PyAV does not write: ``sweep.ape`` is `sweep`, encoded by JMAC 1.74 (Debian's libjmac-java)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from mutagen.apev2 import APEv2

from segue_core.contract import Reason, WindowPosition
from segue_jobs.extract.audio_source import RejectedError, Samples
from segue_jobs.extract.decode import Window, decode_window
from segue_jobs.extract.ffmpeg_stream import FfmpegStream
from segue_jobs.extract.payload import payload_sha256
from segue_jobs.extract.tags import read_tags

RATE = 8000
RECORDING = "00000001-0000-4000-8000-000000000000"
FILE = Path(__file__).with_name("sweep.ape")
WHOLE = Window(WindowPosition.WHOLE, 30.0, 0.5)


def sweep() -> Samples:
    """Four decaying notes a second, which rise; 1.5 seconds of 16 bits."""
    time = np.arange(int(1.5 * RATE)) / RATE
    sound = 0.5 * np.sin(2 * np.pi * (220 + 110 * time) * time) * np.exp(-((time * 4) % 1))
    return (np.round(sound * 32767) / 32768).astype(np.float32)


def test_every_sample_is_the_encoders() -> None:
    with FfmpegStream(FILE) as stream:
        heard = np.empty((stream.frames, 1), np.float32)
        assert stream.read_on(heard) == len(sweep())
        np.testing.assert_allclose(heard[:, 0], sweep(), rtol=0, atol=1.01 / 32768)  # sin differs between machines
        assert (stream.damages, stream.codec) == (0, "ape/ape")


def test_a_track_with_tags_is_a_track_and_half_of_it_is_not(tmp_path: Path) -> None:
    path = tmp_path / "a.ape"
    path.write_bytes(FILE.read_bytes())
    before = payload_sha256(path)
    tags = APEv2()  # type: ignore[no-untyped-call]
    tags.update({"Title": "Sweep", "Artist": ["One", "Two"], "MUSICBRAINZ_TRACKID": RECORDING})
    tags.save(path)
    assert payload_sha256(path) == before
    _, audio = decode_window(path, WHOLE, None, lambda source: source.samples())
    assert (audio.duration_seconds, audio.codec) == (1.5, "ape/ape")
    found = read_tags(path).metadata
    assert (found.title, found.artist) == ("Sweep", "One, Two")
    assert found.music_brainz.recording == RECORDING
    path.write_bytes(FILE.read_bytes()[: FILE.stat().st_size // 2])
    with pytest.raises(RejectedError) as refusal:
        decode_window(path, WHOLE, None, lambda source: source.samples())
    assert refusal.value.problem.reason is Reason.DURATION_MISMATCH
