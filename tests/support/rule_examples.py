"""Examples of every CEL rule, accepted and refused: for the models, for a CEL library, and for a real API server."""

from __future__ import annotations

from typing import Any

from support.manifests import Manifest, put, track_batch, training_run

BATCH, RUN = track_batch(), training_run()
LONG_NAME = "a" * 41
EXACTLY_ONE_VOLUME = "set exactly one of persistentVolumeClaim and hostPath"
INSIDE = "must be a path inside the volume: relative, without '..' and without control characters"
ABSOLUTE = "must be an absolute path without '..' and without control characters, for example /srv/music"
NAME_LENGTH = "metadata.name must be at most 40 characters long: its Jobs and pods add to it"
NAME_FORM = (
    "metadata.name must begin with a lowercase letter and hold only lowercase letters, digits and '-', "
    "not '-' at the end"
)
ONE_SOURCE = "set exactly one of secretKeyRef, configMapKeyRef and fieldRef"
RESOURCES_OF_SPARK = (
    "podOverrides.resources does not reach Spark's pods: use spark.executorCores, spark.executorMemory and "
    "spark.driverMemory"
)
REFERENCE = {"name": "secrets", "key": "token"}


def overrides(**fields: Any) -> Manifest:
    return put(BATCH, "spec.podOverrides", fields)


REJECTED: list[tuple[Manifest, str, str]] = [
    (put(BATCH, "metadata.name", LONG_NAME), "", NAME_LENGTH),
    (put(RUN, "metadata.name", LONG_NAME), "", NAME_LENGTH),
    (put(BATCH, "metadata.name", "2024-songs"), "", NAME_FORM),
    (put(BATCH, "metadata.name", "songs.v2"), "", NAME_FORM),
    (put(BATCH, "metadata.name", "songs-"), "", NAME_FORM),
    (put(RUN, "metadata.name", "Weekly"), "", NAME_FORM),
    (put(BATCH, "spec.source.volume", {}), "spec.source.volume", EXACTLY_ONE_VOLUME),
    (
        put(BATCH, "spec.source.volume.persistentVolumeClaim", {"claimName": "music"}),
        "spec.source.volume",
        EXACTLY_ONE_VOLUME,
    ),
    (put(BATCH, "spec.source.volume.hostPath.path", "music"), "spec.source.volume.hostPath.path", ABSOLUTE),
    (put(BATCH, "spec.source.volume.hostPath.path", "/srv/../etc"), "spec.source.volume.hostPath.path", ABSOLUTE),
    (put(BATCH, "spec.source.volume.hostPath.path", "/srv/a\nb"), "spec.source.volume.hostPath.path", ABSOLUTE),
    (put(BATCH, "spec.source.audioPath", "/music"), "spec.source.audioPath", INSIDE),
    (put(BATCH, "spec.source.audioPath", "../music"), "spec.source.audioPath", INSIDE),
    (put(BATCH, "spec.source.audioPath", "a/.."), "spec.source.audioPath", INSIDE),
    (put(BATCH, "spec.source.audioPath", "a\x00b"), "spec.source.audioPath", INSIDE),
    (put(BATCH, "spec.source.metadata.path", "../tracks.csv"), "spec.source.metadata.path", INSIDE),
    (
        put(BATCH, "spec.source.metadata", {"format": "Flat"}),
        "spec.source.metadata",
        "path is required: name the CSV file, or set format to Tags to read the tags inside the audio files",
    ),
    (
        put(BATCH, "spec.source.metadata.format", "Tags"),
        "spec.source.metadata",
        "path must be left out when format is Tags: no CSV is read then",
    ),
    (
        put(BATCH, "spec.source.metadata", {"path": "a.csv", "format": "FmaTracks", "columns": {"id": "track"}}),
        "spec.source.metadata",
        "columns can be given only when format is Flat or Auto: the other formats have columns of their own",
    ),
    (
        put(BATCH, "spec.extraction", {"parallelism": 4}),
        "spec.extraction",
        "parallelism must not be larger than shards: a shard is worked on by one pod",
    ),
    (
        overrides(env=[{"name": "A", "value": "b", "valueFrom": {"secretKeyRef": REFERENCE}}]),
        "spec.podOverrides.env[0]",
        "set value or valueFrom, not both",
    ),
    (
        overrides(env=[{"name": "JOB_COMPLETION_INDEX", "value": "0"}]),
        "spec.podOverrides.env[0]",
        "JOB_COMPLETION_INDEX is set by the Job itself: leave it out",
    ),
    (overrides(env=[{"name": "A", "valueFrom": {}}]), "spec.podOverrides.env[0].valueFrom", ONE_SOURCE),
    (
        overrides(env=[{"name": "A", "valueFrom": {"secretKeyRef": REFERENCE, "configMapKeyRef": REFERENCE}}]),
        "spec.podOverrides.env[0].valueFrom",
        ONE_SOURCE,
    ),
    (overrides(envFrom=[{}]), "spec.podOverrides.envFrom[0]", "set exactly one of secretRef and configMapRef"),
    (
        overrides(envFrom=[{"secretRef": {"name": "a"}, "configMapRef": {"name": "a"}}]),
        "spec.podOverrides.envFrom[0]",
        "set exactly one of secretRef and configMapRef",
    ),
    (
        overrides(labels={"team": "music", "segue.dev/component": "sink"}),
        "spec.podOverrides.labels",
        "labels under segue.dev/ and app.kubernetes.io/ are the operator's: choose another prefix",
    ),
    (
        put(put(RUN, "spec.pendingDeadlineSeconds", 61), "spec.activeDeadlineSeconds", 60),
        "spec",
        "pendingDeadlineSeconds must not be longer than activeDeadlineSeconds",
    ),
    (
        put(RUN, "spec.podOverrides.resources", {"limits": {"memory": "1Gi"}}),
        "spec",
        RESOURCES_OF_SPARK,
    ),
]

