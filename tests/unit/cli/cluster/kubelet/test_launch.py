"""From a pod to a command line: references, paths, variables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.cluster.kubelet.launch import Launch, Machine, PodConfigError, expand, launch_of
from segue_operator.children.pod import escape
from segue_operator.kinds.objects import Kind, Manifest
from support.workloads import manifest, stored


def pod(container: dict[str, Any], **spec: Any) -> Manifest:
    labels = {"segue.dev/trackbatch": "b"}
    given_pod = manifest(
        Kind.POD, "p", {"containers": [{"name": "c", "command": ["run"], **container}], **spec}, labels=labels
    )
    return stored(given_pod)


def secret_variable(secret: str) -> dict[str, Any]:
    return {"name": "A", "valueFrom": {"secretKeyRef": {"name": secret, "key": "k"}}}


def launched(folder: Path, container: dict[str, Any], machine: Machine | None = None, **spec: Any) -> Launch:
    return launch_of(pod(container, **spec), machine or Machine(inherited={}), folder, 4711)


def mounted(tmp_path: Path, *arguments: str, **options: Any) -> list[str]:
    """Arguments of a process with a folder at /source."""
    (tmp_path / "music").mkdir(exist_ok=True)
    return launched(
        tmp_path,
        {"args": list(arguments), "volumeMounts": [{"name": "v", "mountPath": "/source", **options}]},
        volumes=[{"name": "v", "hostPath": {"path": str(tmp_path / "music")}}],
    ).command[1:]


def test_paths_under_a_mount_become_real_ones(tmp_path: Path) -> None:
    real = str(tmp_path / "music")
    given_arguments = [
        "/source",
        "--root=/source/a b",
        "--path=/x:/source,/source/y",
        "/sources",
        "/a/source",
        "source",
    ]
    assert mounted(tmp_path, *given_arguments) == [
        real, f"--root={real}/a b", f"--path=/x:{real},{real}/y", "/sources", "/a/source", "source",
    ]  # fmt: skip


def test_longest_mount_wins_and_nothing_is_replaced_twice(tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    machine = Machine({"outer": tmp_path / "source", "inner": tmp_path}, inherited={})
    launch = launched(
        tmp_path,
        {
            "args": ["/source/x", "/source/in/x"],
            "volumeMounts": [{"name": "o", "mountPath": "/source"}, {"name": "i", "mountPath": "/source/in"}],
        },
        machine,
        volumes=[
            {"name": "o", "persistentVolumeClaim": {"claimName": "outer"}},
            {"name": "i", "persistentVolumeClaim": {"claimName": "inner"}},
        ],
    )
    assert launch.command[1:] == [f"{tmp_path}/source/x", f"{tmp_path}/x"]


def test_empty_directory_is_the_pods_own(tmp_path: Path) -> None:
    launch = launched(
        tmp_path,
        {"env": [{"name": "D", "value": "/cache/x"}], "volumeMounts": [{"name": "c", "mountPath": "/cache"}]},
        volumes=[{"name": "c", "emptyDir": {}}],
    )
    assert launch.environment["D"] == f"{tmp_path}/volumes/c/x"
    assert (tmp_path / "volumes" / "c").is_dir()


def test_variables_refer_to_earlier_ones_and_arguments_to_all(tmp_path: Path) -> None:
    variables = [
        {"name": "A", "value": "1"},
        {"name": "B", "value": "$(A)-$(LATER)-$$(A)"},
        {"name": "LATER", "value": "x"},
    ]
    launch = launched(tmp_path, {"env": variables, "args": ["$(B)", "$(UNKNOWN)", "$$(A)"]})
    assert launch.command[1:] == ["1-$(LATER)-$(A)", "$(UNKNOWN)", "$(A)"]


@given(st.text())
def test_escaped_text_arrives_as_it_is(text: str) -> None:
    assert expand(escape(text), {"A": "wrong", "B": "wrong"}) == text


def test_references_are_resolved(tmp_path: Path) -> None:
    sources = {
        "SECRET": {"secretKeyRef": {"name": "s", "key": "k"}},
        "OPTIONAL": {"secretKeyRef": {"name": "none", "key": "k", "optional": True}},
        "NAME": {"fieldRef": {"fieldPath": "metadata.name"}},
        "LABEL": {"fieldRef": {"fieldPath": "metadata.labels['segue.dev/trackbatch']"}},
    }
    container = {
        "env": [{"name": name, "valueFrom": source} for name, source in sources.items()],
        "envFrom": [{"prefix": "P_", "secretRef": {"name": "s"}}],
    }
    found = launched(tmp_path, container, Machine(secrets={"s": {"k": "v"}}, inherited={})).environment
    assert "OPTIONAL" not in found
    assert {name: found[name] for name in ("SECRET", "P_k", "NAME", "LABEL")} == {
        "SECRET": "v", "P_k": "v", "NAME": "p", "LABEL": "b",
    }  # fmt: skip


def test_machine_overrides_the_pod_and_the_pod_what_is_inherited(tmp_path: Path) -> None:
    machine = Machine(environment={"BROKER": "here"}, inherited={"BROKER": "x", "HOME": "/home", "A": "inherited"})
    variables = [{"name": "BROKER", "value": "template"}, {"name": "A", "value": "pod"}]
    variables.append({"name": "SEGUE_METRICS_PORT", "value": "8080"})
    found = launched(tmp_path, {"env": variables}, machine).environment
    assert (found["BROKER"], found["A"], found["HOME"]) == ("here", "pod", "/home")
    assert found["SEGUE_METRICS_PORT"] == "4711"
    assert Path(found["SEGUE_TERMINATION_LOG"]).parent == tmp_path


@pytest.mark.parametrize(
    ("container", "spec", "message"),
    [
        (
            {"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]},
            {},
            'secret "s" not found',
        ),
        ({"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "t", "key": "k"}}}]}, {}, "key k in Secret t"),
        ({"env": [{"name": "A", "valueFrom": {"configMapKeyRef": {}}}]}, {}, "does not support configMapKeyRef"),
        ({"envFrom": [{"configMapRef": {"name": "c"}}]}, {}, "supports Secrets only"),
        ({"env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "status.x"}}}]}, {}, "status.x"),
        (
            {"volumeMounts": [{"name": "v", "mountPath": "/v"}]},
            {"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "fma"}}]},
            'persistentvolumeclaim "fma" not found',
        ),
        (
            {"volumeMounts": [{"name": "v", "mountPath": "/v"}]},
            {"volumes": [{"name": "v", "hostPath": {"path": "/no/such"}}]},
            "/no/such is not a folder",
        ),
        (
            {"volumeMounts": [{"name": "v", "mountPath": "/v"}]},
            {"volumes": [{"name": "v", "nfs": {"server": "x"}}]},
            "does not support nfs volumes",
        ),
    ],
)
def test_what_the_machine_lacks_is_named(
    tmp_path: Path, container: dict[str, Any], spec: dict[str, Any], message: str
) -> None:
    with pytest.raises(PodConfigError, match=message):
        launched(tmp_path, container, Machine(secrets={"t": {}}, inherited={}), **spec)


def test_secrets_are_in_no_representation() -> None:
    machine = Machine(secrets={"s": {"k": "hush"}}, environment={"URI": "hush"}, inherited={"X": "hush"})
    assert "hush" not in repr(machine)
    assert "hush" not in repr(Launch(["x"], {"A": "hush"}))
