"""Arguments by which extract and verify list the same tracks."""

from __future__ import annotations

from typing import TypedDict

from segue_jobs.contract import MetadataFormat, RowsWithoutAudio
from segue_operator.api.trackbatch import TrackBatch
from segue_operator.children.pod import source_path


class SourceOptions(TypedDict):
    """Keyword arguments of `segue_jobs.contract.SourceArguments`."""

    catalogue: str
    batch: str
    batch_uid: str
    audio_root: str
    metadata_path: str | None
    metadata_format: MetadataFormat
    column: dict[str, str]
    rows_without_audio: RowsWithoutAudio
    shards: int


def source_options(batch: TrackBatch) -> SourceOptions:
    """What a batch says about its source, as the programs take it."""
    spec = batch.spec
    metadata = spec.source.metadata
    columns = metadata.columns.model_dump(by_alias=True, exclude_none=True) if metadata.columns else {}
    return SourceOptions(
        catalogue=spec.catalogue,
        batch=batch.metadata.name,
        batch_uid=batch.metadata.uid,
        audio_root=source_path(spec.source.audio_path),
        metadata_path=source_path(metadata.path) if metadata.path is not None else None,
        metadata_format=metadata.format,
        column=columns,
        rows_without_audio=metadata.rows_without_audio,
        shards=spec.extraction.shards,
    )
