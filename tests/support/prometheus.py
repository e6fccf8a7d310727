"""A real Prometheus on loopback that scrapes a cluster's pods as the chart's PodMonitors say.

The cluster's network need not be reachable: pods and kubelets are scraped through the API server's proxy.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit
from urllib.request import urlopen

import pytest
import yaml
from kubernetes.aio.client.configuration import Configuration

from segue.servers.embedded import free_port
from segue_operator.kube.access import load_configuration
from support.kubectl import Kubectl, Manifest
from support.waiting import poll

INTERVAL = "3s"


@dataclass(frozen=True)
class Prometheus:
    """A server that is running."""

    address: str
    started: float

    def series(self, query: str) -> list[dict[str, Any]]:
        """Every series of a query since the server was started, with its values.

        Raises
        ------
        urllib.error.HTTPError
            The query is not valid.
        """
        times = {"start": str(self.started), "end": str(time.time()), "step": "3"}
        found: list[dict[str, Any]] = self._ask("query_range", query=query, **times)["result"]
        return found

    def has(self, query: str) -> bool:
        """Whether a query has had any value."""
        return any(value != "NaN" for series in self.series(query) for _, value in series["values"])

    def unhealthy_rules(self) -> dict[str, str]:
        """Alerts that could not be evaluated, and why."""
        rules = [rule for group in self._ask("rules")["groups"] for rule in group["rules"]]
        assert rules
        return {rule["name"]: rule.get("lastError", "") for rule in rules if rule["health"] != "ok"}

    def _ask(self, what: str, **parameters: str) -> dict[str, Any]:
        with urlopen(f"{self.address}/api/v1/{what}?{urlencode(parameters)}", timeout=30) as answer:
            data: dict[str, Any] = json.load(answer)["data"]
            return data


def find_program(name: str) -> str:
    """Prometheus or its checker; where it is missing the test is skipped, but not in CI, which fetches both."""
    found, missing = shutil.which(name), f"{name} is not installed: .ci/prometheus fetches it"
    if found is None and not os.environ.get("CI"):
        pytest.skip(missing)
    assert found, missing
    return found


@contextmanager
def prometheus(folder: Path, kubectl: Kubectl, monitors: Sequence[Manifest], rules: Path) -> Iterator[Prometheus]:
    """Run the server.

    Parameters
    ----------
    monitors
        PodMonitors, for the namespace that ``kubectl`` is within.
    rules
        A file of alerts.
    """
    program = find_program("prometheus")
    configuration = asyncio.run(load_configuration({"KUBECONFIG": str(kubectl.kubeconfig)}))
    config, log, targets = (folder / name for name in ("prometheus.yaml", "prometheus.log", "targets.json"))
    targets.write_text("[]", encoding="utf-8")
    job = {"job_name": "cluster", "honor_labels": True, "file_sd_configs": [{"files": [str(targets)]}]}
    document = {
        "global": {"scrape_interval": INTERVAL, "scrape_timeout": INTERVAL, "evaluation_interval": INTERVAL},
        "rule_files": [str(rules)],
        "scrape_configs": [job | _access(configuration)],
    }
    config.write_text(yaml.safe_dump(document), encoding="utf-8")
    address = f"127.0.0.1:{free_port()}"
    command = [
        program, f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}", f"--web.listen-address={address}",
    ]  # fmt: skip
    with (
        _discovery(kubectl, urlsplit(configuration.host).netloc, monitors, targets),
        log.open("wb") as output,
        subprocess.Popen(command, stdout=output, stderr=output) as process,
    ):
        try:
            poll(
                lambda: _is_ready(address) or process.poll() is not None,
                what=f"Prometheus; its log is {log}",
                seconds=60,
            )
            assert process.poll() is None, log.read_text("utf-8")[-2000:]
            yield Prometheus(f"http://{address}", time.time())
        finally:
            process.terminate()


def _is_ready(address: str) -> bool:
    try:
        with urlopen(f"http://{address}/-/ready", timeout=5):
            return True
    except OSError:
        return False


def _access(configuration: Configuration) -> dict[str, Any]:
    """How a scrape reaches the API server."""
    files = {
        "ca_file": configuration.ssl_ca_cert,
        "cert_file": configuration.cert_file,
        "key_file": configuration.key_file,
    }
    found: dict[str, Any] = {"scheme": "https", "tls_config": {name: path for name, path in files.items() if path}}
    if header := configuration.api_key.get("BearerToken"):
        found["authorization"] = {"credentials": header.removeprefix("Bearer ")}
    return found


@contextmanager
def _discovery(kubectl: Kubectl, address: str, monitors: Sequence[Manifest], targets: Path) -> Iterator[None]:
    """Write what there is to scrape, again and again: Debian's Prometheus cannot ask Kubernetes itself."""
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(1):
            pods = kubectl.list("pods")
            found = [target for monitor in monitors for pod in pods for target in pod_targets(monitor, pod)]
            found += [_kubelet(node) for node in kubectl.list("nodes")]
            written = targets.with_suffix(".new")
            written.write_text(json.dumps([{"targets": [address], "labels": one} for one in found]), encoding="utf-8")
            written.replace(targets)

    with ThreadPoolExecutor(1) as pool:
        looking = pool.submit(look)
        try:
            yield
        finally:
            ended.set()
            looking.result()


def pod_targets(monitor: Manifest, pod: Manifest) -> Iterator[dict[str, str]]:
    """What the Prometheus operator makes of a PodMonitor for a pod: the labels of each target."""
    metadata, spec = pod["metadata"], monitor["spec"]
    labels, namespace, name = metadata.get("labels", {}), metadata["namespace"], metadata["name"]
    if pod["status"].get("phase") != "Running" or not spec["selector"]["matchLabels"].items() <= labels.items():
        return
    copied = {_label(label): labels[label] for label in spec.get("podTargetLabels", ()) if label in labels}
    for endpoint in spec["podMetricsEndpoints"]:
        for container in pod["spec"]["containers"]:
            for port in container.get("ports", ()):
                if port.get("name") == endpoint["port"]:
                    yield {
                        "__metrics_path__": f"/api/v1/namespaces/{namespace}/pods/{name}:{port['containerPort']}/proxy"
                        f"{endpoint['path']}",
                        "job": f"{namespace}/{monitor['metadata']['name']}",
                        "namespace": namespace,
                        "pod": name,
                        "container": container["name"],
                        "endpoint": endpoint["port"],
                        "instance": f"{name}:{port['containerPort']}",
                        **copied,
                    }


def _kubelet(node: Manifest) -> dict[str, str]:
    """What kube-prometheus-stack scrapes of its own: the containers' memory and processor time."""
    name = node["metadata"]["name"]
    return {"__metrics_path__": f"/api/v1/nodes/{name}/proxy/metrics/cadvisor", "job": "kubelet", "instance": name}


def _label(name: str) -> str:
    return "".join(character if character.isalnum() else "_" for character in name)
