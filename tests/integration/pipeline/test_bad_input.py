"""A folder with every odd file at once, through the command line: each is stored or has its reason."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from segue_core.contract import Reason
from segue_core.settings import KafkaSettings, MongoSettings
from support.audio import mp4_with_drm, ogg_video, truncate, tune, write_audio, write_sparse_hours, write_tune
from support.batches import nonzero
from support.pipeline import Segue, batch_of, servers_of

pytestmark = pytest.mark.slow

GOOD = ("8 kHz.wav", "96 kHz.flac", "mono.ogg", "stereo.mp3", "three hours.wav", "caf\udce9.wav")
BAD = {
    "drm.m4p": Reason.UNSUPPORTED_FORMAT,
    "empty.mp3": Reason.EMPTY_FILE,
    "gone.mp3": Reason.UNREADABLE,
    "infinite.wav": Reason.NON_FINITE_FEATURE,
    "nan.wav": Reason.NON_FINITE_FEATURE,
    "no frames.wav": Reason.EMPTY_FILE,
    "silent.flac": Reason.SILENT,
    "text.mp3": Reason.UNSUPPORTED_FORMAT,
    "two seconds.wav": Reason.TOO_SHORT,
    "video.ogv": Reason.UNSUPPORTED_FORMAT,
}


def write_good(music: Path) -> None:
    write_tune(music / "8 kHz.wav", rate=8000, seed=1)
    write_tune(music / "96 kHz.flac", rate=96_000, seed=2)
    write_tune(music / "mono.ogg", seed=3)
    write_audio(music / "stereo.mp3", np.column_stack([tune(rate=44_100, seed=4), tune(rate=44_100, seed=5)]), 44_100)
    write_sparse_hours(music / "three hours.wav", 3)
    write_tune(music / "caf\udce9.wav", seed=6)


def write_bad(music: Path) -> None:
    for name, content in {
        "drm.m4p": mp4_with_drm(), "empty.mp3": b"", "text.mp3": b"this is no music\n" * 200, "video.ogv": ogg_video(),
    }.items():  # fmt: skip
        (music / name).write_bytes(content)
    (music / "gone.mp3").symlink_to(music / "nowhere.mp3")
    (music / "loop").symlink_to(music)
    for name, value in (("nan.wav", np.nan), ("infinite.wav", np.inf)):
        samples = tune()
        samples[1000] = value
        write_audio(music / name, samples, subtype="FLOAT")
    write_audio(music / "no frames.wav", np.empty(0, np.float32))
    write_audio(music / "silent.flac", np.zeros(22_050 * 8, np.float32))
    truncate(write_tune(music / "truncated.flac", 60.0), 0.5)
    write_tune(music / "two seconds.wav", 2.0)


def test_every_file_is_stored_or_has_its_reason(
    kafka_settings: KafkaSettings, mongo_settings: MongoSettings, tmp_path: Path
) -> None:
    music = tmp_path / "music"
    music.mkdir()
    write_good(music)
    write_bad(music)
    segue = Segue(tmp_path, environment=servers_of(kafka_settings, mongo_settings))
    ended = segue.apply(batch_of(music, maxRejectedPercent=100, extraction={"shards": 2, "parallelism": 2}))
    assert ended.returncode == 0, ended.stderr
    rejected = {item["path"]: item["reason"] for item in segue.document("rejected", "--catalogue", "songs")}
    assert rejected.pop("truncated.flac") in (Reason.DECODE_ERROR, Reason.DURATION_MISMATCH)
    assert rejected == BAD
    status = segue.document("get", "trackbatch/songs")["status"]
    assert nonzero(status["tracks"]) == {
        "listed": len(GOOD) + len(BAD) + 1,
        "extracted": len(GOOD),
        "rejected": len(BAD) + 1,
        "stored": len(GOOD),
        "added": len(GOOD),
    }
