"""``segue init``: manifests for a folder of your own music."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import yaml
from cyclopts import Parameter

from segue.commandline import Call
from segue.errors import CommandExit, UsageError
from segue_core.contract.wording import quantity

_CATALOGUE = re.compile(r"^[a-z]([-a-z0-9]*[a-z0-9])?$")
LONGEST_NAME = 40
ENOUGH_TRACKS = 20
REJECTED_PERCENT = 50
"""Limit of rejections in the manifest: people's folders hold jingles, broken downloads and formats of the past."""


@dataclass(frozen=True)
class Found:
    """What a batch will list of a folder."""

    tracks: int
    files: Mapping[str, int]
    """Extension -> number of audio files."""
    passed_over: Mapping[str, int]
    """Kind -> number of entries that a batch passes over."""

    def lines(self) -> list[str]:
        """What to tell about it."""
        count = sum(self.files.values())
        told = [f"{quantity(count, 'audio file')}: {_counted(self.files)}"]
        if count != self.tracks:
            told.append(f"{quantity(self.tracks, 'track')}, because some files are of the same track")
        if self.passed_over:
            told.append(f"passed over: {_counted(self.passed_over)}")
        return told


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def look_into(folder: Path) -> Found:
    """List a folder as a batch does."""
    from segue_jobs.listing.audio_files import find_audio
    from segue_jobs.listing.songs import songs_of
    from segue_jobs.listing.track_ids import extension_of, printable

    audio = find_audio(folder)
    files = [file for file in audio.files if not file.path.endswith("/")]
    endings = Counter(printable(extension_of(file.path).lower()) for file in files)
    return Found(len(songs_of(files)), endings, audio.counts())


def cluster_counts(tracks: int) -> list[int]:
    """Numbers of clusters worth trying for a number of tracks: a cluster should hold ten or more on average."""
    wanted = [k for k in (4, 8, 16, 32, 64) if k * 10 <= tracks]
    return wanted or [2]


def default_shards() -> int:
    """Number of shards that uses this machine's cores."""
    return max(1, min(os.cpu_count() or 1, 8))


def make_manifests(folder: Path, catalogue: str, tracks: int, head_line: str = "") -> dict[str, str]:
    """File name -> YAML of the two manifests.

    Parameters
    ----------
    head_line
        Comment that both begin with.
    """
    shards = default_shards()
    head = {"apiVersion": "segue.dev/v1alpha1"}
    batch = {
        **head,
        "kind": "TrackBatch",
        "metadata": {"name": catalogue},
        "spec": {
            "catalogue": catalogue,
            "source": {
                "volume": {"hostPath": {"path": str(folder)}},
                "audioPath": ".",
                "metadata": {"format": "Tags"},
            },
            "extraction": {"shards": shards, "parallelism": shards},
            "maxRejectedPercent": REJECTED_PERCENT,
        },
    }
    run = {
        **head,
        "kind": "TrainingRun",
        "metadata": {"name": catalogue},
        "spec": {"catalogue": catalogue, "batches": [catalogue], "kmeans": {"k": cluster_counts(tracks), "seed": 1}},
    }
    return {
        "trackbatch.yaml": head_line
        + "# What to ingest: titles, artists and genres are the tags inside the files.\n"
        + _dump(batch),
        "trainingrun.yaml": head_line + "# What to learn: k lists the numbers of clusters to try.\n" + _dump(run),
    }


def check_catalogue_name(name: str) -> None:
    """Check what the manifests use as a name.

    Raises
    ------
    UsageError
        It is not valid.
    """
    if not _CATALOGUE.match(name) or len(name) > LONGEST_NAME:
        raise UsageError(
            f"{name!r} is not a valid name of a catalogue",
            f"use at most {LONGEST_NAME} lowercase letters, digits and '-', and begin with a letter",
        )


def _dump(document: object) -> str:
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True)


def checked_folder(given: Path) -> tuple[Path, Found]:
    """The folder as an absolute path, and what a batch will list of it.

    Raises
    ------
    UsageError
        It is no folder, cannot be read, or has no music.
    """
    from segue_core.errors import ConfigurationError

    folder = given.expanduser()
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder", "name the folder that holds your music")
    try:
        found = look_into(folder)
    except ConfigurationError as error:
        raise UsageError(str(error), "name the folder that holds your music") from error
    if not found.tracks:
        seen = f"; passed over: {_counted(found.passed_over)}" if found.passed_over else ""
        raise UsageError(f"{folder} holds no audio files{seen}", "name the folder that holds your music")
    return folder.resolve(), found


def run(
    folder: Annotated[Path, Parameter(help="folder with your music; all its subfolders are read")],
    /,
    *,
    catalogue: Annotated[str, Parameter(metavar="NAME", help="a name for it: lowercase letters, digits and '-'")],
    output: Annotated[Path, Parameter(metavar="DIR", help="where to write the two manifests")],
    force: Annotated[bool, Parameter(help="overwrite existing manifests", show_default=False)] = False,
    call: Call,
) -> int:
    """Write a TrackBatch and a TrainingRun."""
    check_catalogue_name(catalogue)
    music, found = checked_folder(folder)
    files = make_manifests(music, catalogue, found.tracks)
    there = [str(output / name) for name in files if (output / name).exists()]
    if there and not force:
        raise UsageError(
            f"{' and '.join(there)} already exist", "choose another --output, or overwrite them with --force"
        )
    try:
        output.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (output / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write to {output}: {error.strerror}", "choose another --output") from error
    call.console.print(f"in {music}:", soft_wrap=True)
    for line in found.lines():
        call.console.print(f"  {line}", soft_wrap=True)
    for name in files:
        call.console.print(f"wrote {output / name}", soft_wrap=True)
    if found.tracks < ENOUGH_TRACKS:
        call.notes.print("note: recommendations become useful from a few dozen tracks on")
    call.console.print(f"\nnext: segue apply -f {output}", soft_wrap=True)
    return CommandExit.OK