ACCEPTED: list[Manifest] = [
    BATCH,
    RUN,
    put(BATCH, "metadata.name", "a" * 40),
    put(BATCH, "metadata.name", "a"),
    put(BATCH, "spec.source.volume", {"persistentVolumeClaim": {"claimName": "music"}}),
    put(BATCH, "spec.source.audioPath", "..a/b../c d/$(HOME)"),
    put(BATCH, "spec.source.metadata", {"format": "Tags"}),
    put(BATCH, "spec.source.metadata", {"path": "a.csv", "format": "Flat", "columns": {"id": "track", "path": "file"}}),
    put(BATCH, "spec.source.metadata", {"path": "a.csv", "columns": {}}),
    put(BATCH, "spec.extraction", {"shards": 4, "parallelism": 4, "window": {"position": "Whole"}}),
    overrides(env=[{"name": "A"}, {"name": "B", "value": ""}, {"name": "C", "valueFrom": {"secretKeyRef": REFERENCE}}]),
    overrides(envFrom=[{"secretRef": {"name": "a"}}, {"configMapRef": {"name": "a"}}]),
    overrides(labels={"team": "music"}, resources={"limits": {"cpu": 2, "memory": "2Gi"}}),
    overrides(affinity={"nodeAffinity": {"anything": [1, {"goes": True}]}}),
    put(put(RUN, "spec.pendingDeadlineSeconds", 60), "spec.activeDeadlineSeconds", 60),
    put(RUN, "spec.pendingDeadlineSeconds", 60),
    put(RUN, "spec.podOverrides.nodeSelector", {"disk": "fast"}),
]

FIXED: list[tuple[Manifest, str, Any]] = [
    (BATCH, "spec.catalogue", "other"),
    (BATCH, "spec.source.audioPath", "other"),
    (BATCH, "spec.source.metadata.rowsWithoutAudio", "Ignore"),
    (BATCH, "spec.source.volume.hostPath.path", "/other"),
    (BATCH, "spec.extraction.window.seconds", 10),
    (BATCH, "spec.extraction.shards", 2),
    (BATCH, "spec.extraction.minimumSeconds", 2),
    (BATCH, "spec.extraction.maximumMegabytes", 2),
    (BATCH, "spec.extraction.trackTimeoutSeconds", 2),
    (BATCH, "spec.extraction.backoffLimitPerShard", 2),
    (BATCH, "spec.maxRejectedPercent", 2),
    (BATCH, "spec.activeDeadlineSeconds", 2),
    (put(BATCH, "spec.activeDeadlineSeconds", 2), "spec.activeDeadlineSeconds", 3),
    (put(BATCH, "spec.activeDeadlineSeconds", 2), "spec.activeDeadlineSeconds", None),
    (BATCH, "spec.podOverrides", {"labels": {"a": "b"}}),
    (put(BATCH, "spec.podOverrides.labels", {"a": "b"}), "spec.podOverrides.labels", {"a": "c"}),
    (put(BATCH, "spec.podOverrides.labels", {"a": "b"}), "spec.podOverrides", None),
    (RUN, "spec.catalogue", "other"),
    (RUN, "spec.batches", ["songs"]),
    (put(RUN, "spec.batches", ["songs"]), "spec.batches", ["others"]),
    (RUN, "spec.families", ["timbre"]),
    (RUN, "spec.kmeans.k", [4]),
    (RUN, "spec.promotion.policy", "Never"),
    (RUN, "spec.spark.executors", 3),
    (RUN, "spec.backoffLimit", 3),
    (RUN, "spec.activeDeadlineSeconds", 3),
    (put(RUN, "spec.pendingDeadlineSeconds", 3), "spec.pendingDeadlineSeconds", None),
]

MUTABLE: list[tuple[Manifest, str, Any]] = [
    (BATCH, "spec.suspend", True),
    (put(BATCH, "spec.extraction.shards", 8), "spec.extraction.parallelism", 4),
    (BATCH, "spec.sink", {"replicas": 2, "keepRunning": True}),
    (BATCH, "spec.ttlSecondsAfterFinished", 60),
    (put(BATCH, "spec.ttlSecondsAfterFinished", 60), "spec.ttlSecondsAfterFinished", None),
    (RUN, "spec.suspend", True),
    (RUN, "spec.ttlSecondsAfterFinished", 0),
    (RUN, "spec.kmeans", {}),
]
