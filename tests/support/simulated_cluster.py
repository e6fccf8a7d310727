"""A cluster as a value: what plans did to it, and what happens to children, in memory and without time.

A namespace's sink has its own plan, which follows each pass over a batch.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from segue_core.contract.termination import Summary
from segue_core.contract.times import timestamp
from segue_operator.children.sink_deployment import sink_key
from segue_operator.kinds.manifests import with_defaults
from segue_operator.kinds.objects import Key, Kind, Manifest
from segue_operator.reconcile.dispatch import interests, plan
from segue_operator.reconcile.plans import Observed, Plan, PlannedEvent
from segue_operator.reconcile.sink_plan import plan_sink
from support.children import PLAIN
from support.custom_resources import schema_errors

START = datetime(2026, 1, 1, tzinfo=UTC)
_UIDS = itertools.count(1)


@dataclass
class SimulatedCluster:
    """One resource, its children and pods."""

    resource: Manifest
    now: datetime = START
    objects: dict[Key, Manifest] = field(default_factory=dict)
    pods: list[Manifest] = field(default_factory=list)
    batches: tuple[Manifest, ...] = ()
    """What the operator sees of all batches."""
    runs: tuple[Manifest, ...] = ()
    """What it sees of all runs."""
    lag: int | None = None
    """How many records wait for the sink."""
    missing_kinds: frozenset[Kind] = frozenset()
    problems: dict[Key, str] = field(default_factory=dict)
    is_namespace_terminating: bool = False
    events: list[PlannedEvent] = field(default_factory=list)
    is_gone: bool = False

    def __post_init__(self) -> None:
        self.resource = with_defaults(self.resource)

    # ------------------------------------------------------------------------------------------------ the controller

    def observed(self) -> Observed:
        wanted = interests(self.resource)
        return Observed(
            objects={key: copy.deepcopy(self.objects[key]) for key in wanted.keys if key in self.objects},
            pods=tuple(
                copy.deepcopy(pod)
                for pod in self.pods
                if any(labels.items() <= pod["metadata"]["labels"].items() for labels in wanted.pod_labels)
            ),
            batches=tuple(copy.deepcopy(batch) for batch in self.batches) if wanted.needs_turn else (),
            runs=tuple(copy.deepcopy(run) for run in self.runs) if wanted.needs_catalogue else (),
            missing_kinds=self.missing_kinds,
            problems=dict(self.problems),
            is_namespace_terminating=self.is_namespace_terminating,
        )

    def plan(self) -> Plan:
        return plan(copy.deepcopy(self.resource), self.observed(), self.now, PLAIN)

    def execute(self, planned: Plan) -> None:
        for key in planned.delete:
            self._delete(key)
        for manifest in planned.create:
            self._create(manifest)
        for manifest in planned.apply:
            self._apply(manifest)
        if planned.status is not None and not self.is_gone:
            self.resource["status"] = copy.deepcopy(dict(planned.status))
        self.events.extend(planned.events)

    def step(self) -> Plan:
        """Plan and execute once."""
        planned = self.plan()
        self.execute(planned)
        if self.resource["kind"] == Kind.TRACK_BATCH:
            self.step_sink()
        return planned

    def plan_sink(self) -> Plan:
        batches = () if self.is_gone else (copy.deepcopy(self.resource),)
        sinks = {key: copy.deepcopy(found) for key, found in self.objects.items() if key.kind is Kind.DEPLOYMENT}
        return plan_sink(sink_key("default"), Observed(sinks, batches=batches), self.lag, PLAIN)

    def step_sink(self) -> None:
        """Plan and execute the sink once; what is refused is left out."""
        planned = self.plan_sink()
        for key in planned.delete:
            self._delete(key)
        for manifest in planned.apply:
            if not (self.is_namespace_terminating or Key.of(manifest) in self.problems):
                self._apply(manifest)

    def _delete(self, key: Key) -> None:
        if key == Key.of(self.resource):
            self.is_gone = True
        removed = self.objects.pop(key, None)
        if removed is not None:
            uid = removed["metadata"]["uid"]
            self.pods = [pod for pod in self.pods if pod["metadata"]["ownerReferences"][0]["uid"] != uid]

    def _create(self, manifest: Manifest) -> None:
        key = Key.of(manifest)
        if key not in self.objects:
            child = copy.deepcopy(manifest)
            child["metadata"] |= {"uid": f"child-{next(_UIDS)}", "creationTimestamp": timestamp(self.now)}
            self.objects[key] = child

    def _apply(self, manifest: Manifest) -> None:
        key = Key.of(manifest)
        if key not in self.objects:
            assert "uid" not in manifest["metadata"], "an update must not make an object"
            self._create(manifest)
        else:
            merge(self.objects[key], copy.deepcopy(manifest))

    # --------------------------------------------------------------------------------------------- what happens then

    def change_spec(self, **fields: Any) -> None:
        """What a user's apply does."""
        merge(self.resource["spec"], fields)
        self.resource["metadata"]["generation"] += 1

    def pass_time(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def child(self, name: str) -> Manifest | None:
        return next((child for key, child in self.objects.items() if key.name == name), None)

    def set_status(self, name: str, status: Mapping[str, Any]) -> None:
        child = self.child(name)
        assert child is not None, name
        child["status"] = dict(status)

    def end_job(self, name: str, condition: str, reason: str = "", **status: Any) -> None:
        """Put a job's final condition where Kubernetes puts it: behind the one that announces it."""
        first = "SuccessCriteriaMet" if condition == "Complete" else "FailureTarget"
        conditions = [
            {"type": first, "status": "True", "reason": reason},
            {"type": condition, "status": "True", "reason": reason, "message": f"{reason} of {name}"},
        ]
        self.set_status(name, {"conditions": conditions, **status})

    def end_pod(
        self, child: str, exit_code: int, summary: Summary | str = "", *, index: int | None = None, **labels: str
    ) -> None:
        """A pod of a child has ended, leaving a summary."""
        owner = self.child(child)
        assert owner is not None, child
        template = owner["spec"].get("template") or {"metadata": {"labels": owner["metadata"]["labels"]}}
        component = owner["metadata"]["labels"]["segue.dev/component"]
        message = summary if isinstance(summary, str) else summary.encode()
        number = len(self.pods)
        pod: Manifest = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": f"{child}-{index or 0}-{number}",
                "namespace": "default",
                "labels": {**template["metadata"]["labels"], **labels},
                "annotations": {} if index is None else {"batch.kubernetes.io/job-completion-index": str(index)},
                "creationTimestamp": timestamp(self.now),
                "ownerReferences": [
                    {"kind": "Job", "name": child, "uid": owner["metadata"]["uid"], "controller": True}
                ],
            },
            "status": {
                "containerStatuses": [
                    {"name": "istio-proxy", "state": {"running": {}}},
                    {
                        "name": "spark-kubernetes-driver" if component == "train" else component,
                        "state": {
                            "terminated": {
                                "exitCode": exit_code,
                                "message": message,
                                "finishedAt": timestamp(self.now + timedelta(seconds=number)),
                            }
                        },
                    },
                ]
            },
        }
        self.pods.append(pod)

    def add_waiting_pod(self, child: str, reason: str, message: str, **labels: str) -> None:
        """A pod of a child cannot start."""
        self.end_pod(child, 0, **labels)
        state = {"waiting": {"reason": reason, "message": message}}
        self.pods[-1]["status"]["containerStatuses"][1]["state"] = state

    def add_running_pod(self, child: str, *, lost_since: datetime | None = None, **labels: str) -> None:
        """A pod of a child is at work, or was when its node was last heard of."""
        self.end_pod(child, 0, **labels)
        status = self.pods[-1]["status"]
        status["phase"] = "Running"
        status["containerStatuses"][1]["state"] = {"running": {"startedAt": timestamp(self.now)}}
        ready = {"type": "Ready", "status": "False" if lost_since else "True"}
        status["conditions"] = [ready | {"lastTransitionTime": timestamp(lost_since or self.now)}]

    def add_pending_pod(self, child: str, **labels: str) -> None:
        """A pod of a child is being started: nothing more is known."""
        self.end_pod(child, 0, **labels)
        self.pods[-1]["status"] = {"phase": "Pending"}

    # ------------------------------------------------------------------------------------------------------ questions

    def condition(self, type_: str) -> tuple[str, str, str]:
        conditions = self.resource["status"]["conditions"]
        found = next(condition for condition in conditions if condition["type"] == type_)
        return found["status"], found["reason"], found["message"]

    @property
    def phase(self) -> str:
        return self.resource["status"]["phase"]

    def status_errors(self) -> list[str]:
        """What an API server would refuse in the status."""
        return schema_errors(self.resource["kind"], self.resource, "status")


def merge(target: dict[str, Any], source: Mapping[str, Any]) -> None:
    for name, value in source.items():
        if isinstance(value, Mapping) and isinstance(target.get(name), dict):
            merge(target[name], value)
        else:
            target[name] = value
