"""Runs an ear's network with onnxruntime, on one core."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segue_core.contract.wording import shorten
from segue_core.errors import ConfigurationError
from segue_core.features.recipes import MAXIMUM_DIMENSIONS
from segue_core.store.records import EarNote
from segue_jobs.learned.ear import Ear, EarFile, InputOrder
from segue_jobs.learned.front_end import Samples, to_patches

RUNTIME = "onnxruntime"
_FLOAT = "tensor(float)"
_ERRORS_ONLY = 3


class NotFiniteError(ValueError):
    """The network's answer is not a number."""


@dataclass(frozen=True)
class Heard:
    """What an ear says of a track: the mean over its patches."""

    features: tuple[float, ...]
    tags: dict[str, float]
    """Tag -> probability."""
    ear: EarNote


class Network:
    """An ear that is ready to listen.

    Raises
    ------
    ConfigurationError
        onnxruntime is not installed, or the network does not fit its description.
    """

    def __init__(self, file: EarFile) -> None:
        self._ear = file.ear
        self._session = _open(file)
        inputs = self._session.get_inputs()
        if len(inputs) != 1 or inputs[0].type != _FLOAT:
            raise _misfit(file.ear, f"it has {len(inputs)} inputs; it must have one of float32")
        self._input = inputs[0].name
        shape = (file.ear.patch_frames, file.ear.mels)
        if file.ear.input_order is InputOrder.MELS_FRAMES:
            shape = shape[::-1]
        self._wanted = [file.ear.output, *([file.ear.tags_output] if file.ear.tags_output else [])]
        known = [output.name for output in self._session.get_outputs()]
        for name in self._wanted:
            if name not in known:
                raise _misfit(file.ear, f"it has no output {name!r}, only {', '.join(map(repr, known))}")
        silence = self._run(np.zeros((1, *shape), dtype=np.float32))
        self.dimensions = _width(file.ear, file.ear.output, silence[0])
        if file.ear.tags and _width(file.ear, self._wanted[1], silence[1]) != len(file.ear.tags):
            raise _misfit(file.ear, f"its tags have {silence[1].shape[1]} probabilities, not {len(file.ear.tags)}")

    def hear(self, pieces: Sequence[Samples]) -> Heard:
        """Listen to the patches of a track; see `front_end.patch_places`.

        Raises
        ------
        NotFiniteError
            The network answers with something that is not a number.
        """
        answers = [self._run(patch[None]) for patch in to_patches(self._ear, pieces)]  # one by one: less memory
        features, *tags = (
            np.concatenate(parts).astype(np.float64).mean(axis=0).tolist() for parts in zip(*answers, strict=True)
        )
        if not all(map(math.isfinite, (*features, *chain.from_iterable(tags)))):
            raise NotFiniteError(f"the network {self._ear.name!r} answers with NaN or infinity")
        return Heard(
            features=tuple(features),
            ear=EarNote(name=self._ear.name, licence=self._ear.licence, trained_on=self._ear.trained_on),
            tags={name: round(value, 5) for name, value in zip(self._ear.tags, chain.from_iterable(tags), strict=True)},
        )

    def recipe(self) -> dict[str, Any]:
        """What the features depend on, besides the audio and how it is decoded."""
        return {"ear": self._ear.fingerprint(), "runtime": [RUNTIME, version(RUNTIME)]}

    def _run(self, patches: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        try:
            answers: list[NDArray[np.float32]] = self._session.run(self._wanted, {self._input: patches})
        except Exception as error:  # onnxruntime's errors have no common base but this one
            raise _misfit(self._ear, shorten(" ".join(str(error).split()), 300)) from error
        return answers


@lru_cache(maxsize=1)
def open_network(file: EarFile) -> Network:
    """The network of a file, one per process."""
    return Network(file)


def _open(file: EarFile) -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise ConfigurationError(
            "learned features need onnxruntime, which is not installed: install segue-jobs[learned]"
        ) from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = _ERRORS_ONLY
    options.enable_cpu_mem_arena = False  # a worker's memory is limited
    content = file.read_network()
    try:  # from memory: a network cannot refer to other files
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors have no common base but this one
        raise ConfigurationError(
            f"the network {str(file.network)!r} is not an ONNX file that onnxruntime can run: "
            f"{shorten(' '.join(str(error).split()), 300)}"
        ) from error


def _width(ear: Ear, output: str, answer: NDArray[np.float32]) -> int:
    if not isinstance(answer, np.ndarray) or answer.ndim != 2 or answer.shape[0] != 1 or answer.dtype != np.float32:
        shape = getattr(answer, "shape", None)
        raise _misfit(ear, f"its output {output!r} has the shape {shape} for one patch, not (1, dimensions) of float32")
    if not 1 <= answer.shape[1] <= MAXIMUM_DIMENSIONS:
        raise _misfit(ear, f"its output {output!r} has {answer.shape[1]} dimensions, more than {MAXIMUM_DIMENSIONS}")
    return int(answer.shape[1])


def _misfit(ear: Ear, problem: str) -> ConfigurationError:
    return ConfigurationError(f"the network {ear.network!r} does not fit its description: {problem}")
