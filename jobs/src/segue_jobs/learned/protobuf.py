"""Protocol buffers, as far as checkpoints and ONNX files need them: variable-length integers, bytes and messages.

Source: the encoding that protobuf.dev describes. Two dozen lines replace packages of tens of megabytes, which would be
needed once, to convert one file.
"""

from __future__ import annotations

from collections.abc import Iterator

_VARINT, _EIGHT_BYTES, _BYTES, _FOUR_BYTES = 0, 1, 2, 5
_MOST_BITS = 63


def read_varint(data: bytes, place: int) -> tuple[int, int]:
    """The integer at a place, and the place behind it.

    Raises
    ------
    ValueError, IndexError
        The integer is too long, or the data ends within it.
    """
    value = shift = 0
    while True:
        byte = data[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
        shift += 7
        if shift > _MOST_BITS:
            raise ValueError("an integer has more than 64 bits")


def read_fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Numbers and values of a message's fields, in order; nested messages and texts as bytes.

    Raises
    ------
    ValueError, IndexError
        The message is damaged.
    """
    place = 0
    while place < len(message):
        tag, place = read_varint(message, place)
        field, kind = tag >> 3, tag & 7
        if kind == _VARINT:
            value, place = read_varint(message, place)
            yield field, value
            continue
        if kind == _BYTES:
            length, place = read_varint(message, place)
        elif kind in (_FOUR_BYTES, _EIGHT_BYTES):
            length = 4 if kind == _FOUR_BYTES else 8
        else:
            raise ValueError(f"a field has the unknown wire type {kind}")
        if place + length > len(message):
            raise ValueError("a field ends behind its message")
        yield field, message[place : place + length]
        place += length


def varint(value: int) -> bytes:
    """An integer of at least 0 in its variable length."""
    parts = bytearray()
    while value >= 0x80:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    parts.append(value)
    return bytes(parts)


def number(field: int, value: int) -> bytes:
    """A field with an integer of at least 0."""
    return varint(field << 3 | _VARINT) + varint(value)


def content(field: int, value: bytes | str) -> bytes:
    """A field with bytes, a text or a nested message."""
    data = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | _BYTES) + varint(len(data)) + data
