"""kubectl as a typed value: one cluster, one namespace, and answers as Python's own types."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from support.waiting import poll

Manifest = dict[str, Any]


class KubectlError(AssertionError):
    """kubectl refused; the message is the command and what it said."""


@dataclass(frozen=True)
class Kubectl:
    """The cluster that ``kubeconfig`` names, seen from one namespace."""

    kubeconfig: Path
    namespace: str = "default"

    def within(self, namespace: str) -> Kubectl:
        """The same cluster, seen from another namespace."""
        return replace(self, namespace=namespace)

    def run(self, *arguments: str, stdin: str | None = None, seconds: float = 120) -> str:
        """Output of one command.

        Raises
        ------
        KubectlError
            It failed or did not end in time.
        """
        command = ["kubectl", f"--kubeconfig={self.kubeconfig}", f"--namespace={self.namespace}", *arguments]
        try:
            done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=seconds, check=False)
        except subprocess.TimeoutExpired as error:
            raise KubectlError(f"kubectl {' '.join(arguments)}: no end after {seconds:.0f} s") from error
        if done.returncode:
            raise KubectlError(f"kubectl {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout

    def apply(self, *manifests: Manifest) -> None:
        """``kubectl apply`` of manifests."""
        self.run("apply", "--filename=-", stdin=yaml.safe_dump_all(manifests))

    def get(self, kind: str, name: str) -> Manifest | None:
        """One object, or None where there is none."""
        text = self.run("get", kind, name, "--output=json", "--ignore-not-found")
        return json.loads(text) if text.strip() else None

    def list(self, kind: str, labels: Mapping[str, str] | None = None) -> list[Manifest]:
        """Objects of a kind."""
        selector = ",".join(f"{name}={value}" for name, value in (labels or {}).items())
        found: list[Manifest] = json.loads(self.run("get", kind, "--output=json", f"--selector={selector}"))["items"]
        return found

    def delete(self, kind: str, name: str, *, wait: bool = True, now: bool = False) -> None:
        """Delete an object; ``now`` without any grace, as a node that dies."""
        grace = ["--grace-period=0", "--force"] if now else []
        self.run("delete", kind, name, "--ignore-not-found", f"--wait={str(wait).lower()}", *grace, seconds=300)

    def patch(self, kind: str, name: str, change: Manifest) -> None:
        """Change some fields, as ``kubectl edit`` would."""
        self.run("patch", kind, name, "--type=merge", f"--patch={json.dumps(change)}")

    def wait(self, kind: str, name: str, condition: str, *, seconds: float = 180) -> Manifest:
        """``kubectl wait`` for a condition, such as ``Succeeded`` or ``Failed``; then the object.

        Raises
        ------
        KubectlError
            It did not come in time, or the object failed; the message has the object's conditions.
        """
        end = time.monotonic() + seconds
        while True:
            try:
                self.run("wait", f"{kind}/{name}", f"--for=condition={condition}", "--timeout=5s", seconds=30)
                break
            except KubectlError as error:
                conditions = self.conditions(kind, name)
                if time.monotonic() > end or "  Failed=True " in conditions:
                    raise KubectlError(f"{error}\n{conditions}") from error
                time.sleep(0.2)  # no such object yet: kubectl does not wait for that
        found = self.get(kind, name)
        if found is None:
            raise KubectlError(f"{kind}/{name} is gone")
        return found

    def conditions(self, kind: str, name: str) -> str:
        """Conditions of an object, a line each."""
        found = self.get(kind, name) or {}
        return "\n".join(
            f"  {item['type']}={item['status']} {item.get('reason', '')}: {item.get('message', '')}"
            for item in found.get("status", {}).get("conditions", ())
        )

    def pods(self, labels: Mapping[str, str], *phases: str) -> Sequence[str]:
        """Names of pods that are not being deleted, in one of the phases if any is given."""
        return [
            pod["metadata"]["name"]
            for pod in self.list("pods", labels)
            if "deletionTimestamp" not in pod["metadata"] and (not phases or pod["status"].get("phase") in phases)
        ]

    def running_pod(self, labels: Mapping[str, str], *, seconds: float = 90) -> str:
        """Name of one running pod, as soon as there is one."""
        return poll(
            lambda: next(iter(self.pods(labels, "Running")), None), what=f"a running pod {labels}", seconds=seconds
        )

    def evict(self, pod: str) -> None:
        """What a drain does to a pod: ask the eviction API, which keeps to disruption budgets."""
        eviction = {
            "apiVersion": "policy/v1",
            "kind": "Eviction",
            "metadata": {"name": pod, "namespace": self.namespace},
        }
        path = f"/api/v1/namespaces/{self.namespace}/pods/{pod}/eviction"
        self.run("create", f"--raw={path}", "--filename=-", stdin=json.dumps(eviction))

    @contextmanager
    def forwarded(self, target: str, port: int) -> Iterator[int]:
        """A port of this machine that leads to a port of a pod or Service."""
        command = ["kubectl", f"--kubeconfig={self.kubeconfig}", f"--namespace={self.namespace}", "port-forward"]
        with subprocess.Popen(
            [*command, target, f":{port}", "--address=127.0.0.1"], stdout=subprocess.PIPE, text=True
        ) as process:
            try:
                assert process.stdout is not None
                first = process.stdout.readline()
                found = re.search(r"127\.0\.0\.1:(\d+)", first)
                if found is None:
                    raise KubectlError(f"kubectl port-forward {target} said {first!r}")
                yield int(found.group(1))
            finally:
                process.terminate()

    def describe_failure(self) -> str:
        """What a person would look at first: pods, conditions of our resources, events, ends of the logs."""
        parts = [
            self._tried("get", "pods,trackbatches,trainingruns,jobs,sparkapplications", "--output=wide"),
            *(
                self.conditions(kind, item["metadata"]["name"])
                for kind in ("trackbatch", "trainingrun")
                for item in self._found(kind)
            ),
            self._tried("get", "events", "--sort-by=.lastTimestamp"),
        ]
        for pod in self._found("pods"):
            name = pod["metadata"]["name"]
            parts.append(f"--- log of {name}\n{self._tried('logs', name, '--all-containers', '--tail=30')}")
        parts += [*self._unmet_conditions("nodes"), *self._unmet_conditions("pods")]
        return "\n".join(parts)

    def _unmet_conditions(self, kind: str) -> Iterator[str]:
        """Nodes and pods that are not ready, and why: a taint, a full disk, a pod that no node has room for."""
        for item in self._found(kind):
            name = f"{kind}/{item['metadata']['name']}"
            for condition in item["status"].get("conditions", ()):
                good = "False" if condition["type"].endswith("Pressure") else "True"
                if condition["status"] != good:
                    said = " ".join(filter(None, (condition.get("reason"), condition.get("message"))))
                    yield f"{name}: {condition['type']}={condition['status']} {said}"
            for taint in item["spec"].get("taints", ()):
                yield f"{name}: taint {taint['key']}:{taint['effect']}"

    def _found(self, kind: str) -> list[Manifest]:
        try:
            return self.list(kind)
        except KubectlError:
            return []  # the failure that is told of may be that very kind's

    def _tried(self, *arguments: str) -> str:
        try:
            return self.run(*arguments, seconds=30)
        except KubectlError as error:
            return str(error)
