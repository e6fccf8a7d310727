"""The mirror takes what is newer, whoever brings it, and finds what a resource owns."""

from __future__ import annotations

import gc
import json
import tracemalloc
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from segue_operator.controller.cluster import WatchEvent
from segue_operator.kinds.objects import Key, Kind, Manifest
from segue_operator.kube.mirror import Mirror, version
from segue_operator.kube.trim import trim
from support.batches import verified
from support.workloads import job

KEY = Key(Kind.JOB, "default", "songs-extract")


def at(number: int, name: str = "songs-extract", namespace: str = "default", **labels: str) -> Manifest:
    one = job(name, "true")
    one["metadata"] |= {"namespace": namespace, "resourceVersion": str(number), "labels": labels}
    return one


def told(mirror: Mirror) -> list[WatchEvent]:
    events: list[WatchEvent] = []
    mirror.subscribe(events.append)
    return events


def test_an_older_version_changes_nothing() -> None:
    mirror = Mirror()
    events = told(mirror)
    assert mirror.accept("MODIFIED", at(5))
    assert not mirror.accept("MODIFIED", at(4))
    assert not mirror.accept("MODIFIED", at(5))
    assert [event.type for event in events] == ["ADDED"]
    assert version(mirror.get(KEY) or {}) == 5


def test_a_late_event_does_not_raise_the_dead() -> None:
    mirror = Mirror()
    mirror.accept("MODIFIED", at(5))
    assert mirror.accept("DELETED", at(7))
    assert not mirror.accept("MODIFIED", at(6))
    assert mirror.get(KEY) is None
    assert mirror.accept("MODIFIED", at(8)), "a new one of the name"


def test_the_deletion_of_a_namesake_does_not_remove_its_successor() -> None:
    mirror = Mirror()
    mirror.accept("MODIFIED", at(8))
    assert not mirror.accept("DELETED", at(7))
    assert mirror.get(KEY) is not None


def test_objects_of_one_resource_are_found_by_its_label() -> None:
    mirror = Mirror()
    mirror.accept("MODIFIED", at(1, "a", **{"segue.dev/trackbatch": "songs"}))
    mirror.accept("MODIFIED", at(2, "b", **{"segue.dev/trackbatch": "other"}))
    mirror.accept("MODIFIED", at(3, "c", "elsewhere", **{"segue.dev/trackbatch": "songs"}))
    labels = {"segue.dev/trackbatch": "songs"}
    assert [one["metadata"]["name"] for one in mirror.select(Kind.JOB, "default", labels)] == ["a"]
    mirror.accept("MODIFIED", at(4, "a"))
    assert mirror.select(Kind.JOB, "default", labels) == [], "it has lost the label"
    assert len(mirror.select(Kind.JOB)) == 3


def test_objects_of_a_kind_that_is_no_longer_served_are_gone() -> None:
    mirror = Mirror()
    mirror.set_served(Kind.JOB, is_served=True)
    mirror.accept("MODIFIED", at(1))
    events = told(mirror)
    mirror.set_served(Kind.JOB, is_served=False)
    assert [event.type for event in events] == ["DELETED"]
    assert Kind.JOB not in mirror.ages()


def test_what_is_given_is_the_askers_own() -> None:
    mirror = Mirror()
    mirror.accept("MODIFIED", at(1, note="a ü"))
    taken = mirror.get(KEY)
    assert taken == at(1, note="a ü")
    taken["metadata"]["labels"]["note"] = "changed"
    assert mirror.get(KEY) == at(1, note="a ü")


def test_objects_are_given_one_by_one_while_others_come_and_go() -> None:
    mirror = Mirror()
    for number, name in enumerate("abc"):
        mirror.accept("MODIFIED", at(number, name))
    names = []
    for one in mirror.each(Kind.JOB):
        names.append(one["metadata"]["name"])
        mirror.forget(Key(Kind.JOB, "default", "b"))
        mirror.accept("MODIFIED", at(7, "d"))
    assert names == ["a", "c"]


def test_an_object_takes_little_more_than_its_json() -> None:
    """As dicts, finished batches with their Jobs and pods would take twice as much."""
    cluster = verified()
    finished = json.dumps([cluster.resource, *cluster.objects.values(), *cluster.pods])
    texts = [finished.replace("songs", f"songs-{number}") for number in range(200)]
    mirror = Mirror()
    gc.collect()
    tracemalloc.start()
    try:
        for text in texts:
            for one in json.loads(text):
                mirror.accept("MODIFIED", trim(Kind(one["kind"]), one))
        gc.collect()
        taken = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    sizes = [len(json.dumps(one)) for kind in Kind for one in mirror.each(kind)]
    assert len(sizes) == 5 * len(texts)
    assert taken < sum(sizes) + 768 * len(sizes)


EVENTS = st.lists(st.tuples(st.sampled_from(["MODIFIED", "DELETED"]), st.integers(1, 12)), unique_by=lambda e: e[1])


@given(EVENTS, st.randoms())
def test_the_order_of_arrival_does_not_matter(events: list[tuple[Any, int]], random: Any) -> None:
    """The state after any order is the state after the right one."""
    shuffled = list(events)
    random.shuffle(shuffled)
    straight, other = Mirror(), Mirror()
    for type_, number in sorted(events, key=lambda event: event[1]):
        straight.accept(type_, at(number))
    for type_, number in shuffled:
        other.accept(type_, at(number))
    assert straight.get(KEY) == other.get(KEY)
