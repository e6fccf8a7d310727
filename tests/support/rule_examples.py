"""Examples of every CEL rule, accepted and refused: for the models, for a CEL library, and for a real API server."""

from __future__ import annotations

from typing import Any

from support.manifests import Manifest, put, track_batch, training_run

BATCH, RUN = track_batch(), training_run()
LONG_NAME = "a" * 41
EXACTLY_ONE_VOLUME = "set exactly one of persistentVolumeClaim and hostPath"
INSIDE = "must be a relative path inside the volume, without '..' or control characters"
ABSOLUTE = "must be an absolute path without '..' or control characters, for example /srv/music"
NAME_LENGTH = "metadata.name must be at most 40 characters long: the names of its Jobs and pods are longer"
NAME_FORM = (
    "metadata.name must start with a lowercase letter, contain only lowercase letters, digits and '-', "
    "and not end with '-'"
)
ONE_SOURCE = "set exactly one of secretKeyRef, configMapKeyRef and fieldRef"
RESOURCES_OF_SPARK = (
    "podOverrides.resources does not apply to Spark's pods: use spark.executorCores, spark.executorMemory and "
    "spark.driverMemory"
)
KEPT = "retrain needs a run that stays: omit ttlSecondsAfterFinished"
BOTH = "path and sha256 belong together: give both, or neither for the network musicnn-msd"
EAR = {"path": "ears/mine.json", "sha256": "0" * 64}
REFERENCE = {"name": "secrets", "key": "token"}


def overrides(**fields: Any) -> Manifest:
    return put(BATCH, "spec.podOverrides", fields)


REJECTED: list[tuple[Manifest, str, str]] = [
    (training_run(retrain={}, ttlSecondsAfterFinished=60), "spec", KEPT),
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
    (put(BATCH, "spec.extraction.learned", {"path": "ear.json"}), "spec.extraction.learned", BOTH),
    (put(BATCH, "spec.extraction.learned", {"sha256": "0" * 64}), "spec.extraction.learned", BOTH),
    (put(BATCH, "spec.extraction.learned", {**EAR, "path": "../ear.json"}), "spec.extraction.learned.path", INSIDE),
    (
        put(BATCH, "spec.source.metadata", {"format": "Flat"}),
        "spec.source.metadata",
        "path is required: name the CSV file, or set format to Tags to read the tags inside the audio files",
    ),
    (
        put(BATCH, "spec.source.metadata.format", "Tags"),
        "spec.source.metadata",
        "path must be omitted when format is Tags: no CSV is read",
    ),
    (
        put(BATCH, "spec.source.metadata", {"path": "a.csv", "format": "FmaTracks", "columns": {"id": "track"}}),
        "spec.source.metadata",
        "columns can only be set when format is Flat or Auto: the other formats have fixed columns",
    ),
    (
        put(BATCH, "spec.extraction", {"parallelism": 4}),
        "spec.extraction",
        "parallelism must not exceed shards: one pod works on each shard",
    ),
    (
        overrides(env=[{"name": "A", "value": "b", "valueFrom": {"secretKeyRef": REFERENCE}}]),
        "spec.podOverrides.env[0]",
        "set value or valueFrom, not both",
    ),
    (
        overrides(env=[{"name": "JOB_COMPLETION_INDEX", "value": "0"}]),
        "spec.podOverrides.env[0]",
        "JOB_COMPLETION_INDEX is set by the Job itself: omit it",
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
        "labels under segue.dev/ and app.kubernetes.io/ are reserved for the operator: choose another prefix",
    ),
    (
        put(put(RUN, "spec.pendingDeadlineSeconds", 61), "spec.activeDeadlineSeconds", 60),
        "spec",
        "pendingDeadlineSeconds must not exceed activeDeadlineSeconds",
    ),
    (
        put(RUN, "spec.podOverrides.resources", {"limits": {"memory": "1Gi"}}),
        "spec",
        RESOURCES_OF_SPARK,
    ),
    (
        overrides(resources={"requests": {"memory": "2Gi"}, "limits": {"memory": "2000M"}}),
        "spec.podOverrides.resources",
        "a request must not exceed the limit of the same resource",
    ),
    (
        overrides(resources={"requests": {"cpu": 1, "memory": "1Gi"}, "limits": {"cpu": "999m", "memory": "1Gi"}}),
        "spec.podOverrides.resources",
        "a request must not exceed the limit of the same resource",
    ),
]

ACCEPTED: list[Manifest] = [
    BATCH,
    RUN,
    overrides(resources={"requests": {"cpu": "1.5", "memory": 1000}, "limits": {"cpu": 2, "memory": "1k"}}),
    overrides(resources={"requests": {"memory": "2Gi"}, "limits": {"cpu": "1"}}),
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
    put(BATCH, "spec.extraction", {"learned": {}}),
    put(BATCH, "spec.extraction", {"learned": EAR}),
    put(RUN, "spec.families", ["timbre", "learned"]),
    put(put(RUN, "spec.pendingDeadlineSeconds", 60), "spec.activeDeadlineSeconds", 60),
    put(RUN, "spec.pendingDeadlineSeconds", 60),
    put(RUN, "spec.podOverrides.nodeSelector", {"disk": "fast"}),
    put(RUN, "spec.retrain", {}),
    put(RUN, "spec.retrain", {"afterChangedPercent": 0, "schedule": "*/15 22-2 * * 1-5"}),
]

FIXED: list[tuple[Manifest, str, Any]] = [
    (BATCH, "spec.catalogue", "other"),
    (BATCH, "spec.source.audioPath", "other"),
    (BATCH, "spec.source.name", "other"),
    (put(BATCH, "spec.source.prefix", "a/"), "spec.source.prefix", "b/"),
    (BATCH, "spec.source.metadata.rowsWithoutAudio", "Ignore"),
    (BATCH, "spec.source.volume.hostPath.path", "/other"),
    (BATCH, "spec.extraction.window.seconds", 10),
    (BATCH, "spec.extraction.learned", {}),
    (put(BATCH, "spec.extraction.learned", EAR), "spec.extraction.learned.sha256", "1" * 64),
    (put(BATCH, "spec.extraction.learned", EAR), "spec.extraction.learned", None),
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
    (BATCH, "spec.source.missing", "Keep"),
    (BATCH, "spec.source.maxMissingPercent", 100),
    (BATCH, "spec.sink", {"replicas": 2, "keepRunning": True}),
    (BATCH, "spec.ttlSecondsAfterFinished", 60),
    (put(BATCH, "spec.ttlSecondsAfterFinished", 60), "spec.ttlSecondsAfterFinished", None),
    (RUN, "spec.suspend", True),
    (RUN, "spec.ttlSecondsAfterFinished", 0),
    (RUN, "spec.kmeans", {}),
    (RUN, "spec.retrain", {"schedule": "0 3 * * *"}),
    (put(RUN, "spec.retrain", {"afterChangedPercent": 5}), "spec.retrain", {"afterChangedPercent": 20}),
    (put(RUN, "spec.retrain", {"schedule": "0 3 * * *"}), "spec.retrain", None),
]
