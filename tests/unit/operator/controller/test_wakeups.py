"""Which resources an event wakes."""

from __future__ import annotations

from segue_operator.controller.cluster import WatchEvent
from segue_operator.controller.wakeups import Wakeups
from segue_operator.kinds.objects import Key, Kind, Manifest
from support.workloads import job, key, manifest, stored

SINK = key(Kind.DEPLOYMENT, "segue-sink")


def run(name: str, *batches: str, namespace: str = "default") -> Manifest:
    return manifest(Kind.TRAINING_RUN, name, {"batches": list(batches)}, namespace=namespace)


def batch(name: str) -> Manifest:
    return manifest(Kind.TRACK_BATCH, name, {}, namespace="default")


def woken(wakeups: Wakeups, given: Manifest, type_: str = "MODIFIED") -> set[Key]:
    """The resources that an event wakes, without the sink that a batch may wake as well."""
    keys = set(wakeups.of(WatchEvent(type_, given)))  # type: ignore[arg-type]
    return keys - {SINK} if given["kind"] == Kind.TRACK_BATCH else keys


def test_batch_wakes_itself_and_the_runs_that_name_it_in_its_namespace() -> None:
    wakeups = Wakeups()
    for given in (run("r1", "b"), run("r2", "other"), run("r3", "b", namespace="elsewhere"), run("r4")):
        woken(wakeups, given)
    assert woken(wakeups, batch("b")) == {key(Kind.TRACK_BATCH, "b"), key(Kind.TRAINING_RUN, "r1")}
    assert woken(wakeups, batch("b"), "DELETED") == {key(Kind.TRACK_BATCH, "b"), key(Kind.TRAINING_RUN, "r1")}


def of_catalogue(given: Manifest, name: str, succeeded: str = "Unknown") -> Manifest:
    given["spec"]["catalogue"] = name
    return given | {"status": {"conditions": [{"type": "Succeeded", "status": succeeded}]}}


def test_a_batch_or_run_that_has_ended_wakes_the_runs_of_its_catalogue_in_any_namespace() -> None:
    wakeups = Wakeups()
    for one in (run("r1"), run("r2", namespace="elsewhere")):
        woken(wakeups, of_catalogue(one, "music"))
    woken(wakeups, of_catalogue(run("r3"), "speech"))
    mine = {key(Kind.TRAINING_RUN, "r1"), Key(Kind.TRAINING_RUN, "elsewhere", "r2")}
    batch_key = key(Kind.TRACK_BATCH, "b")
    assert woken(wakeups, of_catalogue(batch("b"), "music")) == {batch_key}
    assert woken(wakeups, of_catalogue(batch("b"), "music", "True")) == {batch_key, *mine}
    assert woken(wakeups, of_catalogue(batch("b"), "music"), "DELETED") == {batch_key, *mine}
    assert woken(wakeups, of_catalogue(run("r1"), "music", "True")) == mine


def test_deleted_run_is_woken_no_more() -> None:
    wakeups = Wakeups()
    woken(wakeups, run("r", "b"))
    assert woken(wakeups, run("r", "b"), "DELETED") == {key(Kind.TRAINING_RUN, "r")}
    assert woken(wakeups, batch("b")) == {key(Kind.TRACK_BATCH, "b")}


def test_child_wakes_the_owner_of_our_kinds_only() -> None:
    child = stored(job("j"))
    child["metadata"]["ownerReferences"] = [
        {"apiVersion": "segue.dev/v1alpha1", "kind": "TrackBatch", "name": "b", "uid": "1"},
        {"apiVersion": "other.dev/v1", "kind": "TrackBatch", "name": "x", "uid": "2"},
        {"apiVersion": "apps/v1", "kind": "Deployment", "name": "d", "uid": "3"},
    ]
    assert woken(Wakeups(), child) == {key(Kind.TRACK_BATCH, "b")}


def test_pod_wakes_by_its_labels() -> None:
    labels = {"segue.dev/trackbatch": "b", "segue.dev/trainingrun": "r"}
    pod = manifest(Kind.POD, "p", {}, labels=labels)
    assert woken(Wakeups(), pod) == {key(Kind.TRACK_BATCH, "b"), key(Kind.TRAINING_RUN, "r")}
    assert woken(Wakeups(), manifest(Kind.POD, "p", {})) == set()


