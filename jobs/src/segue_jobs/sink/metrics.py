"""What the sink shows on ``/metrics``."""

from __future__ import annotations

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram

from segue_jobs.contract import Topic
from segue_jobs.sink.transform import TOPICS
from segue_jobs.sink.write import Outcome


class SinkMetrics:
    """Counts of one sink; the lag is that of its own partitions, so the group's is the sum over its sinks."""

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        self._records = Counter(
            "segue_sink_records_total", "Records written or passed over.", ["topic", "outcome"], registry=registry
        )
        self.batch_records = Histogram(
            "segue_sink_batch_records",
            "Records in one transaction.",
            buckets=(1, 5, 10, 50, 100, 250, 500, 1000, 2500),
            registry=registry,
        )
        self.batch_seconds = Histogram(
            "segue_sink_batch_seconds",
            "Time of one batch from its first attempt to its acknowledgement.",
            buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
            registry=registry,
        )
        self._lag = Gauge(
            "segue_sink_lag_records", "Records of the sink's partitions not yet stored.", ["topic"], registry=registry
        )
        self.last_commit = Gauge(
            "segue_sink_last_commit_timestamp_seconds", "When offsets were last committed.", registry=registry
        )
        self.store_failures = Counter(
            "segue_sink_store_failures_total", "Transactions that the database did not take.", registry=registry
        )
        self.commit_failures = Counter(
            "segue_sink_commit_failures_total", "Offset commits that the group refused.", registry=registry
        )
        for topic in TOPICS:
            self._lag.labels(topic.value)
            for outcome in Outcome:
                self._records.labels(topic.value, outcome.value)

    def count(self, topic: Topic, outcome: Outcome, records: int) -> None:
        """Add records of one outcome."""
        self._records.labels(topic.value, outcome.value).inc(records)

    def show_lag(self, lag: dict[Topic, int]) -> None:
        """Show the lag of each topic; a topic without a partition here has none."""
        for topic in TOPICS:
            self._lag.labels(topic.value).set(lag.get(topic, 0))
