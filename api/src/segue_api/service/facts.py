"""What the store knows of a track, as far as it is a listener's business: no path, no volume, no source."""

from __future__ import annotations

from segue_api.ports import Store, StoreUnavailableError
from segue_api.service.media import Media
from segue_api.wire.tracks import TrackFacts
from segue_core.contract.times import timestamp
from segue_core.store.records import TrackRecord


def find_facts(store: Store, media: Media, catalogue: str, track_id: str) -> TrackFacts | None:
    """Facts of one track; None while the database does not answer, or if it is not stored."""
    try:
        found = store.tracks(catalogue, [track_id])
    except StoreUnavailableError:
        return None
    return facts_of(found[0], media) if found else None


def facts_of(record: TrackRecord, media: Media) -> TrackFacts:
    """Facts in a record."""
    file, metadata, descriptors = record.file, record.metadata, record.descriptors
    loudness = descriptors.get("loudnessDb")
    return TrackFacts(
        suffix=file.suffix if file else None,
        size=file.size if file else None,
        bit_rate_kbps=file.bit_rate_kbps if file else None,
        codec=record.audio.codec,
        sample_rate=record.audio.sample_rate,
        channels=record.audio.channels,
        disc_number=metadata.disc_number,
        track_number=metadata.track_number,
        album_artist=metadata.album_artist,
        sort=metadata.sort,
        music_brainz=metadata.music_brainz,
        isrcs=metadata.isrcs,
        key=_word(descriptors.get("key")),
        mode=_word(descriptors.get("mode")),
        loudness_db=loudness if isinstance(loudness, int | float) else None,
        added=timestamp(record.added) if record.added else None,
        audio=media.has_audio(record.catalogue, file),
        cover=media.has_cover(record.catalogue, file),
    )


def _word(value: float | str | None) -> str | None:
    return value if isinstance(value, str) else None
