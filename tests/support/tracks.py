"""Track records that look like real ones, and a way to put them on the broker."""

import random
from collections.abc import Iterable

from kafka import KafkaProducer
from msgspec import Struct

from segue_core.contract import Topic
from segue_core.features.layout import LAYOUT, MEL_GROUPS
from segue_core.settings import KafkaSettings
from segue_core.store.records import Audio, EventRecord, Metadata, TrackRecord, encode, event_key, track_key


def track_record(number: int, *, batch: str = "one", recipe: str = "r1", catalogue: str = "fma") -> TrackRecord:
    """A record with all families in full and numbers that depend on ``number`` alone."""
    chance = random.Random(number)
    return TrackRecord(
        catalogue=catalogue,
        track_id=str(number),
        batch=batch,
        batch_uid=f"uid-{batch}",
        shard=number % 4,
        recipe=recipe,
        audio_sha256=f"{number:064x}",
        path=f"{number // 1000:03d}/{number:06d}.mp3",
        audio=Audio(
            duration_seconds=180.5,
            sample_rate=44_100,
            channels=2,
            codec="mp3",
            window_start_seconds=75.25,
            window_seconds=30.0,
        ),
        families={family: tuple(chance.gauss(0, 10) for _ in names) for family, names in LAYOUT.items()},
        descriptors={"tempoBpm": 120.5, "key": "C", "mode": "major", "loudnessDb": -14.25},
        spectrogram={name: tuple(chance.gauss(0, 1) for _ in range(MEL_GROUPS)) for name in ("mean", "std")},
        metadata=Metadata(title=f"Track {number}", artist=f"Artist {number % 50}", genres=("Rock", "Folk")),
    )


def key_of(record: Struct) -> bytes:
    """Kafka key of a record."""
    if isinstance(record, EventRecord):
        return event_key(record.catalogue, record.user).encode()
    return track_key(record.catalogue, record.track_id).encode()  # type: ignore[attr-defined]


def produce(settings: KafkaSettings, topic: Topic, records: Iterable[Struct]) -> None:
    """Put records on a topic and wait until the broker has them."""
    send(settings, topic, ((key_of(record), encode(record)) for record in records))


def send(settings: KafkaSettings, topic: Topic, messages: Iterable[tuple[bytes | None, bytes | None]]) -> None:
    """Put raw keys and values on a topic and wait until the broker has them."""
    producer = KafkaProducer(**settings.client_options(), compression_type="lz4", linger_ms=20)
    try:
        futures = [producer.send(settings.topic(topic), key=key, value=value) for key, value in messages]
        producer.flush()
        for future in futures:
            future.get(timeout=30)
    finally:
        producer.close()
