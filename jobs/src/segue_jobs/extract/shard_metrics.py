"""The metrics of a shard while it extracts."""

from __future__ import annotations

from enum import StrEnum

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram

from segue_core.contract import Reason


class TrackOutcome(StrEnum):
    """What became of a listed track."""

    EXTRACTED = "extracted"
    SKIPPED = "skipped"
    REJECTED = "rejected"


class ExtractMetrics:
    """Counts of one shard; when it is done, the outcomes add up to the tracks listed."""

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        self.listed = Gauge("segue_extract_tracks_listed", "Tracks in this shard.", registry=registry)
        self.tracks = Counter("segue_extract_tracks_total", "Tracks done, by outcome.", ["outcome"], registry=registry)
        self.rejected = Counter(
            "segue_extract_rejected_total", "Tracks rejected, by reason.", ["reason"], registry=registry
        )
        self.seconds = Histogram(
            "segue_extract_track_seconds",
            "Time from a track's start in a worker to its result.",
            buckets=(0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 60.0, 300.0),
            registry=registry,
        )
        self.bytes = Counter("segue_extract_audio_bytes_total", "Bytes of the audio files analysed.", registry=registry)
        self.producer_rebuilds = Counter(
            "segue_extract_producer_rebuilds_total",
            "Kafka clients replaced because they gave up on records or went silent.",
            registry=registry,
        )
        for outcome in TrackOutcome:
            self.tracks.labels(outcome.value)
        for reason in Reason:
            self.rejected.labels(reason.value)

    def extracted(self, seconds: float, size: int) -> None:
        """Count an analysed track."""
        self.tracks.labels(TrackOutcome.EXTRACTED.value).inc()
        self.seconds.observe(seconds)
        self.bytes.inc(size)

    def skipped(self) -> None:
        """Count a track that was done before."""
        self.tracks.labels(TrackOutcome.SKIPPED.value).inc()

    def reject(self, reason: Reason) -> None:
        """Count a rejected track."""
        self.tracks.labels(TrackOutcome.REJECTED.value).inc()
        self.rejected.labels(reason.value).inc()
