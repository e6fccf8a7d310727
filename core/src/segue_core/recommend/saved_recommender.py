"""A recommender as a file of plain arrays, so that a catalogue need not be assembled again.

The file is an uncompressed ``.npz``: numpy arrays without Python objects, each with a checksum, and a header in
MessagePack.
Reading it executes nothing, and needs little more memory than the recommender.
"""

from __future__ import annotations

import tokenize
import zipfile
from pathlib import Path
from typing import IO, Any

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from segue_core.recommend.arrivals import Arrivals
from segue_core.recommend.columns import Identities, RowIndex, TextColumn
from segue_core.recommend.placing import Placing, TrainedDistances
from segue_core.recommend.recommender import Recommender
from segue_core.recommend.space import Absence, Space
from segue_core.recommend.track_names import SharedNames
from segue_core.recommend.track_table import COLUMNS, Tracks
from segue_core.similarity.aspects import ASPECTS, TempoScale
from segue_core.similarity.cell_block import CellBlock
from segue_core.similarity.columns import Column
from segue_core.similarity.explain import family_slices
from segue_core.similarity.proximity import Moments
from segue_core.similarity.search import CellIndex
from segue_core.store.models import ModelDocument, SpaceMoments

_HEADER = "header"
_DAMAGES = (
    zipfile.BadZipFile, tokenize.TokenError, msgspec.MsgspecError, ArithmeticError, AttributeError, EOFError,
    LookupError, MemoryError, RuntimeError, SyntaxError, TypeError, ValueError,
)  # fmt: skip
"""What zipfile, numpy and msgspec raise for bytes that are not theirs."""
Arrays = dict[str, NDArray[Any]]


class DamagedFileError(Exception):
    """The file is not what was saved."""


class _Header(Struct, frozen=True, kw_only=True):
    fingerprint: str
    model: ModelDocument
    tempo: tuple[float, float]
    genres: tuple[tuple[str, ...], ...]
    words: tuple[str, ...] = ()
    absent: dict[str, tuple[str, str]]
    moments: SpaceMoments


def save(file: IO[bytes], recommender: Recommender, model: ModelDocument, fingerprint: str) -> None:
    """Write a recommender as it was assembled.

    Parameters
    ----------
    model
        Its model's document.
    fingerprint
        Tells what it was assembled from.

    Raises
    ------
    ValueError
        Tracks were added or removed since, or it cannot place tracks.
    """
    tracks, space, arrivals = recommender.tracks, recommender.space, recommender.arrivals
    if arrivals is None or len(tracks.removed) or space.index.later or len(space.index.blocks) > 1:
        raise ValueError("only a recommender as it was assembled can be saved")
    [block] = space.index.blocks
    names = tracks.names
    header = _Header(
        fingerprint=fingerprint,
        model=model,
        tempo=(arrivals.tempo.mean, arrivals.tempo.deviation),
        genres=tuple(names.genres),
        words=tuple(names.words),
        absent={one: (absence.reason, absence.message) for one, absence in recommender.absent.items()},
        moments=space.moments.stored(),
    )
    arrays: Arrays = {
        _HEADER: np.frombuffer(msgspec.msgpack.encode(header), dtype=np.uint8),
        "audio": tracks.audio.codes,
        "vectors": block.vectors,
        "rows": block.rows,
        "starts": block.starts,
        "cells": space.index.centres,
        "mean": space.mean.values,
        "deviation": space.deviation.values,
        "aspects": space.aspects,
        "quantiles": arrivals.trained.quantiles,
        **{f"column {name}": column.values for name, column in tracks.columns.items()},
    }
    for name, column in {
        "ids": tracks.ids,
        "titles": tracks.titles,
        "artists": TextColumn.of(names.artists),
        "albums": TextColumn.of(names.albums),
    }.items():
        arrays[f"{name} text"], arrays[f"{name} ends"] = column.arrays
    np.savez(file, allow_pickle=False, **arrays)


def load(path: Path, fingerprint: str) -> Recommender | None:
    """Read a recommender; None if it was assembled from something else.

    Raises
    ------
    DamagedFileError
        The file is not what was saved.
    OSError
        It cannot be read.
    """
    try:
        with path.open("rb") as file:
            _check(file)
            file.seek(0)
            with np.load(file, allow_pickle=False) as arrays:
                header = msgspec.msgpack.decode(arrays[_HEADER].tobytes(), type=_Header)
                if header.fingerprint != fingerprint:
                    return None
                return _recommender(header, {name: arrays[name] for name in arrays.files if name != _HEADER})
    except _DAMAGES as error:
        raise DamagedFileError(f"{path}: {error}") from error


def _check(file: IO[bytes]) -> None:
    """Check all checksums before numpy interprets anything; a small file must not become large arrays."""
    with zipfile.ZipFile(file) as archive:
        if any(entry.compress_type != zipfile.ZIP_STORED for entry in archive.infolist()):
            raise ValueError("it is compressed")
        if (name := archive.testzip()) is not None:
            raise ValueError(f"the checksum of {name!r} is wrong")


def _recommender(header: _Header, arrays: Arrays) -> Recommender:
    placing = Placing(header.model)
    count, starts = len(arrays["rows"]), arrays["starts"]
    shapes = {
        "vectors": (count, placing.width), "aspects": (count, len(ASPECTS)), "mean": (count,), "deviation": (count,),
        "audio": (count,), "ids ends": (count,), "titles ends": (count,),
        **{f"column {name}": (count,) for name in COLUMNS},
        "column words": (count, len(header.words)),
    }  # fmt: skip
    wrong = [name for name, shape in shapes.items() if arrays[name].shape != shape]
    if wrong or starts[0] != 0 or starts[-1] != count or len(starts) != len(arrays["cells"]) + 1:
        raise ValueError(f"arrays do not fit together: {', '.join(wrong) or 'cells'}")
    names = SharedNames(words=list(header.words))
    names.add(_text(arrays, "artists"), _text(arrays, "albums"), header.genres)
    ids = TextColumn.from_arrays(arrays["ids text"], arrays["ids ends"])
    tracks = Tracks(
        ids=ids,
        titles=TextColumn.from_arrays(arrays["titles text"], arrays["titles ends"]),
        columns={name: Column(arrays[f"column {name}"]) for name in COLUMNS},
        audio=Identities(Column(arrays["audio"])),
        row_of=RowIndex({track_id or "": row for row, track_id in enumerate(ids)}),
        names=names,
        removed=np.empty(0, dtype=np.intp),
        generation=object(),
    )
    block = CellBlock.from_arrays(arrays["rows"], arrays["vectors"], starts)
    space = Space(
        index=CellIndex.of_block(block, arrays["cells"]),
        centres=placing.centres,
        moments=Moments.from_model(header.moments, placing.width),
        slices=family_slices(header.model.layout, header.model.scaler.maps),
        mean=Column(arrays["mean"]),
        deviation=Column(arrays["deviation"]),
        aspect_values=Column(arrays["aspects"]),
    )
    return Recommender(
        header.model.catalogue,
        header.model.key,
        tracks=tracks,
        space=space,
        absent={one: Absence(*why) for one, why in header.absent.items()},
        arrivals=Arrivals(
            placing=placing, trained=TrainedDistances(arrays["quantiles"]), tempo=TempoScale(*header.tempo)
        ),
    )


def _text(arrays: Arrays, name: str) -> list[str]:
    return [value or "" for value in TextColumn.from_arrays(arrays[f"{name} text"], arrays[f"{name} ends"])]
