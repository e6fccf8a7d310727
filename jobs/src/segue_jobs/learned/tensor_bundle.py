"""Reads the checkpoints of TensorFlow ("tensor bundles") without TensorFlow.

The index is a table of sorted strings in the format of LevelDB: blocks of key-value pairs whose keys are stored as the
difference to the key before, a block that indexes them, and a footer. The values are small protocol buffers that say
where in the data file a tensor lies. Sources: LevelDB's documentation of its table format; TensorFlow's
``tensor_bundle.proto``.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from segue_jobs.learned import protobuf

_MAGIC = 0xDB4775248B80FB57
_FOOTER_BYTES = 48
_UNCOMPRESSED = 0
_FLOAT32 = 1
_DTYPE, _SHAPE, _OFFSET, _SIZE = 1, 2, 4, 5
"""Fields of a ``BundleEntryProto``."""
_DIMENSION, _DIMENSION_SIZE = 2, 1

Singles = NDArray[np.float32]


class CheckpointError(ValueError):
    """The files are no checkpoint that this module can read."""


def read_tensors(index: bytes, data: bytes) -> dict[str, Singles]:
    """Every float32 tensor of a checkpoint with one data file, by name; tensors of other types are left out.

    Parameters
    ----------
    index, data
        Content of the files ``.index`` and ``.data-00000-of-00001``.

    Raises
    ------
    CheckpointError
        The index is damaged or compressed, or a tensor lies outside of the data.
    """
    try:
        return {
            key.decode(): tensor
            for key, value in _entries(index)
            if key and (tensor := _tensor(value, data)) is not None
        }
    except (IndexError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise CheckpointError(f"the checkpoint cannot be read: {error}") from error


def _entries(index: bytes) -> Iterator[tuple[bytes, bytes]]:
    if len(index) < _FOOTER_BYTES or int.from_bytes(index[-8:], "little") != _MAGIC:
        raise CheckpointError("the index has no footer of a table")
    footer = index[-_FOOTER_BYTES:]
    place = 0
    handle = []
    for _ in range(4):  # offset and size of the meta index, then of the index
        number, place = protobuf.read_varint(footer, place)
        handle.append(number)
    for _, value in _block(index, handle[2], handle[3]):
        offset, after = protobuf.read_varint(value, 0)
        size, _ = protobuf.read_varint(value, after)
        yield from _block(index, offset, size)


def _block(table: bytes, offset: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    block = table[offset : offset + size]
    if len(block) != size or table[offset + size] != _UNCOMPRESSED:
        raise CheckpointError("a block of the index is missing or compressed")
    restarts = int.from_bytes(block[-4:], "little")
    end, place, key = size - 4 * (restarts + 1), 0, b""
    while place < end:
        shared, place = protobuf.read_varint(block, place)
        unshared, place = protobuf.read_varint(block, place)
        length, place = protobuf.read_varint(block, place)
        key = key[:shared] + block[place : place + unshared]
        place += unshared
        yield key, block[place : place + length]
        place += length


def _tensor(entry: bytes, data: bytes) -> Singles | None:
    fields = dict(protobuf.read_fields(entry))
    if fields.get(_DTYPE) != _FLOAT32:
        return None
    shape = tuple(_sizes(fields.get(_SHAPE, b"")))
    offset, size = int(fields.get(_OFFSET, 0)), int(fields[_SIZE])
    if offset + size > len(data):
        raise CheckpointError("a tensor lies behind the end of the data")
    return np.frombuffer(data[offset : offset + size], "<f4").reshape(shape)


def _sizes(shape: int | bytes) -> Iterator[int]:
    if isinstance(shape, bytes):
        for field, value in protobuf.read_fields(shape):
            if field == _DIMENSION and isinstance(value, bytes):
                yield int(dict(protobuf.read_fields(value)).get(_DIMENSION_SIZE, 0))
