"""Both engines on clips of real music, in every format, rate and number of channels that matters.

They run where music is at hand: the demo's, or a folder that ``SEGUE_TEST_MUSIC`` names.
"""

import itertools
import os

import numpy as np
import pytest
import soundfile
import soxr

from segue_core.contract import WindowPosition
from segue_jobs.extract.audio_source import RejectedError
from segue_jobs.extract.decode import Window, decode_window
from segue_jobs.extract.librosa_engine import LibrosaEngine
from segue_jobs.extract.native_engine import NativeEngine
from support.agreement import disagreements, vector
from support.music import real_tracks

CLIPS = 64
SPARE = 8
"""Some tracks may be silent in the middle."""
NEIGHBOURS = 5
FORMATS = (
    ("mp3", "MPEG_LAYER_III", (16_000, 22_050, 32_000, 44_100, 48_000), (1, 2)),
    ("ogg", "VORBIS", (11_025, 22_050, 44_100, 48_000, 96_000), (1, 2, 6)),
    ("opus", "OPUS", (8_000, 16_000, 24_000, 48_000), (1, 2, 6)),
    ("flac", "PCM_16", (8_000, 22_050, 44_100, 96_000), (1, 2, 6)),
    ("wav", "PCM_16", (8_000, 11_025, 22_050, 44_100, 96_000), (1, 2, 6)),
    ("wav", "FLOAT", (44_100, 48_000), (2,)),
)

pytestmark = pytest.mark.slow


def _channels(samples, count):
    """This many channels, not all alike."""
    return np.stack([samples[:, index % samples.shape[1]] * (1 - 0.1 * (index // 2)) for index in range(count)], axis=1)


def _write(path, samples, rate, subtype):
    container = "OGG" if path.suffix in (".ogg", ".opus") else path.suffix[1:].upper()
    with soundfile.SoundFile(path, "w", rate, samples.shape[1], subtype, format=container) as file:
        for start in range(0, len(samples), 4096):
            file.write(samples[start : start + 4096])


@pytest.fixture(scope="module")
def statistics(tmp_path_factory):
    """Vectors from both engines for each clip: (native, librosa), each (clips, dimensions)."""
    folder = tmp_path_factory.mktemp("clips")
    native, reference = NativeEngine(), LibrosaEngine()
    found, expected = [], []
    variants = itertools.cycle(FORMATS)
    for number, track in enumerate(real_tracks(CLIPS + SPARE, 30.0)):
        if len(found) == CLIPS:
            break
        suffix, subtype, rates, channels = next(variants)
        rate, count = rates[number // len(FORMATS) % len(rates)], channels[number // len(FORMATS) % len(channels)]
        duration = soundfile.info(os.fsencode(track)).duration
        with soundfile.SoundFile(os.fsencode(track)) as file:
            file.seek(int((duration / 2 - 10) * file.samplerate))
            samples = file.read(20 * file.samplerate, dtype="float32", always_2d=True)
            samples = soxr.resample(samples, file.samplerate, rate)
        clip = folder / f"{number}.{suffix}"
        _write(clip, _channels(samples, count), rate, subtype)
        try:
            window = Window(WindowPosition.MIDDLE, 15.0, 5.0)
            both, _ = decode_window(
                clip, window, None, lambda source: (native.analyse(source), reference.analyse(source))
            )
            found.append(vector(both[0]))
            expected.append(vector(both[1]))
        except RejectedError as refusal:  # silence in the middle
            print(f"{track}: {refusal}")
    return np.array(found), np.array(expected)


def _nearest(vectors):
    scores = (vectors - vectors.mean(axis=0)) / vectors.std(axis=0)
    scores /= np.linalg.norm(scores, axis=1, keepdims=True)
    similarity = scores @ scores.T
    np.fill_diagonal(similarity, -np.inf)
    return [set(np.argsort(-row)[:NEIGHBOURS]) for row in similarity]


def test_every_dimension_of_every_clip_is_librosas(statistics):
    found, expected = statistics
    assert len(found) >= 60
    tolerances = 1e-3 * expected.std(axis=0)
    wrong = {clip: disagreements(found[clip], expected[clip], tolerances) for clip in range(len(found))}
    worst = (np.abs(found - expected) / expected.std(axis=0)).max()
    print(f"{len(found)} clips, worst error {worst:.2e} of the deviation between clips")
    assert not {clip: dimensions for clip, dimensions in wrong.items() if dimensions}


def test_every_clip_has_the_same_five_nearest_neighbours(statistics):
    found, expected = statistics
    assert _nearest(found) == _nearest(expected)
