"""Network policies, in a cluster that enforces them; in any other these tests are skipped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest

from segue_operator.kinds.constants import Component, Label
from support.end_to_end import IMAGES, RELEASE, RESTRICTED, System, unique
from support.kubectl import Kubectl, Manifest

pytestmark = pytest.mark.cluster

CLOSED, PORT = "closed", 8000
PROBE = """
import socket, sys, time
time.sleep(5)  # until the network knows this pod's address
for _ in range(2):
    try:
        socket.create_connection((sys.argv[1], int(sys.argv[2])), 3).close()
        sys.exit(print("reached"))
    except OSError as error:
        print(error)
"""
FOREIGN = {"app": "foreign"}
KAFKA = f"{RELEASE}-kafka-bootstrap"


def of(component: Component) -> Mapping[str, str]:
    """Labels by which policies know a program's pods."""
    return {str(Label.COMPONENT): str(component)}


@dataclass(frozen=True)
class Call:
    """A pod with these labels calls that address."""

    labels: Mapping[str, str]
    host: str
    port: int
    is_allowed: bool


CALLS: Mapping[str, Call] = {
    "nobody calls the closed pod": Call(FOREIGN, CLOSED, PORT, False),
    "a foreign pod calls Kafka": Call(FOREIGN, KAFKA, 9093, False),
    "a foreign pod calls Kafka's inner listener": Call(FOREIGN, f"{RELEASE}-kafka-brokers", 9091, False),
    "the sink calls Kafka": Call(of(Component.SINK), KAFKA, 9093, True),
    "training calls Kafka": Call(of(Component.TRAIN), KAFKA, 9093, True),
    "training calls the API server": Call(of(Component.TRAIN), "kubernetes.default.svc", 443, True),
    "verify calls the API server": Call(of(Component.VERIFY), "kubernetes.default.svc", 443, False),
}


def pod(name: str, labels: Mapping[str, str], *command: str) -> Manifest:
    container = {
        "name": name,
        "image": f"{IMAGES}/segue-jobs:dev",
        "command": ["python", *command],
        "securityContext": RESTRICTED,
    }
    spec = {"containers": [container], "restartPolicy": "Never", "terminationGracePeriodSeconds": 0}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {**labels}}, "spec": spec}


def closed(labels: Mapping[str, str]) -> list[Manifest]:
    """A server behind a Service, and a policy by which nobody may call it."""
    policy = {"podSelector": {"matchLabels": {**labels}}, "policyTypes": ["Ingress"]}
    service = {"selector": {**labels}, "ports": [{"port": PORT}]}
    return [
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": CLOSED},
            "spec": policy,
        },
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": CLOSED}, "spec": service},
        pod(CLOSED, labels, "-m", "http.server", str(PORT)),
    ]


@pytest.fixture(scope="module")
def reached(system: System) -> Iterator[Mapping[str, bool]]:
    """Which of the calls went through, all made at once."""
    kubectl = system.kubectl
    kubectl.apply(*closed({"app": CLOSED}))
    kubectl.wait("pod", CLOSED, "Ready")
    names = {what: unique("call") for what in CALLS}
    try:
        kubectl.apply(
            *(pod(names[what], call.labels, "-c", PROBE, call.host, str(call.port)) for what, call in CALLS.items())
        )
        yield {what: answer(kubectl, name) for what, name in names.items()}
    finally:
        kubectl.run("delete", "pod", CLOSED, *names.values(), "--ignore-not-found")
        kubectl.run("delete", f"service/{CLOSED}", f"networkpolicy/{CLOSED}")


def answer(kubectl: Kubectl, name: str) -> bool:
    kubectl.run("wait", f"pod/{name}", "--for=jsonpath={.status.phase}=Succeeded", "--timeout=90s")
    said = kubectl.run("logs", name)
    assert said.strip(), f"{name} said nothing"
    return "reached" in said


@pytest.mark.parametrize("what", CALLS)
def test_only_who_needs_it_gets_through(reached: Mapping[str, bool], what: str) -> None:
    if reached["nobody calls the closed pod"]:
        pytest.skip("this cluster does not enforce NetworkPolicies")
    assert reached[what] is CALLS[what].is_allowed
