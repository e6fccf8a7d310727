"""A real Prometheus on loopback that scrapes a cluster's pods as the chart's PodMonitors say.

The cluster's network need not be reachable: pods and kubelets are scraped through the API server's proxy.
"""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit
from urllib.request import urlopen

import pytest
import yaml

from segue.servers.embedded import free_port
from support.kubectl import Manifest
from support.waiting import poll

INTERVAL = "3s"
_META = "__meta_kubernetes_pod"


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


@contextmanager
def prometheus(
    folder: Path, kubeconfig: Path, namespace: str, monitors: Sequence[Manifest], rules: Path
) -> Iterator[Prometheus]:
    """Run the server; skips the test where it is not installed.

    Parameters
    ----------
    monitors
        PodMonitors, as the chart renders them for ``namespace``.
    rules
        A file of alerts.
    """
    program = shutil.which("prometheus")
    if program is None:
        pytest.skip("Prometheus is not installed: .ci/prometheus fetches it")
    access = _access(folder, kubeconfig)
    jobs = [job for monitor in monitors for job in _jobs(monitor, namespace, kubeconfig, access)]
    document = {
        "global": {"scrape_interval": INTERVAL, "scrape_timeout": INTERVAL, "evaluation_interval": INTERVAL},
        "rule_files": [str(rules)],
        "scrape_configs": [*jobs, _kubelets(kubeconfig, access)],
    }
    config, log = folder / "prometheus.yaml", folder / "prometheus.log"
    config.write_text(yaml.safe_dump(document), encoding="utf-8")
    address = f"127.0.0.1:{free_port()}"
    command = [
        program, f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}", f"--web.listen-address={address}",
    ]  # fmt: skip
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output) as process:
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


def _access(folder: Path, kubeconfig: Path) -> dict[str, Any]:
    """How a scrape reaches the API server."""
    document = yaml.safe_load(kubeconfig.read_text("utf-8"))
    user, cluster = document["users"][0]["user"], document["clusters"][0]["cluster"]
    files = {}
    for name, given, key in (
        ("ca_file", cluster, "certificate-authority"),
        ("cert_file", user, "client-certificate"),
        ("key_file", user, "client-key"),
    ):
        if key in given:
            files[name] = given[key]
        elif f"{key}-data" in given:
            path = folder / name
            path.touch(mode=0o600)
            path.write_bytes(base64.b64decode(given[f"{key}-data"]))
            files[name] = str(path)
    found: dict[str, Any] = {"scheme": "https", "tls_config": files}
    if "token" in user:
        found["authorization"] = {"credentials": user["token"]}
    return found


def _api_server(kubeconfig: Path) -> str:
    return urlsplit(yaml.safe_load(kubeconfig.read_text("utf-8"))["clusters"][0]["cluster"]["server"]).netloc


def _jobs(monitor: Manifest, namespace: str, kubeconfig: Path, access: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What the Prometheus operator makes of a PodMonitor."""
    name, spec = monitor["metadata"]["name"], monitor["spec"]
    for endpoint in spec["podMetricsEndpoints"]:
        keeps = [
            {"source_labels": [f"{_META}_label_{_label(label)}"], "regex": value, "action": "keep"}
            for label, value in spec["selector"]["matchLabels"].items()
        ]
        copied = [
            {"source_labels": [f"{_META}_label_{_label(label)}"], "target_label": _label(label)}
            for label in spec.get("podTargetLabels", ())
        ]
        path = f"/api/v1/namespaces/$1/pods/$2:$3/proxy{endpoint['path']}"
        yield {
            "job_name": f"{namespace}/{name}/{endpoint['port']}",
            "kubernetes_sd_configs": [
                {"role": "pod", "kubeconfig_file": str(kubeconfig), "namespaces": {"names": [namespace]}}
            ],
            **access,
            "relabel_configs": [
                *keeps,
                {"source_labels": [f"{_META}_container_port_name"], "regex": endpoint["port"], "action": "keep"},
                {"source_labels": [f"{_META}_phase"], "regex": "Running", "action": "keep"},
                {"source_labels": ["__meta_kubernetes_namespace"], "target_label": "namespace"},
                {"source_labels": [f"{_META}_name"], "target_label": "pod"},
                {"source_labels": [f"{_META}_container_name"], "target_label": "container"},
                *copied,
                {
                    "source_labels": [
                        "__meta_kubernetes_namespace",
                        f"{_META}_name",
                        f"{_META}_container_port_number",
                    ],
                    "separator": "/",
                    "regex": "(.+)/(.+)/(.+)",
                    "replacement": path,
                    "target_label": "__metrics_path__",
                },
                {"target_label": "__address__", "replacement": _api_server(kubeconfig)},
                {"target_label": "job", "replacement": f"{namespace}/{name}"},
            ],
        }


def _kubelets(kubeconfig: Path, access: dict[str, Any]) -> dict[str, Any]:
    """What kube-prometheus-stack scrapes of its own: the containers' memory and processor time."""
    return {
        "job_name": "kubelet",
        "honor_labels": True,
        "kubernetes_sd_configs": [{"role": "node", "kubeconfig_file": str(kubeconfig)}],
        **access,
        "relabel_configs": [
            {
                "source_labels": ["__meta_kubernetes_node_name"],
                "replacement": "/api/v1/nodes/$1/proxy/metrics/cadvisor",
                "target_label": "__metrics_path__",
            },
            {"target_label": "__address__", "replacement": _api_server(kubeconfig)},
        ],
    }


def _label(name: str) -> str:
    return "".join(character if character.isalnum() else "_" for character in name)
