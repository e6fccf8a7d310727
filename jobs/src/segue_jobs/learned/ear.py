"""What an ear is: a network in an ONNX file, and how the music must be put to it; both are named by their hashes.

An ear is described by a small JSON file beside the network. Another network needs no code, only such a file::

    {
      "name": "my-network",
      "network": "my-network.onnx",
      "sha256": "0f3a...",
      "sampleRate": 16000, "frame": 512, "hop": 256, "mels": 96,
      "patchFrames": 187,
      "output": "embedding"
    }
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from segue_core.contract.wording import shorten
from segue_core.errors import ConfigurationError
from segue_core.features.layout import SAMPLE_RATE
from segue_core.features.recipes import MAXIMUM_DIMENSIONS

MAXIMUM_NETWORK_BYTES = 1 << 30
_MAXIMUM_DESCRIPTION_BYTES = 1 << 20
_MAXIMUM_PATCH_SECONDS = 60.0
_HASHED = 16

Name = Annotated[str, Meta(min_length=1, max_length=200)]
Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class MelScale(StrEnum):
    """How the mel bands are spaced, and what their filters add up to."""

    SLANEY = "Slaney"
    """Linear up to 1 kHz, filters of equal area: librosa's default."""
    HTK = "Htk"
    """Logarithmic throughout, filters of equal height."""


class Logarithm(StrEnum):
    """Base of the compression's logarithm."""

    TEN = "Ten"
    NATURAL = "Natural"


class InputOrder(StrEnum):
    """Axes of the network's input after the first, which is the patch."""

    FRAMES_MELS = "FramesMels"
    MELS_FRAMES = "MelsFrames"


