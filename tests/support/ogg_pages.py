"""Ogg pages, and the comments in them, made byte by byte."""

from __future__ import annotations

import base64
import struct


def pages(*packets: bytes, serial: int = 7, granule: int = 0) -> bytes:
    """Packets as Ogg pages of one stream; checksums are not looked at."""
    made = b""
    for packet in packets:
        table = [255] * (len(packet) // 255) + [len(packet) % 255]
        for start in range(0, len(table), 255):
            part = table[start : start + 255]
            body = packet[255 * start : 255 * start + sum(part)]
            made += struct.pack("<4sBBqIIIB", b"OggS", 0, 0, granule, serial, 0, 0, len(part)) + bytes(part) + body
    return made


def block(data: bytes, kind: int = 3) -> bytes:
    """A FLAC picture block."""
    return struct.pack(">II4sI", kind, 4, b"i/jp", 0) + bytes(16) + struct.pack(">I", len(data)) + data


def comments(*values: bytes, magic: bytes = b"\x03vorbis") -> bytes:
    """A packet of Vorbis comments."""
    sized = [struct.pack("<I", len(value)) + value for value in (b"vendor", *values)]
    return magic + sized[0] + struct.pack("<I", len(values)) + b"".join(sized[1:]) + b"\x01"


def described(data: bytes) -> bytes:
    """The comment that holds a picture."""
    return b"Metadata_Block_Picture=" + base64.b64encode(block(data))
