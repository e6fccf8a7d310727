"""The tracks that a person means by what they type: ids, names, files and playlists."""

from __future__ import annotations

import os
import shlex
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path

from segue.commandline import Invocation, printable
from segue.commands.known_volumes import known_volumes
from segue.errors import UsageError
from segue.render.playlists import is_playlist, paths_in
from segue.render.tables import full_title
from segue_core.recommend.meaning import near, readings
from segue_core.recommend.question_errors import UnknownTrackError
from segue_core.recommend.recommender import Recommender
from segue_core.recommend.suggestions import suggest
from segue_core.store.database import Database
from segue_core.store.track_files import LocatedFile, read_files
from segue_jobs.listing import track_ids

_SHOWN = 10
_LARGEST_PLAYLIST = 10_000_000
"""Bytes; a larger file is no playlist."""


class TypedTracks:
    """Finds tracks of a catalogue by what was typed."""

    def __init__(self, call: Invocation, database: Database, recommender: Recommender) -> None:
        self._call = call
        self._database = database
        self._recommender = recommender

    def find_all(self, option: str, typed: Iterable[str]) -> list[str]:
        """Ids of all that was typed, each once."""
        return list(dict.fromkeys(track_id for text in typed for track_id in self.find(option, text)))

    def find_one(self, option: str, text: str) -> str:
        """The id of the one track that was typed.

        Raises
        ------
        UsageError
            It means several tracks, or none.
        """
        found = self.find(option, text)
        if len(found) > 1:
            labels = self._labels(found)
            raise _ambiguous(option, text, [(one, labels[one]) for one in found], "name one of its tracks")
        return found[0]

    def find(self, option: str, text: str) -> tuple[str, ...]:
        """Ids of what was typed: an id, a title, an artist, an album, a file or a playlist.

        Raises
        ------
        UsageError
            It can mean several things, which the message lists, or nothing.
        UnknownTrackError
            It means nothing; the message suggests what is spelt alike.
        """
        recommender = self._recommender
        known = text in recommender.tracks.row_of or text in recommender.absent
        if not known and is_playlist(text) and Path(text).expanduser().is_file():
            return self._of_playlist(option, Path(text).expanduser())
        found = readings(recommender.tracks, text, absent=recommender.absent)
        if len(found) != 1 and ("/" in text or Path(text).is_file()):
            files = self._with_path(os.path.abspath(Path(text).expanduser()))  # noqa: PTH100 - links stay
            if len(files) > 1:
                raise _ambiguous(option, text, [(file.track_id, file.path) for file in files], "name it by its id")
            if files:
                return (files[0].track_id,)
        if not found and (alike := near(recommender.tracks, text)):
            lines = _candidates(option, [(one.typed, one.name) for one in alike])
            message = f"catalogue {recommender.catalogue!r} has no track {text!r}, but:"
            raise UsageError("\n".join([message, *lines]), "choose one of these")
        if not found:
            raise UnknownTrackError(recommender.catalogue, text, suggest(recommender.tracks, text))
        if len(found) > 1:
            raise _ambiguous(option, text, [(one.typed, one.name) for one in found], "choose one of these")
        return found[0].track_ids

    def _labels(self, track_ids: Sequence[str]) -> dict[str, str]:
        tracks = self._recommender.tracks
        return {one: full_title(tracks.card(tracks.row_of[one])) for one in track_ids}

    def _of_playlist(self, option: str, path: Path) -> tuple[str, ...]:
        try:
            with path.open("rb") as file:
                raw = file.read(_LARGEST_PLAYLIST + 1)
        except OSError as error:
            raise UsageError(f"{option}: cannot read {path}: {error.strerror}") from error
        if len(raw) > _LARGEST_PLAYLIST:
            raise UsageError(f"{option}: {path} is too large for a playlist", "name an M3U file")
        named = paths_in(raw, os.path.abspath(path.parent))  # noqa: PTH100 - links stay
        found = [files[0].track_id for one in named if len(files := self._with_path(one)) == 1]
        present = [one for one in dict.fromkeys(found) if one in self._recommender.tracks.row_of]
        if not present:
            catalogue = self._recommender.catalogue
            none = f"none of the {len(named)} files in {path} is in catalogue {catalogue!r}"
            raise UsageError(
                f"{option}: {none if named else f'{path} names no file'}",
                f"see what there is: segue tracks --catalogue {catalogue} --json",
            )
        if len(found) < len(named):
            text = f"note: {len(named) - len(found)} of the {len(named)} files in {path} are not in the catalogue"
            self._call.notes.print(printable(text), soft_wrap=True)
        return tuple(present)

    @cached_property
    def _by_path(self) -> dict[str, list[LocatedFile]]:
        """Stored files by their paths below the audio folder."""
        volumes = known_volumes(self._call.state)
        found: defaultdict[str, list[LocatedFile]] = defaultdict(list)
        for file in read_files(self._database, self._recommender.catalogue):
            found[_compared(file.path)].append(file.located(volumes))
        return found

    def _with_path(self, path: str) -> list[LocatedFile]:
        """Stored files with this path: the very file where its folder is known, else those with the longest common end.

        A path that a batch listed is a path below its audio folder, so it is the end of the absolute path.
        """
        parts = _compared(path).split("/")
        for start in range(1, len(parts)):
            files = self._by_path.get("/".join(parts[start:]), [])
            exact = [file for file in files if file.location == os.fsencode(path)]
            if files:
                return exact or files
        return self._behind_links(path)

    def _behind_links(self, path: str) -> list[LocatedFile]:
        """Stored files that are the same file by another way: a linked folder, a link to the file."""
        real = os.fsencode(os.path.realpath(path))
        located = (file for files in self._by_path.values() for file in files if file.location is not None)
        return [file for file in located if os.path.realpath(file.location or b"") == real]


def _compared(path: str) -> str:
    """A path as it is compared: composed, and with undecodable bytes as they are stored."""
    return unicodedata.normalize("NFC", track_ids.printable(path))


def _ambiguous(option: str, text: str, candidates: Sequence[tuple[str, str]], hint: str) -> UsageError:
    message = f"{option} {text!r} can mean {len(candidates)} things:"
    return UsageError("\n".join([message, *_candidates(option, candidates)]), hint)


def _candidates(option: str, candidates: Sequence[tuple[str, str]]) -> list[str]:
    """A line for each, with what to type."""
    shown = [(f"  {option} {_quoted(typed)}", name) for typed, name in candidates[:_SHOWN]]
    width = max(len(typed) for typed, _ in shown)
    lines = [f"{typed:<{width}}  {name}" for typed, name in shown]
    return lines if len(candidates) <= _SHOWN else [*lines, f"  … and {len(candidates) - _SHOWN:,} more"]


def _quoted(text: str) -> str:
    """As a shell takes it, and readable where no quoting is needed."""
    return shlex.quote(printable(text))