class Ear(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A network and its front end: a log-mel spectrogram, cut into patches."""

    name: Name
    network: Name
    """File name of the network, which is in the folder of the description."""
    sha256: Sha256
    """Of the network's file."""
    sample_rate: Annotated[int, Meta(ge=1000, le=SAMPLE_RATE)]
    """Hz; at most the rate at which music is analysed."""
    frame: Annotated[int, Meta(ge=16, le=65_536)]
    """Samples of a frame, under a Hann window."""
    hop: Annotated[int, Meta(ge=1, le=65_536)]
    mels: Annotated[int, Meta(ge=1, le=1024)]
    lowest_hz: Annotated[float, Meta(ge=0)] = 0.0
    highest_hz: Annotated[float, Meta(gt=0)] | None = None
    """Half of the sample rate unless given."""
    mel_scale: MelScale = MelScale.SLANEY
    power: Annotated[float, Meta(gt=0, le=4)] = 2.0
    """Exponent of the spectrum's magnitudes."""
    logarithm: Logarithm = Logarithm.TEN
    gain: Annotated[float, Meta(gt=0)] = 10_000.0
    offset: Annotated[float, Meta(gt=0)] = 1.0
    """The network gets ``log(offset + gain * mel)``."""
    patch_frames: Annotated[int, Meta(ge=1, le=100_000)]
    patches: Annotated[int, Meta(ge=1, le=64)] = 3
    """Patches of a track, evenly spread over its window; what the network says of them is averaged."""
    input_order: InputOrder = InputOrder.FRAMES_MELS
    output: Name
    """Name of the output that becomes the features: (patches, dimensions)."""
    tags_output: Name | None = None
    """Name of an output with a probability for each of `tags`."""
    tags: tuple[Name, ...] = ()
    licence: Annotated[str, Meta(max_length=2000)] = ""
    trained_on: Annotated[str, Meta(max_length=2000)] = ""

    @property
    def patch_samples(self) -> int:
        """Samples of a patch, at the ear's rate."""
        return (self.patch_frames - 1) * self.hop + self.frame

    @property
    def patch_seconds(self) -> float:
        """Length of a patch."""
        return self.patch_samples / self.sample_rate

    @property
    def top_hz(self) -> float:
        """Upper end of the highest mel band."""
        return self.sample_rate / 2 if self.highest_hz is None else self.highest_hz

    def fingerprint(self) -> str:
        """Hash over all that the features depend on: the network and its front end, not their description in words."""
        parts = {
            name: value
            for name, value in msgspec.to_builtins(self).items()
            if name not in {"name", "network", "licence", "trainedOn"}
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:_HASHED]


@dataclass(frozen=True)
class EarFile:
    """An ear whose description has been read and checked."""

    ear: Ear
    folder: Path

    @property
    def network(self) -> Path:
        """The network's file."""
        return self.folder / self.ear.network

    def read_network(self) -> bytes:
        """The network's file, whose hash is as described.

        Raises
        ------
        ConfigurationError
            It cannot be read, or is another file.
        """
        content = _read(self.network, MAXIMUM_NETWORK_BYTES, "the network")
        found = hashlib.sha256(content).hexdigest()
        if found != self.ear.sha256:
            raise ConfigurationError(
                f"the network {str(self.network)!r} has the SHA-256 {found}, but its description says "
                f"{self.ear.sha256}: fetch it again, or correct the description"
            )
        return content


def read_ear(path: Path, sha256: str | None = None) -> EarFile:
    """Read a description, and check that it makes sense.

    Parameters
    ----------
    sha256
        What the description's own hash must be; None for any.

    Raises
    ------
    ConfigurationError
        It cannot be read, is another file, or is not a valid description.
    """
    content = _read(path, _MAXIMUM_DESCRIPTION_BYTES, "the description of an ear")
    if sha256 is not None and hashlib.sha256(content).hexdigest() != sha256.lower():
        raise ConfigurationError(
            f"the description of an ear {str(path)!r} has the SHA-256 {hashlib.sha256(content).hexdigest()}, not "
            f"{sha256}: correct extraction.learned.sha256, or restore the file"
        )
    try:
        ear = msgspec.json.decode(content, type=Ear)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _invalid(path, shorten(str(error), 300)) from error
    if problem := _problem(ear):
        raise _invalid(path, problem)
    return EarFile(ear, path.parent)


def _problem(ear: Ear) -> str | None:
    """What the types of the fields do not say."""
    numbers = (ear.lowest_hz, ear.top_hz, ear.power, ear.gain, ear.offset)
    top = ear.sample_rate / 2
    problems = (
        (not all(map(math.isfinite, numbers)), "a number is not finite"),
        (ear.hop > ear.frame, f"hop ({ear.hop}) must not exceed frame ({ear.frame}): samples would be skipped"),
        (
            ear.patch_seconds > _MAXIMUM_PATCH_SECONDS,
            f"a patch has {ear.patch_seconds:.0f} s; at most {_MAXIMUM_PATCH_SECONDS:.0f} s are allowed",
        ),
        (
            not ear.lowest_hz < ear.top_hz <= top,
            f"lowestHz < highestHz <= {top:g} must hold; {top:g} is half of the sample rate",
        ),
        (
            Path(ear.network).name != ear.network or ear.network == "..",
            "network must be the name of a file in the folder of the description",
        ),
        ((ear.tags_output is None) != (not ear.tags), "tags and tagsOutput belong together: give both or neither"),
        (
            len(set(ear.tags)) != len(ear.tags) or len(ear.tags) > MAXIMUM_DIMENSIONS,
            f"tags must be different, and at most {MAXIMUM_DIMENSIONS}",
        ),
    )
    return next((text for is_so, text in problems if is_so), None)


def _invalid(path: Path, problem: str) -> ConfigurationError:
    return ConfigurationError(f"the description of an ear {str(path)!r} is not valid: {problem}")


def _read(path: Path, most_bytes: int, what: str) -> bytes:
    try:
        if not path.is_file():  # opening a pipe would block
            raise ConfigurationError(f"{what} {str(path)!r} does not exist, or is not a file")
        with path.open("rb") as file:
            content = file.read(most_bytes + 1)
    except OSError as error:
        raise ConfigurationError(f"{what} {str(path)!r} cannot be read: {error.strerror}") from error
    if len(content) > most_bytes:
        raise ConfigurationError(f"{what} {str(path)!r} is larger than {most_bytes >> 20} MB")
    return content