def test_a_run_with_a_wrong_list_of_batches_does_not_fail() -> None:
    wakeups = Wakeups()
    assert woken(wakeups, manifest(Kind.TRAINING_RUN, "r", {"batches": [{}, "b"]})) == {key(Kind.TRAINING_RUN, "r")}
    assert woken(wakeups, manifest(Kind.TRAINING_RUN, "r", {"batches": None})) == {key(Kind.TRAINING_RUN, "r")}


def queued(name: str, status: str, reason: str, second: int = 0, **spec: object) -> Manifest:
    given = manifest(Kind.TRACK_BATCH, name, dict(spec), namespace="default")
    given["metadata"]["creationTimestamp"] = f"2026-01-01T00:00:{second:02d}Z"
    given["status"] = {"conditions": [{"type": "Queued", "status": status, "reason": reason}]}
    return given


def test_a_place_that_becomes_free_wakes_the_head_of_the_queue() -> None:
    wakeups = Wakeups()
    woken(wakeups, queued("active", "False", "Admitted"))
    for name, second in (("late", 9), ("early", 1)):
        assert woken(wakeups, queued(name, "True", "Queued", second)) == {key(Kind.TRACK_BATCH, name)}
    head = key(Kind.TRACK_BATCH, "early")
    assert head not in woken(wakeups, queued("active", "False", "Admitted"))
    assert head in woken(wakeups, queued("active", "False", "Admitted", suspend=True))
    assert head not in woken(wakeups, queued("active", "False", "SuspendRequested", suspend=True))
    woken(wakeups, queued("active", "False", "Admitted"))
    assert head in woken(wakeups, queued("active", "False", "Admitted"), "DELETED")


def test_a_batch_that_leaves_the_queue_wakes_the_next() -> None:
    wakeups = Wakeups()
    for name, second in (("first", 1), ("second", 2), ("third", 3)):
        woken(wakeups, queued(name, "True", "Queued", second))
    admitted = queued("first", "False", "Admitted", 1)
    assert woken(wakeups, admitted) == {key(Kind.TRACK_BATCH, "first"), key(Kind.TRACK_BATCH, "second")}
    assert woken(wakeups, admitted) == {key(Kind.TRACK_BATCH, "first")}


def test_a_sink_wakes_the_batches_at_work_in_its_namespace() -> None:
    wakeups = Wakeups()
    woken(wakeups, queued("active", "False", "Admitted"))
    woken(wakeups, queued("waiting", "True", "Queued", 1))
    expected = {SINK, key(Kind.TRACK_BATCH, "active")}
    assert woken(wakeups, manifest(Kind.DEPLOYMENT, "segue-sink", {})) == expected
    labels = {"segue.dev/component": "sink", "app.kubernetes.io/instance": "segue-sink"}
    assert woken(wakeups, manifest(Kind.POD, "p", {}, labels=labels)) == expected
    assert woken(wakeups, manifest(Kind.POD, "p", {}, labels=labels, namespace="other")) == {
        Key(Kind.DEPLOYMENT, "other", "segue-sink")
    }
    assert woken(wakeups, manifest(Kind.DEPLOYMENT, "another", {})) == set()


def test_after_a_break_sinks_are_looked_at_too() -> None:
    wakeups = Wakeups()
    woken(wakeups, batch("a"))
    woken(wakeups, batch("b"))
    assert set(wakeups.resources) == {SINK, key(Kind.TRACK_BATCH, "a"), key(Kind.TRACK_BATCH, "b")}


def test_a_batch_wakes_the_sink_when_it_wants_something_else_of_it() -> None:
    wakeups = Wakeups()

    def wakes_sink(given: Manifest, type_: str = "MODIFIED") -> bool:
        return SINK in set(wakeups.of(WatchEvent(type_, given)))  # type: ignore[arg-type]

    admitted = queued("b", "False", "Admitted")
    wider = queued("b", "False", "Admitted", sink={"replicas": 2})
    over = {"status": {"conditions": [{"type": "Succeeded", "status": "True"}]}}
    history = (queued("b", "True", "Queued"), admitted, admitted, wider, wider | over, wider | over)
    assert [wakes_sink(given) for given in history] == [True, True, False, True, True, False]
    assert not wakes_sink(wider | over, "DELETED")
    assert wakes_sink(admitted)
    assert wakes_sink(admitted, "DELETED")
