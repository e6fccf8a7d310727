"""Lists the tracks of a batch's source."""

from __future__ import annotations

import dataclasses
import logging
from collections import Counter
from pathlib import Path

from segue_core.contract import MetadataFormat, SourceArguments
from segue_core.contract.wording import shorten
from segue_core.errors import ConfigurationError
from segue_core.identity.catalogue import Source, source_of_batch
from segue_jobs.listing.audio_files import AudioFolder, find_audio
from segue_jobs.listing.join import join, list_by_path
from segue_jobs.listing.listed_tracks import Listing
from segue_jobs.listing.metadata import read_metadata
from segue_jobs.listing.passed_over import PassedOverKind
from segue_jobs.listing.track_ids import printable

logger = logging.getLogger(__name__)

_NAMED = 10
MAXIMUM_PROBLEMS = 200_000


def source_of(arguments: SourceArguments) -> Source:
    """The source of a batch, which owns the ids of its tracks."""
    return Source(arguments.source or source_of_batch(arguments.batch), arguments.batch)


def list_source(arguments: SourceArguments) -> Listing:
    """List all tracks of a batch; every program gets the same answer as long as the source does not change.

    Without a CSV, the tracks are the audio files; their tags are read during the analysis.

    Raises
    ------
    ConfigurationError
        The audio folder or the metadata file is missing or unreadable, or does not match the format.
    """
    wants_tags = arguments.metadata_format is MetadataFormat.TAGS
    if arguments.metadata_path is None and not wants_tags and arguments.metadata_format is not MetadataFormat.AUTO:
        raise ConfigurationError(f"the format {arguments.metadata_format} needs a CSV: set --metadata-path")
    folder = find_audio(Path(arguments.audio_root))
    if arguments.metadata_path is None or wants_tags:
        listing = list_by_path(folder.files)
    else:
        table = read_metadata(Path(arguments.metadata_path), arguments.metadata_format, arguments.column)
        logger.info("metadata read", extra={"rows": len(table.rows), "format": table.format})
        listing = join(folder.files, table, arguments.rows_without_audio)
    _check_problems(listing)
    listing = dataclasses.replace(listing, passed_over=folder.counts(), links_passed_over=_links(folder))
    _log(listing, folder)
    return listing.with_prefix(arguments.prefix)


def _check_problems(listing: Listing) -> None:
    """Refuse a source of which next to nothing fits: each rejection is a record, and nobody reads a million."""
    counts = Counter(track.problem.reason for track in listing.tracks if track.problem is not None)
    if counts.total() <= MAXIMUM_PROBLEMS:
        return
    first = next(track for track in listing.tracks if track.problem is not None)
    reasons = ", ".join(f"{count:,} {reason}" for reason, count in counts.most_common(3))
    raise ConfigurationError(
        f"{counts.total():,} rows or files cannot be used ({reasons}), more than the {MAXIMUM_PROBLEMS:,} that a batch "
        f"records; the first: {shorten(first.track_id, 100)}: "
        f"{shorten(first.problem.message if first.problem else '', 300)}. Check that the metadata belongs to this "
        "folder, or set rowsWithoutAudio: Ignore"
    )


def _links(folder: AudioFolder) -> tuple[str, ...]:
    links = (PassedOverKind.LINKED_TWICE, PassedOverKind.DEAD_LINK)
    return tuple(printable(entry.path) for entry in folder.passed_over if entry.kind in links)


def _log(listing: Listing, folder: AudioFolder) -> None:
    for kind in PassedOverKind:
        if paths := [printable(entry.path) for entry in folder.passed_over if entry.kind is kind]:
            logger.info("passing over", extra={"kind": kind, "count": len(paths), "first": paths[:_NAMED]})
    if folder.not_audio:
        logger.info(
            "passing over files that are not audio", extra={"extensions": dict(folder.not_audio.most_common(10))}
        )
    problems = sum(track.problem is not None for track in listing.tracks)
    logger.info("source listed", extra={"tracks": len(listing.tracks), "problems": problems})
