"""A small plan for tests of the controller: a Job, then a Deployment, then the end, with status and events."""

from __future__ import annotations

from datetime import datetime

from segue_operator.kinds.objects import Key, Kind, Manifest
from segue_operator.reconcile.plans import Interests, Observed, Plan, PlannedEvent
from support.workloads import condition, deployment, job, manifest


def batch(name: str = "b", **spec: object) -> Manifest:
    """A resource of the toy."""
    return manifest(Kind.TRACK_BATCH, name, dict(spec))


def _child(resource: Manifest, kind: Kind) -> Key:
    key = Key.of(resource)
    return Key(kind, key.namespace, f"{key.name}-{kind.lower()}")


def _owned(resource: Manifest, child: Manifest) -> Manifest:
    metadata = resource["metadata"]
    reference = {"apiVersion": resource["apiVersion"], "kind": resource["kind"], "name": metadata["name"]}
    reference |= {"uid": metadata["uid"], "controller": True}
    child["metadata"] |= {"namespace": metadata["namespace"], "ownerReferences": [reference]}
    return child


def interests(resource: Manifest) -> Interests:
    """Both children and their pods."""
    keys = (_child(resource, Kind.JOB), _child(resource, Kind.DEPLOYMENT))
    return Interests(keys, ({"segue.dev/trackbatch": Key.of(resource).name},))


def plan(resource: Manifest, observed: Observed, _now: datetime, _config: object) -> Plan:
    """Create the Job, apply the Deployment, delete it once the Job is Complete."""
    job_key, deployment_key = interests(resource).keys
    old = resource.get("status") or {}
    found = observed.objects.get(job_key)
    complete = found is not None and condition(found, "Complete").get("status") == "True"
    phase = "Succeeded" if complete or old.get("phase") == "Succeeded" else "Running"
    status: dict[str, object] = {"phase": phase, "observedGeneration": resource["metadata"]["generation"]}
    status |= {"problems": sorted(observed.problems.values())} if observed.problems else {}
    status |= {"missing": sorted(observed.missing_kinds)} if observed.missing_kinds else {}
    if found is not None and found["metadata"]["ownerReferences"][0]["uid"] != resource["metadata"]["uid"]:
        status["phase"] = "NameConflict"
    finished = phase == "Succeeded"
    wanted = _owned(resource, deployment(deployment_key.name, "true"))
    if observed.objects.get(deployment_key, {}).get("spec") == wanted["spec"]:
        applied: tuple[Manifest, ...] = ()
    else:
        applied = (wanted,)
    return Plan(
        delete=(deployment_key,) if finished and deployment_key in observed.objects else (),
        create=() if found or finished else (_owned(resource, job(job_key.name, "true")),),
        apply=() if finished else applied,
        status=None if status == old else status,
        events=()
        if status["phase"] == old.get("phase")
        else (PlannedEvent("Normal", str(status["phase"]), "x" * 2000),),
    )


def plan_sink(_key: Key, _observed: Observed, _lag: int | None, _config: object) -> Plan:
    """No sinks."""
    return Plan()
