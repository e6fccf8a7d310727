"""One file to its analysis, or to the reason why there is none. This is what runs in the worker processes."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from segue_jobs.contract import Engine, Family, Reason, Stage
from segue_jobs.extract.decode import Window, check_file, open_audio
from segue_jobs.extract.engine import engine
from segue_jobs.extract.payload import payload_sha256
from segue_jobs.extract.source import RejectedError
from segue_jobs.extract.tags import read_tags
from segue_jobs.features.families import build_descriptors, build_families, build_spectrogram
from segue_jobs.listing.model import Problem
from segue_jobs.records import Audio, Metadata


@dataclass(frozen=True)
class Method:
    """How every file of a shard is analysed."""

    engine: Engine
    window: Window
    maximum_bytes: int
    with_tags: bool
    """The metadata is in the files."""


@dataclass(frozen=True)
class Request:
    """One file to analyse."""

    track_id: str
    path: Path
    method: Method
    known_sha256: str | None = None
    """Payload that is stored already under the same recipe: no need to analyse it again."""


@dataclass(frozen=True, kw_only=True)
class Analysis:
    """What was found in a file."""

    audio_sha256: str
    audio: Audio
    families: dict[Family, tuple[float, ...]]
    descriptors: dict[str, float | str]
    spectrogram: dict[str, tuple[float, ...]]
    tags: Metadata | None
    bytes: int
    seconds: float
    """Time it took."""


@dataclass(frozen=True)
class AlreadyDone:
    """The file's audio is the known one."""

    tags: Metadata | None = None


Result = Analysis | AlreadyDone | Problem


def analyse_file(request: Request) -> Result:
    """Hash, decode and analyse one file."""
    started = time.monotonic()
    try:
        return _analyse(request, started)
    except RejectedError as error:
        return error.problem
    except OSError as error:  # the file or its disk failed after it was opened
        return Problem(Stage.DECODE, Reason.UNREADABLE, f"reading the file fails: {error.strerror}")


def _analyse(request: Request, started: float) -> Result:
    method = request.method
    size = check_file(request.path, method.maximum_bytes)
    sha256 = payload_sha256(request.path)
    if sha256 == request.known_sha256:
        return AlreadyDone(read_tags(request.path) if method.with_tags else None)
    analyser = engine(method.engine)
    with open_audio(request.path, method.window, analyser.maximum_seconds) as source:
        statistics = analyser.analyse(source)
        audio = source.describe()
    try:
        families = build_families(statistics)
    except ValueError as error:
        raise RejectedError(Stage.ANALYSE, Reason.NON_FINITE_FEATURE, str(error)) from error
    return Analysis(
        audio_sha256=sha256,
        audio=audio,
        families=families,
        descriptors=build_descriptors(statistics),
        spectrogram=build_spectrogram(statistics),
        tags=read_tags(request.path) if method.with_tags else None,
        bytes=size,
        seconds=time.monotonic() - started,
    )
