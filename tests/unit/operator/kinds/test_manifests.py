"""Manifests from files, and what is said about bad ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from segue_operator.kinds.manifests import ManifestError, load_manifests, validate, validate_update, with_defaults
from segue_operator.kinds.trackbatch import TrackBatch
from support.custom_resources import schema_of, with_server_defaults
from support.manifests import Manifest, put, track_batch, training_run

BATCH, RUN = track_batch(), training_run()


def message_of(manifest: Manifest) -> str:
    with pytest.raises(ManifestError) as error:
        validate(manifest)
    return str(error.value)


BAD: list[tuple[Manifest, str]] = [
    (put(BATCH, "kind", "Trackbatch"), "kind: 'Trackbatch' is not one of Segue's kinds: did you mean TrackBatch?"),
    (put(BATCH, "kind", "Pod"), "kind: 'Pod' is not one of Segue's kinds: use TrackBatch or TrainingRun"),
    (put(BATCH, "kind", None), "kind: is missing: use TrackBatch or TrainingRun"),
    (put(BATCH, "apiVersion", None), "apiVersion: is missing: use segue.dev/v1alpha1"),
    (
        put(BATCH, "apiVersion", "segue.dev/v1"),
        "apiVersion: 'segue.dev/v1' is not a version of Segue's API: use segue.dev/v1alpha1",
    ),
    (put(BATCH, "metadata.name", None), "metadata.name: is missing: give the resource a name"),
    (put(BATCH, "metadata", "songs"), "metadata.name: is missing: give the resource a name"),
    (
        put(BATCH, "spec", None),
        (
            "spec: is required: a mapping with catalogue, source, extraction, maxRejectedPercent, sink, suspend, "
            "activeDeadlineSeconds, ttlSecondsAfterFinished, podOverrides"
        ),
    ),
    (put(BATCH, "spec.catalogue", None), "spec.catalogue: is required"),
    (
        put(BATCH, "spec.source.volume", None),
        "spec.source.volume: is required: a mapping with persistentVolumeClaim, hostPath",
    ),
    (put(BATCH, "spec.extraction", {"shard": 4}), "spec.extraction.shard: unknown field: did you mean shards?"),
    (put(BATCH, "spec.Sink", {}), "spec.Sink: unknown field: did you mean sink?"),
    (
        put(BATCH, "spec.sink", {"zzz": 1}),
        "spec.sink.zzz: unknown field: the fields here are replicas, keepRunning",
    ),
    (
        put(BATCH, "spec.source.audio_path", "a"),
        "spec.source.audio_path: unknown field: did you mean audioPath?",
    ),
    (
        put(BATCH, "spec.podOverrides", {"env": [{"nam": "A"}]}),
        ("spec.podOverrides.env[0].name: is required\nspec.podOverrides.env[0].nam: unknown field: did you mean name?"),
    ),
    (
        put(BATCH, "spec.source.metadata.columns", {"trackId": "id"}),
        ("spec.source.metadata.columns.trackId: unknown field: did you mean track?"),
    ),
    (
        put(BATCH, "spec.extraction", {"window": {"position": "middle"}}),
        ('spec.extraction.window.position: "middle" is not a valid value: did you mean Middle? (use Middle or Whole)'),
    ),
    (
        put(BATCH, "spec.source.metadata.format", "CSV"),
        'spec.source.metadata.format: "CSV" is not a valid value: use Auto, FmaTracks, FmaRawTracks, Flat or Tags',
    ),
    (
        put(RUN, "spec.families", ["timber", "rhythm"]),
        (
            'spec.families[0]: "timber" is not a valid value: did you mean timbre? '
            "(use timbre, spectral, harmony, rhythm or learned)"
        ),
    ),
    (
        put(BATCH, "spec.extraction", {"shards": "4"}),
        "spec.extraction.shards: must be a whole number: write 4 without quotes",
    ),
    (put(BATCH, "spec.extraction", {"shards": 4.5}), "spec.extraction.shards: must be a whole number, not 4.5"),
    (put(BATCH, "spec.extraction", {"shards": True}), "spec.extraction.shards: must be a whole number, not true"),
    (put(BATCH, "spec.extraction", {"shards": 0}), "spec.extraction.shards: must be at least 1, not 0"),
    (put(BATCH, "spec.maxRejectedPercent", 101), "spec.maxRejectedPercent: must be at most 100, not 101"),
    (put(BATCH, "spec.suspend", "yes"), 'spec.suspend: must be true or false, not "yes"'),
    (put(BATCH, "spec.suspend", "False"), "spec.suspend: must be true or false: write false without quotes"),
    (put(BATCH, "spec.sink", []), "spec.sink: must be a mapping (key: value), not []"),
    (put(BATCH, "spec.catalogue", 2024), 'spec.catalogue: must be a string: write "2024" in quotes'),
    (
        put(RUN, "spec.promotion", {"tolerance": 0.01}),
        'spec.promotion.tolerance: must be a string: write "0.01" in quotes',
    ),
    (
        put(RUN, "spec.promotion", {"tolerance": "1 %"}),
        (
            'spec.promotion.tolerance: "1 %" is not valid: use a fraction between "0" and "1" in quotes, '
            'for example "0.01"'
        ),
    ),
    (
        put(RUN, "spec.spark", {"driverMemory": "1Gi"}),
        (
            'spec.spark.driverMemory: "1Gi" is not valid: use a whole number followed by m or g, at least 512m, for '
            "example 512m or 2g"
        ),
    ),
    (
        put(BATCH, "spec.catalogue", "My Music"),
        (
            "spec.catalogue: \"My Music\" is not valid: use lowercase letters, digits and '-', starting and ending "
            "with a letter or digit, for example my-music"
        ),
    ),
    (put(BATCH, "spec.catalogue", "a" * 64), "spec.catalogue: must have at most 63 characters"),
    (put(RUN, "spec.kmeans", {"k": 8}), "spec.kmeans.k: must be a list, not 8"),
    (put(RUN, "spec.kmeans", {"k": []}), "spec.kmeans.k: must have at least 1 entry"),
    (put(RUN, "spec.kmeans", {"k": [1]}), "spec.kmeans.k[0]: must be at least 2, not 1"),
    (put(RUN, "spec.kmeans", {"k": [8] * 17}), "spec.kmeans.k: must have at most 16 entries"),
    (put(RUN, "spec.kmeans", {"k": [8, 1]}), "spec.kmeans.k[1]: must be at least 2, not 1"),
    (put(RUN, "spec.kmeans", {"k": [8, 8]}), "spec.kmeans.k: a value is listed twice: keep one of them"),
    (put(RUN, "spec.batches", "songs"), 'spec.batches: must be a list, not "songs"'),
    (
        put(BATCH, "spec.podOverrides", {"env": [{"name": "A"}, {"name": "A"}]}),
        "spec.podOverrides.env: an environment variable is listed twice: keep one of them",
    ),
]


@pytest.mark.parametrize(("manifest", "expected"), BAD)
def test_a_bad_manifest_gets_path_fault_and_way_out(manifest: Manifest, expected: str) -> None:
    assert message_of(manifest) == expected


def test_all_problems_come_at_once() -> None:
    manifest = put(put(BATCH, "spec.catalog", "x"), "spec.sink", {"replicas": 0})
    assert message_of(manifest).splitlines() == [
        "spec.sink.replicas: must be at least 1, not 0",
        "spec.catalog: unknown field: did you mean catalogue?",
    ]


def test_a_long_bad_value_is_cut() -> None:
    assert len(message_of(put(BATCH, "spec.suspend", "x" * 10_000))) < 150


def test_a_null_counts_as_a_missing_field() -> None:
    manifest = put(BATCH, "spec.sink", {"replicas": 2})
    manifest["spec"]["podOverrides"] = None
    manifest["spec"]["sink"]["keepRunning"] = None
    batch = validate(manifest)
    assert isinstance(batch, TrackBatch)
    assert batch.spec.pod_overrides is None
    assert batch.spec.sink.keep_running is False


@pytest.mark.parametrize(
    "manifest",
    [
        BATCH,
        RUN,
        put(BATCH, "spec.extraction", {"window": {"position": "Whole"}}),
        put(BATCH, "spec.podOverrides", {"affinity": {"a": [1]}, "env": [{"name": "A"}]}),
        put(RUN, "spec.kmeans", {"k": [4]}),
    ],
)
def test_defaults_are_the_servers(manifest: Manifest) -> None:
    filled = with_defaults(manifest)
    assert filled == with_server_defaults(schema_of(manifest["kind"]), manifest)
    assert with_defaults(filled) == filled


def test_a_change_names_every_fixed_field() -> None:
    new = put(put(BATCH, "spec.catalogue", "other"), "spec.extraction", {"shards": 2, "parallelism": 2})
    with pytest.raises(ManifestError) as error:
        validate_update(BATCH, new)
    assert [problem.path for problem in error.value.problems] == ["spec.catalogue", "spec.extraction.shards"]


# ------------------------------------------------------------------------------------------------------------- files


def write(folder: Path, name: str, content: Any) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_documents_come_in_the_order_of_files_and_documents(tmp_path: Path) -> None:
    write(tmp_path, "b.yml", "kind: C\n---\n---\nkind: D\n")
    write(tmp_path, "a.yaml", "kind: A\n---\nkind: List\nitems: [{kind: B}]\n")
    write(tmp_path, "c.json", '{"kind": "E"}')
    write(tmp_path, "README.md", "kind: no\n")
    assert [manifest["kind"] for manifest in load_manifests(tmp_path)] == ["A", "B", "C", "D", "E"]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("kind: A\n---\n- 1\n", "{file}, document 2: is a list, not a manifest with apiVersion, kind and metadata"),
        ("hello", "{file}: is a string, not a manifest with apiVersion, kind and metadata"),
        ("", "{file}: contains no documents"),
        ("---\n---\n", "{file}: contains no documents"),
        ("kind: List\n", "{file}: items: a List needs items"),
        ("kind: List\nitems: [3]\n", "{file}: items[0]: is a number, not a manifest"),
        ("a: [1\n", "{file}: is not valid YAML: did not find expected ',' or ']' in line 2, column 1"),
        (b"a: \xff\n", "{file}: is not UTF-8 text: byte 3"),
    ],
)
def test_a_bad_file_is_named_with_its_document(tmp_path: Path, content: Any, expected: str) -> None:
    file = write(tmp_path, "a.yaml", content)
    with pytest.raises(ManifestError) as error:
        load_manifests(file)
    assert str(error.value) == expected.format(file=file)


@pytest.mark.parametrize(
    "value",
    [
        "&own [*own]", "!!int many", "!!float x", "!!timestamp noon", "!!set {x}", "!!binary aGVsbG8=",
        "{!!timestamp 2024-01-01: x}", ".inf", "1" * 5000,
    ],
)  # fmt: skip
def test_what_json_cannot_represent_is_refused(tmp_path: Path, value: str) -> None:
    file = write(tmp_path, "a.yaml", f"kind: A\na: {value}\n")
    with pytest.raises(ManifestError, match=r"a\.yaml: has a value that JSON cannot represent: .*; remove or quote it"):
        load_manifests(file)


def test_a_date_is_a_string_as_for_kubernetes(tmp_path: Path) -> None:
    file = write(tmp_path, "a.yaml", "a: 2024-01-01\nb: 2024-13-45\n")
    [manifest] = load_manifests(file)
    assert (manifest["a"], manifest["b"]) == ("2024-01-01", "2024-13-45")


def test_a_missing_file_and_an_empty_directory_are_named(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="no such file or directory"):
        load_manifests(tmp_path / "nothing.yaml")
    with pytest.raises(ManifestError, match=r"contains no \.yaml, \.yml, \.json file"):
        load_manifests(tmp_path)


def test_yaml_cannot_make_objects(tmp_path: Path) -> None:
    file = write(tmp_path, "a.yaml", "!!python/object/apply:os.system ['true']")
    with pytest.raises(ManifestError, match="is not valid YAML"):
        load_manifests(file)
