"""``segue init``: manifests for a folder of one's own music."""

from __future__ import annotations

import argparse
import os
import re
from pathlib import Path

import yaml

from segue_operator.local.commandline import Command, Invocation
from segue_operator.local.errors import CommandExit, UsageError

AUDIO = frozenset({".mp3", ".flac", ".ogg", ".oga", ".opus", ".wav", ".aiff", ".aif"})
_CATALOGUE = re.compile(r"^[a-z]([-a-z0-9]*[a-z0-9])?$")
LONGEST_NAME = 40
ENOUGH_TRACKS = 20


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="DIR", help="folder with your music, walked with all its folders")
    parser.add_argument("--catalogue", required=True, help="a name for it: lowercase letters, digits and '-'")
    parser.add_argument("--output", required=True, type=Path, metavar="DIR", help="where to write the two manifests")
    parser.add_argument("--force", action="store_true", help="write over manifests that are there")


def count_audio(folder: Path, enough: int = 1_000_000) -> int:
    """Number of files that look like audio, below a folder."""
    count = 0
    for _, _, names in os.walk(folder):
        count += sum(Path(name).suffix.lower() in AUDIO for name in names)
        if count >= enough:
            break
    return count


def cluster_counts(tracks: int) -> list[int]:
    """Numbers of clusters worth trying for so many tracks: a cluster should hold ten or more on average."""
    wanted = [k for k in (4, 8, 16, 32, 64) if k * 10 <= tracks]
    return wanted or [2]


def make_manifests(folder: Path, catalogue: str, tracks: int, shards: int) -> dict[str, str]:
    """File name -> YAML of the two manifests."""
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
            "maxRejectedPercent": 20,
        },
    }
    run = {
        **head,
        "kind": "TrainingRun",
        "metadata": {"name": catalogue},
        "spec": {"catalogue": catalogue, "batches": [catalogue], "kmeans": {"k": cluster_counts(tracks), "seed": 1}},
    }
    return {
        "trackbatch.yaml": "# What to ingest: titles, artists and genres are the tags inside the files.\n"
        + _dump(batch),
        "trainingrun.yaml": "# What to learn: k lists the numbers of clusters to try.\n" + _dump(run),
    }


def _dump(document: object) -> str:
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True)


def _checked_folder(call: Invocation) -> tuple[Path, int]:
    folder: Path = call.arguments.folder.expanduser()
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder", "name the folder that holds your music")
    tracks = count_audio(folder)
    if not tracks:
        raise UsageError(f"{folder} holds no audio files", f"known endings: {', '.join(sorted(AUDIO))}")
    return folder.resolve(), tracks


def _run(call: Invocation) -> int:
    catalogue, output = call.arguments.catalogue, call.arguments.output
    if not _CATALOGUE.match(catalogue) or len(catalogue) > LONGEST_NAME:
        raise UsageError(
            f"{catalogue!r} cannot name a catalogue",
            f"use at most {LONGEST_NAME} lowercase letters, digits and '-', beginning with a letter",
        )
    folder, tracks = _checked_folder(call)
    files = make_manifests(folder, catalogue, tracks, shards=max(1, min(os.cpu_count() or 1, 8)))
    there = [str(output / name) for name in files if (output / name).exists()]
    if there and not call.arguments.force:
        raise UsageError(
            f"{' and '.join(there)} exist already", "choose another --output, or write over them with --force"
        )
    try:
        output.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (output / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write to {output}: {error.strerror}", "choose another --output") from error
    call.console.print(f"{tracks} audio files in {folder}", soft_wrap=True)
    for name in files:
        call.console.print(f"wrote {output / name}", soft_wrap=True)
    if tracks < ENOUGH_TRACKS:
        call.notes.print(f"note: {tracks} tracks are few: recommendations get useful from some dozens on")
    call.console.print(f"\nnext: segue apply -f {output}", soft_wrap=True)
    return CommandExit.OK


COMMAND = Command(
    examples=["segue init ~/Music --catalogue mine --output mine"],
    add_arguments=_add_arguments,
    run=_run,
)
