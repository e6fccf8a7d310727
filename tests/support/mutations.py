"""Damaged copies of audio files: what broken disks, downloads and tools leave."""

import random
from collections.abc import Callable
from pathlib import Path

_HEADER = 4096


def _flip_bits(data: bytearray, chance: random.Random) -> bytearray:
    for _ in range(chance.choice((1, 8, 64, 512))):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return data


def _flip_header_bits(data: bytearray, chance: random.Random) -> bytearray:
    for _ in range(chance.choice((1, 2, 8, 32))):
        data[chance.randrange(min(_HEADER, len(data)))] ^= 1 << chance.randrange(8)
    return data


def _random_header_bytes(data: bytearray, chance: random.Random) -> bytearray:
    for _ in range(chance.choice((1, 4, 16))):
        data[chance.randrange(min(256, len(data)))] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))
    return data


def _truncate(data: bytearray, chance: random.Random) -> bytearray:
    return data[: chance.randrange(len(data))]


def _overwrite(data: bytearray, chance: random.Random) -> bytearray:
    start, length = chance.randrange(len(data)), chance.choice((16, 512, 65_536))
    filler = chance.choice((b"\0" * length, b"\xff" * length, chance.randbytes(length)))
    data[start : start + length] = filler[: len(data) - start]
    return data


def _remove(data: bytearray, chance: random.Random) -> bytearray:
    start = chance.randrange(len(data))
    del data[start : start + chance.choice((1, 100, 10_000))]
    return data


def _insert(data: bytearray, chance: random.Random) -> bytearray:
    start = chance.randrange(len(data))
    data[start:start] = chance.randbytes(chance.choice((1, 100, 10_000)))
    return data


def _repeat(data: bytearray, chance: random.Random) -> bytearray:
    start = chance.randrange(len(data))
    piece = data[start : start + chance.choice((100, 10_000))]
    data[start:start] = piece * chance.choice((1, 20))
    return data


def _splice(data: bytearray, chance: random.Random) -> bytearray:
    middle = chance.randrange(len(data))
    return data[middle:] + data[:middle]


_DAMAGES: tuple[Callable[[bytearray, random.Random], bytearray], ...] = (
    _flip_bits, _flip_header_bits, _random_header_bytes, _truncate, _overwrite, _remove, _insert, _repeat, _splice
)  # fmt: skip


def damage(data: bytes, chance: random.Random) -> bytes:
    """One to three kinds of damage."""
    damaged = bytearray(data)
    for kind in chance.choices(_DAMAGES, k=chance.choice((1, 1, 2, 3))):
        if damaged:
            damaged = kind(damaged, chance)
    return bytes(damaged)


def damaged_copies(originals: list[Path], folder: Path, count: int, seed: int) -> list[Path]:
    """Write so many damaged copies, the same ones for the same seed."""
    chance, copies = random.Random(seed), []
    for number in range(count):
        original = originals[number % len(originals)]
        copies.append(folder / f"{number:05d}{original.suffix}")
        copies[-1].write_bytes(damage(original.read_bytes(), chance))
    return copies
