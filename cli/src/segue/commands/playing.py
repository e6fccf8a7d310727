"""Making a list playable: its files as paths or as a playlist."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Group, Parameter

from segue.commandline import Invocation, check_not_options, printable
from segue.errors import CommandError, UsageError
from segue.render.playlists import HEADER, PlaylistEntry, playlist

if TYPE_CHECKING:
    from segue_core.recommend.recommender import Recommender

_PLAY = Group("files", sort_key=4)
STANDARD_OUTPUT = "-"


def _check_file(_type: type, value: str | None) -> None:
    if value is not None:
        check_not_options(_type, [value])


@dataclass(frozen=True)
class PlayOptions:
    """Options that make a list playable."""

    m3u: Annotated[
        str | None,
        Parameter(
            metavar="FILE",
            help="write the list as a playlist, which every player opens; - is standard output",
            allow_leading_hyphen=True,  # for the lone hyphen
            validator=_check_file,
        ),
    ] = None
    paths: Annotated[bool, Parameter(help="print nothing but the paths of the files", show_default=False)] = False

    @property
    def only_files(self) -> bool:
        """Whether nothing but files is printed on standard output."""
        return self.paths or self.m3u == STANDARD_OUTPUT

    def check(self, *, as_json: bool) -> None:
        """Refuse two things on standard output, and a playlist in the place of something else.

        Raises
        ------
        UsageError
            More than one of the paths, the playlist and JSON would be printed, or a file would be lost.
        """
        printed = {"--paths": self.paths, "--m3u -": self.m3u == STANDARD_OUTPUT, "--json": as_json}
        given = [name for name, is_given in printed.items() if is_given]
        if len(given) > 1:
            raise UsageError(f"{' and '.join(given)} exclude each other", "choose one of them")
        if self.m3u not in (None, STANDARD_OUTPUT) and _is_something_else(Path(self.m3u).expanduser()):
            what = "a folder" if Path(self.m3u).expanduser().is_dir() else "not a playlist, and is not overwritten"
            raise UsageError(f"{self.m3u} is {what}", "name another file for --m3u")


Play = Annotated[PlayOptions, Parameter(name="*", group=_PLAY)]
NO_PLAY = PlayOptions()


@dataclass(frozen=True)
class Playable:
    """A track of a list."""

    track_id: str
    name: str
    seconds: float


def playable(recommender: Recommender, track_id: str) -> Playable:
    """A track of a catalogue."""
    card = recommender.tracks.card(recommender.tracks.row_of[track_id])
    names = " - ".join(name for name in (card.artist, card.title) if name)
    return Playable(track_id, names or track_id, card.duration_seconds)


def deliver(
    call: Invocation, options: PlayOptions, tracks: Sequence[Playable], locations: Mapping[str, bytes | None]
) -> None:
    """Print the paths, or write the playlist, as the options ask.

    Parameters
    ----------
    locations
        Absolute path by track id, as far as it is known.

    Raises
    ------
    UsageError
        The playlist would replace something else.
    CommandError
        No file is known, or the playlist cannot be written.
    """
    if not options.paths and options.m3u is None:
        return
    known = [(track, location) for track in tracks if (location := locations.get(track.track_id)) is not None]
    if tracks and not known:
        raise CommandError(
            "where the files are is not known: their batch was ingested by an earlier release, or from a volume",
            "run the batch again, which extracts nothing anew: segue apply -f DIR --again",
        )
    if options.paths:
        _print_paths(call, (location for _, location in known))
    if options.m3u is not None:
        _write_playlist(call, options.m3u, known)
    gone = sum(not os.path.exists(location) for _, location in known) + len(tracks) - len(known)  # noqa: PTH110 - bytes
    if gone:
        call.notes.print(f"note: {gone} of these {len(tracks)} files are not on this machine", soft_wrap=True)


def _print_paths(call: Invocation, paths: Iterable[bytes]) -> None:
    """As they are on disk in a pipe; a terminal gets escapes for what could attack it."""
    for path in paths:
        if call.console.is_terminal:
            call.console.print(printable(os.fsdecode(path)), soft_wrap=True)
        else:
            _write_bytes(call, path + b"\n")


def _write_bytes(call: Invocation, raw: bytes) -> None:
    call.console.file.flush()
    buffer = getattr(sys.stdout, "buffer", None)
    if buffer is None:
        call.console.file.write(raw.decode("utf-8", "replace"))
    else:
        buffer.write(raw)
        buffer.flush()


def _write_playlist(call: Invocation, target: str, known: Sequence[tuple[Playable, bytes]]) -> None:
    raw = playlist(PlaylistEntry(location, track.name, track.seconds) for track, location in known)
    if target == STANDARD_OUTPUT:
        _write_bytes(call, raw)
        return
    path = Path(target).expanduser()
    try:
        path.write_bytes(raw)
    except OSError as error:
        raise CommandError(f"cannot write {path}: {error.strerror}", "name another file for --m3u") from error
    call.notes.print(f"wrote {printable(path)}: {len(known)} tracks", soft_wrap=True)


def _is_something_else(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return not (HEADER.startswith(file.read(len(HEADER))))
    except FileNotFoundError:
        return False
    except OSError:
        return True
