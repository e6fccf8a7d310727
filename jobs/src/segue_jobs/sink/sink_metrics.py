"""The metrics of the sink."""

from __future__ import annotations

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram

from segue_core.contract import EventType, Topic
from segue_core.listeners.apply import Effect
from segue_jobs.sink.membership import Fault
from segue_jobs.sink.transform import TOPICS
from segue_jobs.sink.write import RecordOutcome
from segue_jobs.sink.written import Written


class SinkMetrics:
    """Metrics of one sink; its lag covers its own partitions, so the group's lag is the sum over its sinks."""

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        self._records = Counter(
            "segue_sink_records_total", "Records written or skipped.", ["topic", "outcome"], registry=registry
        )
        self.batch_records = Histogram(
            "segue_sink_batch_records",
            "Records in one transaction.",
            buckets=(1, 5, 10, 50, 100, 250, 500, 1000, 2500),
            registry=registry,
        )
        self.batch_seconds = Histogram(
            "segue_sink_batch_seconds",
            "Time from a batch's first attempt to its acknowledgement.",
            buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
            registry=registry,
        )
        self._lag = Gauge(
            "segue_sink_lag_records",
            "Records in the sink's partitions that are not yet stored.",
            ["topic"],
            registry=registry,
        )
        self.last_commit = Gauge(
            "segue_sink_last_commit_timestamp_seconds", "When offsets were last committed.", registry=registry
        )
        self.store_failures = Counter(
            "segue_sink_store_failures_total", "Transactions that the database did not accept.", registry=registry
        )
        self.commit_failures = Counter(
            "segue_sink_commit_failures_total", "Offset commits that the group refused.", registry=registry
        )
        self._consumers_replaced = Counter(
            "segue_sink_consumers_replaced_total",
            "Consumers that no longer worked and were replaced.",
            ["fault"],
            registry=registry,
        )
        self._events = Counter(
            "segue_sink_events_total",
            "Events by type and by what they meant to the listener's profile.",
            ["type", "effect"],
            registry=registry,
        )
        self._profiles = Counter("segue_sink_profiles_written_total", "Profiles written.", registry=registry)
        for event in EventType:
            for effect in Effect:
                self._events.labels(event.value, effect.value)
        for fault in Fault:
            self._consumers_replaced.labels(fault.value)
        for topic in TOPICS:
            self._lag.labels(topic.value)
            for outcome in RecordOutcome:
                self._records.labels(topic.value, outcome.value)

    def count(self, topic: Topic, outcome: RecordOutcome, records: int) -> None:
        """Count records with an outcome."""
        self._records.labels(topic.value, outcome.value).inc(records)

    def count_events(self, written: Written) -> None:
        """Count a batch's events and profiles."""
        for (event, effect), number in written.events.items():
            self._events.labels(event.value, effect.value).inc(number)
        self._profiles.inc(written.profiles)

    def count_replaced(self, fault: Fault) -> None:
        """Count a replaced consumer by its fault."""
        self._consumers_replaced.labels(fault.value).inc()

    def show_lag(self, lag: dict[Topic, int]) -> None:
        """Set the lag of each topic; it is 0 for topics without partitions here."""
        for topic in TOPICS:
            self._lag.labels(topic.value).set(lag.get(topic, 0))
