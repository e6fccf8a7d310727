"""A batch's source to its listing."""

from __future__ import annotations

import logging
from pathlib import Path

from segue_jobs.contract import MetadataFormat, SourceArguments
from segue_jobs.listing.audio_files import find_audio
from segue_jobs.listing.join import join, list_by_path
from segue_jobs.listing.metadata import read_metadata
from segue_jobs.listing.model import Listing
from segue_jobs.runtime.program import ConfigurationError

logger = logging.getLogger(__name__)


def list_source(arguments: SourceArguments) -> Listing:
    """All tracks of a batch: the same answer to every program that asks, as long as the source stays the same.

    Without a CSV the tracks are the files; their tags are read when they are analysed.

    Raises
    ------
    ConfigurationError
        The audio folder or the metadata file is missing, unreadable or not what the format needs.
    """
    wants_tags = arguments.metadata_format is MetadataFormat.TAGS
    if arguments.metadata_path is None and not wants_tags and arguments.metadata_format is not MetadataFormat.AUTO:
        raise ConfigurationError(f"the format {arguments.metadata_format} needs a CSV: give --metadata-path")
    if arguments.metadata_path is None or wants_tags:
        listing = list_by_path(find_audio(Path(arguments.audio_root)))
    else:
        table = read_metadata(Path(arguments.metadata_path), arguments.metadata_format, arguments.column)
        logger.info("metadata read", extra={"rows": len(table.rows), "format": table.format})
        listing = join(find_audio(Path(arguments.audio_root)), table, arguments.rows_without_audio)
    problems = sum(track.problem is not None for track in listing.tracks)
    logger.info("source listed", extra={"tracks": len(listing.tracks), "problems": problems})
    return listing
