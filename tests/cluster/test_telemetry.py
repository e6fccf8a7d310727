"""Dashboards and alerts against a real Prometheus that has scraped a batch, a run and the service at work."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator

import pytest

from support.chart_values import SEGUE
from support.charts import of_kind, render
from support.dashboards import DASHBOARDS, queries
from support.end_to_end import System, track_batch, training_run, unique
from support.prometheus import Prometheus, prometheus
from support.served_pods import Pod, two_pods, wait_until_served

pytestmark = pytest.mark.cluster

EXPORTER = "Strimzi's exporter is not in this installation"
NOTHING_FAILS = "nothing has failed"
NO_NEW = "no track has come since the training"
KUBELET = "some clusters' kubelets do not report containers"
EXPECTED_EMPTY: dict[str, str] = {
    "Consumer lag": EXPORTER,
    "Consumer lag by partition": EXPORTER,
    "Produced": EXPORTER,
    "Waiting to be stored": EXPORTER,
    "Failed requests": NOTHING_FAILS,
    "Rejected by reason": "what is rejected before a pod's first scrape is no increase",
    "Shift of the new tracks' features": NO_NEW,
    "Unlike tracks": NO_NEW,
    "Memory of the shards": KUBELET,
    "Memory of the pods": KUBELET,
    "Memory": KUBELET,
    "CPU": KUBELET,
}
"""Panels that may be without data here, and why."""
SLOW = {"requests": {"cpu": "50m", "memory": "256Mi"}, "limits": {"cpu": "100m", "memory": "1Gi"}}


@pytest.fixture(scope="module")
def scraped(
    system: System, key: str, tmp_path_factory: pytest.TempPathFactory, progress: Callable[[str], None]
) -> Iterator[Prometheus]:
    """A Prometheus that has seen a batch, a run, questions and a like from their beginnings."""
    monitors = of_kind(render({"monitoring": {"podMonitors": {"enabled": True}}}), "PodMonitor").values()
    name, kubectl = unique("watched"), system.kubectl
    folder, alerts = tmp_path_factory.mktemp("prometheus"), SEGUE / "files" / "alerts.yaml"
    with prometheus(folder, kubectl, list(monitors), alerts) as server:
        # One slow pod: a pod that ends between two scrapes is never seen.
        batch = track_batch(name, name, shards=1, parallelism=1, podOverrides={"resources": SLOW})
        kubectl.apply(batch, training_run(name, name, batches=[name]))
        kubectl.wait("trackbatch", name, "Succeeded")
        kubectl.wait("trainingrun", name, "Succeeded", seconds=300)
        progress("a batch and a run were scraped")
        with two_pods(system, key) as pods:
            wait_until_served(pods, name)
            for pod in (*pods, *pods):
                _use(pod, name, system.stored(name)[0]["trackId"])
                time.sleep(7)  # a rate needs two scrapes
        yield server
        kubectl.delete("trainingrun", name)
        kubectl.delete("trackbatch", name)


def _use(pod: Pod, catalogue: str, track: str) -> None:
    """What a listener does: the first of a list is liked, of the next one played, and of the last one skipped."""
    user = unique("listener")
    for kind in ("like", "play", "skip"):
        found = pod.call(f"/v1/users/{user}/recommendations?catalogue={catalogue}&limit=5")
        hit = found["hits"][0]
        context = {"model": found["context"]["model"], "list": found["context"]["list"], "rank": 1}
        event = {"type": kind, "user": user, "trackId": hit["track"]["id"], "context": context}
        if kind != "like":
            event |= {"positionMs": 5_000, "durationMs": 60_000}
        answer = pod.call(f"/v1/events?catalogue={catalogue}", {"events": [event]})
        assert answer["refused"] == []
    pod.call(f"/v1/tracks/{track}/similar?catalogue={catalogue}")


def _filled(query: str) -> str:
    """A query as Grafana sends it: all namespaces, batches, runs and catalogues, and the intervals."""
    for variable, value in {"$__rate_interval": "15s", "$__range": "10m", "$prefix": "segue"}.items():
        query = query.replace(variable, value)
    return re.sub(r"\$\w+", ".*", query)


@pytest.mark.parametrize("name", DASHBOARDS)
def test_every_panel_shows_something(scraped: Prometheus, name: str) -> None:
    empty = {title for title, query in queries(name) if not scraped.has(_filled(query))}
    assert empty <= EXPECTED_EMPTY.keys()


def test_every_alert_can_be_evaluated(scraped: Prometheus) -> None:
    assert scraped.unhealthy_rules() == {}
