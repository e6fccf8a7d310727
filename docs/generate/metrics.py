"""Reference of the metrics, read from the registries of the operator and the programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from prometheus_client import CollectorRegistry, Gauge
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from segue_api.metrics import ApiMetrics
from segue_jobs.extract.shard_metrics import ExtractMetrics
from segue_jobs.sink.sink_metrics import SinkMetrics
from segue_jobs.train import steps
from segue_operator.kube.operator_metrics import KubeMetrics
from segue_operator.kube.resource_gauges import ResourceCollector
from tables import code, table

SECTIONS = {
    "Operator": "segue_operator_",
    "Extract": "segue_extract_",
    "Sink": "segue_sink_",
    "Train": "segue_train_",
    "Service": "segue_api_",
}
SUFFIX = {"counter": "_total"}


class Recorder(CollectorRegistry):
    """A registry that remembers what registered."""

    def __init__(self) -> None:
        super().__init__()
        self.collectors: list[Any] = []

    def register(self, collector: Collector) -> None:
        """Register and remember."""
        super().register(collector)
        self.collectors.append(collector)


def page() -> str:
    """Markdown page of all metrics."""
    rows = dict(sorted((metric.name, _row(metric, labels)) for metric, labels in _all()))
    parts = [
        "# Metrics",
        (
            "The operator and the programs serve these on `/metrics`. A histogram has the series `_bucket`, `_sum` and "
            "`_count`. Prometheus adds its own labels, such as `namespace` and `pod`. Generated from the registries."
        ),
    ]
    for title, prefix in SECTIONS.items():
        found = [row for name, row in rows.items() if name.startswith(prefix)]
        parts += [f"## {title}", table(["metric", "type, labels and meaning"], found)]
    unknown = [name for name in rows if not name.startswith(tuple(SECTIONS.values()))]
    if unknown:
        raise ValueError(f"no section of the page takes {', '.join(unknown)}: add one to SECTIONS")
    return "\n\n".join(parts) + "\n"


def _row(metric: Metric, labels: Iterable[str]) -> tuple[str, ...]:
    name = metric.name + SUFFIX.get(metric.type, "")
    by = ", ".join(map(code, labels))
    return code(name), f"*{metric.type}{f' by {by}' if by else ''}:* {metric.documentation}"


def _all() -> Iterator[tuple[Metric, tuple[str, ...]]]:
    registry = Recorder()
    KubeMetrics(registry)
    ExtractMetrics(registry)
    SinkMetrics(registry)
    ApiMetrics(registry)
    registry.register(ResourceCollector(lambda: (), dict))
    gauges = (value for value in vars(steps).values() if isinstance(value, Gauge))
    for collector in (*registry.collectors, *gauges):
        for metric in collector.describe():
            yield metric, _labels(metric) or _labels(collector)


def _labels(described: object) -> tuple[str, ...]:
    return tuple(getattr(described, "_labelnames", ()))
