"""The audio and the cover of a track, as far as they may be sent."""

from __future__ import annotations

import hashlib
import os
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from segue_api.ports import NotThereError, OpenFile, Store, VolumeFiles
from segue_api.problems import Problem, ProblemError
from segue_api.service.audio_volumes import AudioVolumes
from segue_core.store.facts import MAGIC_BYTES, MAXIMUM_COVER_BYTES, Cover, FileFacts, picture_type
from segue_core.store.ogg_pictures import ogg_picture

AUDIO_TYPES = {
    "aac": "audio/aac", "aif": "audio/aiff", "aifc": "audio/aiff", "aiff": "audio/aiff", "ape": "audio/x-ape",
    "au": "audio/basic", "caf": "audio/x-caf", "flac": "audio/flac", "m4a": "audio/mp4", "m4b": "audio/mp4",
    "mka": "audio/x-matroska", "mp2": "audio/mpeg", "mp3": "audio/mpeg", "mp4": "audio/mp4", "mpc": "audio/x-musepack",
    "oga": "audio/ogg", "ogg": "audio/ogg", "opus": "audio/ogg", "rf64": "audio/wav", "snd": "audio/basic",
    "spx": "audio/ogg", "tta": "audio/x-tta", "w64": "audio/x-w64", "wav": "audio/wav", "wave": "audio/wav",
    "webm": "audio/webm", "wma": "audio/x-ms-wma", "wv": "audio/x-wavpack",
}  # fmt: skip
"""Endings of files that are sent, and what the answer says they are: a closed set, so that nothing else ever is."""


@dataclass(frozen=True)
class Audio:
    """An open audio file."""

    file: OpenFile
    media_type: str


@dataclass(frozen=True)
class Picture:
    """A cover."""

    content: bytes
    media_type: str

    @property
    def etag(self) -> str:
        """Changes with the picture."""
        return f'"{hashlib.sha256(self.content).hexdigest()[:32]}"'


class Media:
    """Finds files of tracks in the volumes that are given."""

    def __init__(self, store: Store, files: VolumeFiles, volumes: AudioVolumes) -> None:
        self._store = store
        self._files = files
        self._volumes = volumes

    def plays(self, catalogue: str) -> bool:
        """Whether any volume is given for a catalogue, so that some of its tracks can be heard."""
        return self._volumes.has_any(catalogue)

    def has_audio(self, catalogue: str, file: FileFacts | None) -> bool:
        """Whether a volume is given for a file, and its kind is sent."""
        return file is not None and self._volumes.find(catalogue, file.root) is not None and _type(file) is not None

    def has_cover(self, catalogue: str, file: FileFacts | None) -> bool:
        """Whether a file has a cover, and a volume is given for it."""
        return file is not None and file.cover is not None and self._volumes.find(catalogue, file.root) is not None

    def open_audio(self, catalogue: str, track_id: str) -> Audio:
        """The audio of a track.

        Raises
        ------
        ProblemError
            There is no such track, or its file is not served.
        StoreUnavailableError
            The database does not answer.
        """
        volume, file = self._find(catalogue, track_id, Problem.AUDIO_NOT_SERVED)
        media_type = _type(file)
        if media_type is None:
            raise _refusal(Problem.AUDIO_NOT_SERVED, track_id, "files of its kind are not sent")
        try:
            return Audio(self._files.open(volume, _folder(file), file.path), media_type)
        except NotThereError as error:
            raise _refusal(Problem.AUDIO_NOT_SERVED, track_id, _GONE) from error

    def read_cover(self, catalogue: str, track_id: str) -> Picture:
        """The cover of a track; raises as `open_audio` does."""
        volume, file = self._find(catalogue, track_id, Problem.COVER_NOT_SERVED)
        cover = file.cover
        if cover is None:
            raise _refusal(Problem.COVER_NOT_SERVED, track_id, "it has none, or none that Segue can find")
        try:
            content = (
                self._embedded(volume, file, cover) if cover.name is None else self._beside(volume, file, cover.name)
            )
        except (NotThereError, OSError) as error:
            raise _refusal(Problem.COVER_NOT_SERVED, track_id, _GONE) from error
        media_type = picture_type(content[:MAGIC_BYTES])
        if media_type is None:
            raise _refusal(Problem.COVER_NOT_SERVED, track_id, "it was changed since; apply its batch again")
        return Picture(content, media_type)

    def _embedded(self, volume: Path, file: FileFacts, cover: Cover) -> bytes:
        with closing(self._files.open(volume, _folder(file), file.path)) as opened:
            content = opened.read(cover.offset, min(cover.size, MAXIMUM_COVER_BYTES))
        if cover.inside == "ogg":
            return ogg_picture(content, cover.sha256)
        return content if hashlib.sha256(content).hexdigest() == cover.sha256 else b""

    def _beside(self, volume: Path, file: FileFacts, name: bytes) -> bytes:
        """A file beside the track's; a name with a folder in it is no name."""
        if b"/" in name:
            return b""
        folder = os.fsencode(PurePosixPath(os.fsdecode(file.path)).parent)
        with closing(self._files.open(volume, _folder(file), folder + b"/" + name)) as opened:
            return b"" if opened.size > MAXIMUM_COVER_BYTES else opened.read(0, MAXIMUM_COVER_BYTES)

    def _find(self, catalogue: str, track_id: str, problem: Problem) -> tuple[Path, FileFacts]:
        found = self._store.tracks(catalogue, [track_id])
        if not found:
            raise ProblemError(Problem.UNKNOWN_TRACK, f"catalogue {catalogue!r} has no track {track_id!r}")
        file = found[0].file
        if file is None:
            raise _refusal(problem, track_id, "it was stored before files were recorded; apply its batch again")
        volume = self._volumes.find(catalogue, file.root)
        if volume is None:
            raise _refusal(problem, track_id, "no volume is given to the service for it")
        return volume, file


_GONE = "its file is not there, or lies outside its folder"


def _refusal(problem: Problem, track_id: str, why: str) -> ProblemError:
    return ProblemError(problem, f"track {track_id!r}: {why}")


def _folder(file: FileFacts) -> str:
    return "." if file.root is None else file.root.folder


def _type(file: FileFacts) -> str | None:
    return AUDIO_TYPES.get(os.fsdecode(file.path).rpartition(".")[2].lower())
