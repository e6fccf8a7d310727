"""Which folder of this machine or pod holds the audio of a catalogue's volumes."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from segue_core.store.facts import Root

logger = logging.getLogger(__name__)

MAXIMUM_BYTES = 1 << 20


class AudioVolume(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One volume of one catalogue, and where it is mounted."""

    catalogue: Annotated[str, Meta(min_length=1, max_length=63)]
    volume: Annotated[str, Meta(min_length=1, max_length=2048)]
    """As a track's record names it (`segue_core.store.facts.Root`)."""
    path: Annotated[str, Meta(min_length=2, max_length=4096, pattern=r"^/[^\x00]*$")]
    """Absolute; read-only suffices."""


class VolumesFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Content of the file that `SEGUE_API_AUDIO_FILE` names."""

    volumes: Annotated[tuple[AudioVolume, ...], Meta(max_length=10_000)]


class AudioVolumes:
    """The file's volumes, read again whenever it changes; a damaged file changes nothing.

    Parameters
    ----------
    path
        The file; without one, no audio is served.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._seen: tuple[int, int] | None = None
        self._volumes: Mapping[tuple[str, str], Path] = {}

    def refresh(self) -> None:
        """Read the file again, if it has changed."""
        if self._path is None:
            return
        try:
            found = self._path.stat()
            seen = (found.st_mtime_ns, found.st_ino)
            if seen == self._seen:
                return
            self._seen = seen
            volumes = _read(self._path)
        except FileNotFoundError:
            self._volumes, self._seen = {}, None
        except (OSError, ValueError, RecursionError) as error:
            logger.warning(
                "the file of audio volumes cannot be read; the last volumes stay",
                extra={"path": str(self._path), "problem": str(error)},
            )
        else:
            self._volumes = {(one.catalogue, one.volume): Path(one.path) for one in volumes}
            logger.info("audio volumes", extra={"count": len(self._volumes)})

    def has_any(self, catalogue: str) -> bool:
        """Whether any volume is given for a catalogue."""
        return any(name == catalogue for name, _ in self._volumes)

    def find(self, catalogue: str, root: Root | None) -> Path | None:
        """Folder of a volume; None if none is given for this catalogue."""
        return None if root is None else self._volumes.get((catalogue, root.volume))


def _read(path: Path) -> tuple[AudioVolume, ...]:
    with path.open("rb") as file:
        content = file.read(MAXIMUM_BYTES + 1)
    if len(content) > MAXIMUM_BYTES:
        raise ValueError(f"it has more than {MAXIMUM_BYTES:,} bytes")
    return msgspec.json.decode(content, type=VolumesFile).volumes
