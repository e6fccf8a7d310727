"""What the API server says and sends, as the operator takes it: errors, trimmed objects, schemas, paths."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from segue_operator.controller.cluster import (
    AlreadyExistsError,
    ClusterError,
    ConflictError,
    InvalidError,
    KindMissingError,
    NamespaceTerminatingError,
    NotFoundError,
    UnavailableError,
)
from segue_operator.kinds.objects import OWN_KINDS, Key, Kind
from segue_operator.kube.answers import cluster_error
from segue_operator.kube.paths import collection_path, object_path
from segue_operator.kube.schema import SchemaError, check, own_schema
from segue_operator.kube.trim import trim
from segue_operator.reconcile.observe import Waiting, observe_job, observe_pod
from support.workloads import job, pod


def status(reason: str, **details: Any) -> bytes:
    return json.dumps({"kind": "Status", "reason": reason, "message": f"because {reason}", "details": details}).encode()


@pytest.mark.parametrize(
    ("code", "body", "kind"),
    [
        (409, status("AlreadyExists", name="a"), AlreadyExistsError),
        (409, status("Conflict", name="a"), ConflictError),
        (404, status("NotFound", name="a"), NotFoundError),
        (404, b"404 page not found\n", KindMissingError),
        (404, status("NotFound"), KindMissingError),
        (422, status("Invalid", name="a"), InvalidError),
        (403, status("Forbidden", name="a"), InvalidError),
        (403, status("Forbidden", causes=[{"reason": "FieldValueInvalid"}]), InvalidError),
        (403, status("Forbidden", causes=[{"reason": "NamespaceTerminating"}]), NamespaceTerminatingError),
        (400, status("BadRequest"), InvalidError),
        (401, status("Unauthorized"), UnavailableError),
        (429, status("TooManyRequests"), UnavailableError),
        (500, status("InternalError"), UnavailableError),
        (503, b"<html>no backend</html>", UnavailableError),
    ],
)
def test_an_answer_becomes_its_error(code: int, body: bytes, kind: type[ClusterError]) -> None:
    error = cluster_error(code, body, {})
    assert type(error) is kind
    assert str(error)


def test_the_servers_patience_is_kept() -> None:
    for error in (
        cluster_error(429, b"", {"Retry-After": "7"}),
        cluster_error(503, status("Unavailable", retryAfterSeconds=7), {}),
    ):
        assert isinstance(error, UnavailableError)
        assert error.retry_after_seconds == 7
    dated = cluster_error(503, b"", {"Retry-After": "Sun, 22 Nov 2026 12:00:00 GMT"})
    assert isinstance(dated, UnavailableError)
    assert dated.retry_after_seconds is None


def test_trimmed_children_look_the_same_to_a_plan() -> None:
    whole = job("songs-extract", "true", suspend=True)
    failed = {"type": "Failed", "status": "True", "reason": "FailedIndexes"}
    whole["status"] = {"conditions": [failed], "succeeded": 3, "failedIndexes": "1,3-4", "uncountedTerminatedPods": {}}
    whole["metadata"] |= {"uid": "u", "managedFields": [{"manager": "x"}]}
    assert observe_job(trim(Kind.JOB, whole)) == observe_job(whole)
    assert "managedFields" not in trim(Kind.JOB, whole)["metadata"]
    ended = pod("p", index=2, exit_code=3)
    assert observe_pod(trim(Kind.POD, ended)) == observe_pod(ended)
    assert trim(Kind.POD, ended)["spec"] == {}
    crashing = pod("q", index=0)
    crashing["status"]["containerStatuses"] = [
        {
            "name": "extract",
            "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s"}},
            "lastState": {"terminated": {"exitCode": 1, "message": "MongoDB does not answer"}},
        }
    ]
    assert observe_pod(trim(Kind.POD, crashing)) == observe_pod(crashing)
    assert observe_pod(crashing).waiting == Waiting("CrashLoopBackOff", "MongoDB does not answer")
    lost = pod("r", index=0)
    since = "2026-01-01T00:00:00Z"
    lost["status"] = {
        "phase": "Running",
        "conditions": [
            {"type": "Ready", "status": "False", "lastTransitionTime": since},
            {"type": "DisruptionTarget", "status": "True", "lastTransitionTime": since},
        ],
        "containerStatuses": [{"name": "extract", "state": {"running": {}}}],
    }
    assert observe_pod(trim(Kind.POD, lost)) == observe_pod(lost)
    assert observe_pod(lost).lost == since
    assert observe_pod(lost).is_disrupted


def test_trimming_changes_nothing_of_the_original() -> None:
    note = {"kubectl.kubernetes.io/last-applied-configuration": "{}", "segue.dev/applied": "stays"}
    whole = job("a", "true")
    whole["metadata"]["annotations"] = note
    before = copy.deepcopy(whole)
    assert trim(Kind.JOB, whole)["metadata"]["annotations"] == {"segue.dev/applied": "stays"}
    assert whole == before


def test_names_cannot_leave_their_place_in_a_path() -> None:
    assert object_path(Key(Kind.JOB, "music", "a")) == "/apis/batch/v1/namespaces/music/jobs/a"
    assert collection_path(Kind.POD, None) == "/api/v1/pods"
    assert "?" not in object_path(Key(Kind.POD, "music", "a?watch=true"))


def document(**changed: Any) -> dict[str, Any]:
    schemas = {}
    for kind in OWN_KINDS:
        identity = {"group": "segue.dev", "version": "v1alpha1", "kind": str(kind)}
        schemas[str(kind)] = own_schema(kind) | {"x-kubernetes-group-version-kind": [identity]}
    return {"components": {"schemas": schemas | changed}}


def test_the_crds_of_this_version_are_enough() -> None:
    check(document())


def test_a_field_that_an_older_crd_lacks_is_named() -> None:
    old = copy.deepcopy(document())
    schema = old["components"]["schemas"]["TrackBatch"]
    del schema["properties"]["status"]["properties"]["tracks"]["properties"]["skipped"]
    with pytest.raises(
        SchemaError, match=r"trackbatches.segue.dev is from another version: .*\.status\.tracks\.skipped"
    ):
        check(old)


def test_a_value_that_an_older_crd_lacks_is_named() -> None:
    old = copy.deepcopy(document())
    old["components"]["schemas"]["TrackBatch"]["properties"]["status"]["properties"]["phase"]["enum"].remove("Queued")
    with pytest.raises(SchemaError, match=r"it lacks \.status\.phase=Queued"):
        check(old)


def test_a_missing_crd_is_named() -> None:
    with pytest.raises(SchemaError, match=r"no CRD trackbatches\.segue\.dev: install"):
        check({})
