"""Every format that people's music is in is decoded, at its right length and place."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from segue_core.contract import Reason, WindowPosition
from segue_core.store.records import Audio
from segue_jobs.extract import audio_decoders
from segue_jobs.extract.audio_source import RejectedError, Samples
from segue_jobs.extract.decode import Window, decode_window
from segue_jobs.extract.ffmpeg_stream import FfmpegStream
from support.audio import tune, write_audio
from support.encoded import RATE, formats, stereo, write_as

SECONDS = 8.0
ENCODED = [form.suffix for form in formats().FORMATS]
LOSSLESS = [".alac.m4a", ".wv", ".tta", ".flac", ".oga", ".wav", ".aiff", ".au", ".caf", ".w64"]
SAMPLE_EXACT = [*LOSSLESS, ".mp3", ".m4a", ".mp4", ".opus", ".dsf", ".dff"]
"""Formats that say how many samples an encoder added; the others may be longer by some hundredths of a second."""


def decoded(path: Path, *, seconds: float = 4.0, whole: bool = False) -> tuple[Samples, Audio]:
    position = WindowPosition.WHOLE if whole else WindowPosition.MIDDLE
    return decode_window(path, Window(position, seconds, 1.0), None, lambda source: source.samples())


def refused(path: Path) -> Reason:
    with pytest.raises(RejectedError) as refusal:
        decoded(path)
    assert str(path) not in str(refusal.value)
    return refusal.value.problem.reason


@pytest.fixture(scope="module")
def sound() -> Samples:
    return stereo(SECONDS)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory, sound: Samples) -> Samples:
    path = tmp_path_factory.mktemp("original") / "a.wav"
    return decoded(write_audio(path, sound, RATE, subtype="PCM_16"))[0]


@pytest.mark.parametrize("suffix", [*ENCODED, ".dsf", ".dff"])
def test_each_format_is_decoded_at_the_right_length(
    tmp_path: Path, sound: Samples, original: Samples, suffix: str
) -> None:
    samples, audio = decoded(write_as(tmp_path / f"a{suffix}", sound))
    assert audio.channels == 2
    assert audio.duration_seconds == pytest.approx(SECONDS, abs=0.001 if suffix in SAMPLE_EXACT else 0.06)
    assert audio.window_seconds == pytest.approx(4.0, abs=0.001)
    assert len(samples) == pytest.approx(len(original), abs=30)
    length = min(len(samples), len(original))
    if suffix in SAMPLE_EXACT:
        assert np.corrcoef(samples[:length], original[:length])[0, 1] > 0.95
    if suffix in LOSSLESS:
        np.testing.assert_allclose(samples, original, rtol=0, atol=1e-4)


def test_lossless_formats_give_the_very_same_samples(tmp_path: Path, sound: Samples) -> None:
    first, *others = [decoded(write_as(tmp_path / f"a{suffix}", sound))[0] for suffix in (".flac", ".oga", ".caf")]
    for samples in others:
        np.testing.assert_allclose(samples, first, rtol=0, atol=1e-4)


def test_libsndfile_decodes_what_it_can_and_ffmpeg_opus(tmp_path: Path, sound: Samples) -> None:
    codecs = {suffix: decoded(write_as(tmp_path / f"a{suffix}", sound))[1].codec for suffix in (".mp3", ".opus")}
    assert codecs == {".mp3": "MP3/MPEG_LAYER_III", ".opus": "ogg/opus"}


def test_both_decoders_give_the_same_numbers_for_opus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_audio(tmp_path / "a.opus", stereo(), 48_000)
    with_ffmpeg = decoded(path)[0]
    monkeypatch.setattr(audio_decoders, "has_ffmpeg", lambda: False)
    np.testing.assert_allclose(with_ffmpeg, decoded(path)[0], rtol=0, atol=3e-7)


def test_without_the_extra_a_refusal_names_it(tmp_path: Path, sound: Samples, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_as(tmp_path / "a.m4a", sound)
    for module in ("audio_decoders", "decode"):
        monkeypatch.setattr(f"segue_jobs.extract.{module}.has_ffmpeg", lambda: False)
    with pytest.raises(RejectedError, match=r"segue-jobs\[formats\]"):
        decoded(path)


@pytest.mark.parametrize("suffix", [".m4a", ".wv", ".oga", ".opus", ".aac"])
def test_a_seek_arrives_where_reading_from_the_start_does(tmp_path: Path, sound: Samples, suffix: str) -> None:
    with FfmpegStream(write_as(tmp_path / f"a{suffix}", sound)) as stream:
        whole = np.empty((stream.frames, 2), np.float32)
        count = stream.read_on(whole)
        for frame in (count // 3, 100, count // 2):
            stream.seek(frame)
            there = np.empty((5000, 2), np.float32)
            assert stream.read_on(there) == 5000
            np.testing.assert_allclose(there, whole[frame : frame + 5000], rtol=0, atol=1e-6)


def test_a_track_inside_a_film_is_decoded_and_a_film_without_sound_is_not(tmp_path: Path, sound: Samples) -> None:
    av = formats().av
    silent = tmp_path / "silent.mp4"
    with av.open(str(silent), "w") as out:
        stream = out.add_stream("mpeg4", rate=25)
        stream.width = stream.height = 32
        for _ in range(5):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")))
        out.mux(stream.encode(None))
    assert refused(silent) is Reason.UNSUPPORTED_FORMAT
    assert decoded(write_as(tmp_path / "film.mp4", sound))[1].codec == "mov/aac"


def test_eight_channels_are_decoded(tmp_path: Path) -> None:
    module = formats()
    mono, path = tune(4.0, RATE), tmp_path / "a.m4a"
    with module.av.open(str(path), "w", format="ipod") as out:
        stream = out.add_stream("aac", rate=RATE, layout="7.1")
        stream.bit_rate = 512_000
        for start in range(0, len(mono), 1024):
            piece = mono[start : start + 1024]
            packed = np.repeat(piece[:, None], 8, axis=1).reshape(1, -1)
            frame = module.av.AudioFrame.from_ndarray(packed, format="flt", layout="7.1")
            frame.sample_rate, frame.pts = RATE, start
            for ready in module.av.AudioResampler("fltp", "7.1", RATE).resample(frame):
                out.mux(stream.encode(ready))
        out.mux(stream.encode(None))
    samples, audio = decoded(path, seconds=2.0)
    assert audio.channels == 8
    assert np.abs(samples).max() > 0.1


def test_nothing_is_opened_but_the_file(tmp_path: Path, sound: Samples) -> None:
    good = write_as(tmp_path / "good.m4a", sound)
    lists = {
        "list.m3u8.m4a": f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:8,\n{good}\n#EXT-X-ENDLIST\n",
        "concat.mka": f"ffconcat version 1.0\nfile '{good}'\n",
        "sdp.mp3": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=audio 9 RTP/AVP 0\n",
    }
    for name, content in lists.items():
        (tmp_path / name).write_text(content)
        assert refused(tmp_path / name) is Reason.UNSUPPORTED_FORMAT


def test_what_macos_keeps_beside_a_file_does_not_hide_the_file(tmp_path: Path) -> None:
    path = write_audio(tmp_path / "song.wav", tune(), subtype="PCM_16")
    before = decoded(path)[0]
    fork = struct.pack(">II16sH", 0x00051607, 0x00020000, b"Mac OS X        ", 2)
    fork += struct.pack(">IIIIII", 9, 50, 3760, 2, 3810, 286)
    (tmp_path / "._song.wav").write_bytes(fork.ljust(4096, b"\0"))
    np.testing.assert_array_equal(decoded(path)[0], before)


@pytest.mark.parametrize("suffix", [".m4a", ".wma", ".wv", ".tta", ".mka"])
def test_half_a_file_is_no_track(tmp_path: Path, sound: Samples, suffix: str) -> None:
    path = write_as(tmp_path / f"a{suffix}", np.tile(sound, (4, 1)))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert refused(path) in (Reason.DURATION_MISMATCH, Reason.DECODE_ERROR, Reason.UNSUPPORTED_FORMAT)
