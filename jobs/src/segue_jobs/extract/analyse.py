"""Analyses one file, or says why it cannot; this runs in the worker processes."""

from __future__ import annotations

import time
from collections.abc import Callable, Container
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from segue_core.contract import Engine, Family, Reason, Stage
from segue_core.features.families import build_descriptors, build_families, build_spectrogram
from segue_core.features.statistics import FrameStatistics
from segue_core.store.records import Audio
from segue_jobs.extract.audio_source import AudioSource, RejectedError
from segue_jobs.extract.decode import Window, check_file, decode_window
from segue_jobs.extract.engine import engine
from segue_jobs.extract.file_stamp import stamp_of
from segue_jobs.extract.inspection import Inspection, inspect_file
from segue_jobs.extract.listening import Overheard, listen
from segue_jobs.extract.payload import read_payload
from segue_jobs.extract.structure import check_structure
from segue_jobs.learned.ear import EarFile
from segue_jobs.learned.network import Heard
from segue_jobs.listing.listed_tracks import Problem


@dataclass(frozen=True)
class Method:
    """How every file of a shard is analysed."""

    engine: Engine
    window: Window
    maximum_bytes: int
    ear: EarFile | None = None
    """Hears the learned features; None for a batch without them."""


@dataclass(frozen=True)
class Request:
    """One file to analyse."""

    track_id: str
    path: Path
    method: Method


@dataclass(frozen=True, kw_only=True)
class Analysis:
    """The result of analysing a file."""

    audio_sha256: str
    audio: Audio
    families: dict[Family, tuple[float, ...]]
    descriptors: dict[str, float | str]
    spectrogram: dict[str, tuple[float, ...]]
    heard: Heard | None
    """What the ear says; its features are in the families too."""
    inspection: Inspection
    seconds: float
    """How long the analysis took."""


@dataclass(frozen=True, kw_only=True)
class Complement:
    """What a stored track lacked: its audio is analysed already, but the ear had not heard it."""

    audio_sha256: str
    heard: Heard
    inspection: Inspection
    seconds: float


@dataclass(frozen=True)
class AlreadyDone:
    """The file's audio is stored already."""

    audio_sha256: str
    inspection: Inspection


Result = Analysis | Complement | AlreadyDone | Problem


def analyse_file(request: Request, done: Container[str] = (), analysed: Container[str] = ()) -> Result:
    """Hash, decode and analyse one file.

    Parameters
    ----------
    done
        Hashes of audio that is stored already with the same recipe, and need not be analysed again.
    analysed
        Hashes of stored audio that only the ear has not heard.
    """
    started = time.monotonic()
    try:
        return _analyse(request, done, analysed, started)
    except RejectedError as error:
        return error.problem
    except OSError as error:  # the file or its disk failed after it was opened
        return Problem(Stage.DECODE, Reason.UNREADABLE, f"cannot read the file: {error.strerror}")


def _analyse(request: Request, done: Container[str], analysed: Container[str], started: float) -> Result:
    method = request.method
    size = check_file(request.path, method.maximum_bytes)
    stamp = stamp_of(request.path)
    check_structure(request.path)
    payload = read_payload(request.path)
    if payload.sha256 in done:
        return AlreadyDone(payload.sha256, inspect_file(request.path, size, payload, stamp))
    if method.ear is not None and payload.sha256 in analysed:
        heard, _ = decode_window(request.path, method.window, None, partial(listen, file=method.ear))
        return Complement(
            audio_sha256=payload.sha256,
            heard=heard,
            inspection=inspect_file(request.path, size, payload, stamp),
            seconds=time.monotonic() - started,
        )
    analyser = engine(method.engine)
    analysis = partial(_both, analyse=analyser.analyse, file=method.ear)
    (statistics, learned), audio = decode_window(request.path, method.window, analyser.maximum_seconds, analysis)
    try:
        families = build_families(statistics)
    except ValueError as error:
        raise RejectedError(Stage.ANALYSE, Reason.NON_FINITE_FEATURE, str(error)) from error
    if learned is not None:
        families[Family.LEARNED] = learned.features
    return Analysis(
        audio_sha256=payload.sha256,
        audio=audio,
        families=families,
        descriptors=build_descriptors(statistics),
        spectrogram=build_spectrogram(statistics),
        heard=learned,
        inspection=inspect_file(request.path, size, payload, stamp),
        seconds=time.monotonic() - started,
    )


def _both(
    source: AudioSource, analyse: Callable[[AudioSource], FrameStatistics], file: EarFile | None
) -> tuple[FrameStatistics, Heard | None]:
    """What the engine computes, and what the ear hears while the window passes."""
    if file is None:
        return analyse(source), None
    overheard = Overheard(source, file)
    return analyse(overheard), overheard.hear()
