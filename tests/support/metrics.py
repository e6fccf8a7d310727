"""Every metric that the operator and the programs expose, with its labels, read from their own registries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric

from segue_api.metrics import ApiMetrics
from segue_jobs.extract.shard_metrics import ExtractMetrics
from segue_jobs.sink.sink_metrics import SinkMetrics
from segue_jobs.train import steps
from segue_operator.kube.operator_metrics import KubeMetrics
from segue_operator.kube.resource_gauges import ResourceCollector

SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",), "summary": ("",)}


def own_metrics() -> dict[str, frozenset[str]]:
    """Labels of every sample of the project, by its name; those that Prometheus adds are not among them."""
    registry = CollectorRegistry()
    KubeMetrics(registry)
    ExtractMetrics(registry)
    SinkMetrics(registry)
    ApiMetrics(registry)
    for gauge in (steps._PHASE, steps._SECONDS):
        registry.register(gauge)
    resources = ResourceCollector(lambda: (), dict)
    return dict(_samples(_described(registry))) | dict(_samples(_families(resources.describe())))


def _described(registry: CollectorRegistry) -> Iterator[tuple[Metric, tuple[str, ...]]]:
    for collector in list(registry._collector_to_names):
        labels: Any = getattr(collector, "_labelnames", ())
        yield from ((metric, tuple(labels)) for metric in collector.describe())


def _families(metrics: Iterable[Metric]) -> Iterator[tuple[Metric, tuple[str, ...]]]:
    for metric in metrics:
        labels: Any = getattr(metric, "_labelnames", ())
        yield metric, tuple(labels)


def _samples(metrics: Iterable[tuple[Metric, tuple[str, ...]]]) -> Iterator[tuple[str, frozenset[str]]]:
    for metric, labels in metrics:
        for suffix in SUFFIXES[metric.type]:
            more = {"le"} if suffix == "_bucket" else set()
            yield metric.name + suffix, frozenset(labels) | more


SCRAPED: frozenset[str] = frozenset({"namespace", "pod", "container", "job", "instance", "endpoint"})
"""Labels that Prometheus adds to everything that a PodMonitor finds."""

FOREIGN: Mapping[str, frozenset[str]] = {
    # Kafka exporter, as Strimzi runs it
    "kafka_consumergroup_lag": frozenset({"consumergroup", "topic", "partition"}),
    "kafka_topic_partition_current_offset": frozenset({"topic", "partition"}),
    # The driver's account of its executors
    "metrics_executor_activeTasks": frozenset({"executor_id"}),
    "metrics_executor_completedTasks_total": frozenset({"executor_id"}),
    "metrics_executor_failedTasks_total": frozenset({"executor_id"}),
    "metrics_executor_memoryUsed_bytes": frozenset({"executor_id"}),
    "metrics_executor_totalGCTime_seconds_total": frozenset({"executor_id"}),
    "metrics_executor_totalShuffleRead_bytes_total": frozenset({"executor_id"}),
    "metrics_executor_totalShuffleWrite_bytes_total": frozenset({"executor_id"}),
    # The kubelet's cAdvisor
    "container_memory_working_set_bytes": frozenset(),
    "container_cpu_usage_seconds_total": frozenset(),
}
"""What queries may name besides the project's own metrics."""
