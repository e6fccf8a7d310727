"""What no pod and no account of the charts may be or do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import yaml

from support.chart_values import MATRIX, SEGUE, STACK, Values
from support.charts import Manifest, of_kind, pod_templates, render, render_files
from support.other_charts import with_dependencies

DEVELOPMENT = yaml.safe_load((STACK / "values-development.yaml").read_text("utf-8"))


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> list[Manifest]:
    """Everything that both charts make themselves, for all values at hand."""
    chart = with_dependencies(STACK, tmp_path_factory.mktemp("stack"), ["segue"])
    mine = [manifest for values in MATRIX.values() for manifest in render(values)]
    return mine + [manifest for values in ({}, DEVELOPMENT) for _, manifest in render_files(values, chart)]


def containers(objects: list[Manifest]) -> Iterator[tuple[str, Manifest]]:
    found = False
    for name, template in pod_templates(objects):
        spec = template["spec"]
        for container in [*spec["containers"], *spec.get("initContainers", ())]:
            found = True
            yield f"{name}: {container['name']}", container
    assert found


def test_every_container_has_requests_and_limits(objects: list[Manifest]) -> None:
    for name, container in containers(objects):
        for part in ("requests", "limits"):
            assert set(container["resources"][part]) >= {"cpu", "memory"}, name


_VOLUMES = {"emptyDir", "secret", "configMap", "persistentVolumeClaim"}


def test_every_pod_is_restricted(objects: list[Manifest]) -> None:
    """As the Pod Security Standard *restricted* wants it, and with a read-only root besides."""
    for name, template in pod_templates(objects):
        spec = template["spec"]
        assert spec["securityContext"]["runAsNonRoot"] is True, name
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert spec["securityContext"]["runAsUser"] > 0, name
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(spec), name
        assert all(_VOLUMES & set(volume) for volume in spec.get("volumes", ())), name
    for name, container in containers(objects):
        security = container["securityContext"]
        assert security["allowPrivilegeEscalation"] is False, name
        assert security["capabilities"] == {"drop": ["ALL"]}, name
        assert security["readOnlyRootFilesystem"] is True, name
        assert security["runAsNonRoot"] is True, name


def test_every_container_is_probed(objects: list[Manifest]) -> None:
    for name, container in containers(objects):
        assert {"livenessProbe", "readinessProbe"} <= set(container), name


def test_no_image_is_whatever_is_newest(objects: list[Manifest]) -> None:
    for name, container in containers(objects):
        tag = container["image"].rpartition("/")[2].partition(":")[2]
        assert tag, name
        assert tag != "latest", name


@pytest.mark.parametrize(
    ("images", "image"),
    [
        ({}, "segue-operator:0.1.0"),
        ({"registry": "localhost:5000/", "tag": "7"}, "localhost:5000/segue-operator:7"),
        ({"registry": "r", "operator": "localhost/segue-operator:dev"}, "localhost/segue-operator:dev"),
        ({"registry": "r", "operator": "r:5000/x/op"}, "r/r:5000/x/op:0.1.0"),
        ({"operator": f"op@sha256:{'a' * 64}"}, f"op@sha256:{'a' * 64}"),
    ],
)
def test_images_are_names_or_whole_references(images: Values, image: str) -> None:
    objects = render({"images": images})
    (container,) = of_kind(objects, "Deployment")["segue-operator"]["spec"]["template"]["spec"]["containers"]
    assert container["image"] == image


def test_only_operator_and_driver_may_have_a_token(objects: list[Manifest]) -> None:
    """Accounts mount none by themselves; the operator's pod asks for its own, and so does Spark's driver."""
    accounts = [manifest for manifest in objects if manifest["kind"] == "ServiceAccount"]
    assert accounts
    assert all(account["automountServiceAccountToken"] is False for account in accounts)
    asking = {name for name, pod in pod_templates(objects) if pod["spec"]["automountServiceAccountToken"]}
    assert asking <= {"Deployment segue-operator", "Deployment blue-segue-operator"}


def rules(objects: list[Manifest]) -> Iterator[tuple[str, Manifest]]:
    for manifest in objects:
        if manifest["kind"] in ("Role", "ClusterRole"):
            yield from ((manifest["metadata"]["name"], rule) for rule in manifest["rules"])


def test_nobody_reads_secrets_or_gives_rights(objects: list[Manifest]) -> None:
    refused = {
        "secrets",
        "roles",
        "rolebindings",
        "clusterroles",
        "clusterrolebindings",
        "serviceaccounts",
        "pods/exec",
    }
    for name, rule in rules(objects):
        assert not refused & set(rule["resources"]), name
        assert "*" not in [*rule["resources"], *rule["verbs"], *rule["apiGroups"]], name


def test_the_operator_has_the_same_rights_in_both_scopes() -> None:
    namespaced, cluster = render(), render(MATRIX["cluster"])
    role = of_kind(namespaced, "Role")["segue-operator"]
    cluster_role = of_kind(cluster, "ClusterRole")["segue-operator-music"]
    assert role["rules"] == cluster_role["rules"]
    assert "segue-operator" not in of_kind(cluster, "Role")
    binding = of_kind(cluster, "ClusterRoleBinding")["segue-operator-music"]
    assert binding["roleRef"]["name"] == "segue-operator-music"
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "segue-operator", "namespace": "music"}]


def test_without_cluster_scope_there_are_no_rights_beyond_namespaces() -> None:
    """The aggregated roles give people rights, by bindings that are not ours."""
    objects = render(MATRIX["namespaces"])
    assert of_kind(objects, "ClusterRoleBinding") == {}
    assert all("-view" in name or "-edit" in name for name in of_kind(objects, "ClusterRole"))
    roles = [one for one in objects if one["kind"] == "Role" and one["metadata"]["name"] == "segue-operator"]
    assert [role["metadata"]["namespace"] for role in roles] == ["music", "jazz", "folk"]


def test_every_binding_joins_a_role_and_an_account_that_exist(objects: list[Manifest]) -> None:
    for values in MATRIX.values():
        _check_bindings(render(values), values)


def _check_bindings(objects: list[Manifest], values: Mapping[str, object]) -> None:
    def names(kind: str) -> set[tuple[str, str]]:
        found = [one["metadata"] for one in objects if one["kind"] == kind]
        return {(metadata.get("namespace", ""), metadata["name"]) for metadata in found}

    for binding in objects:
        if not binding["kind"].endswith("RoleBinding"):
            continue
        namespace = binding["metadata"].get("namespace", "")
        assert (namespace, binding["roleRef"]["name"]) in names(binding["roleRef"]["kind"]), values
        for subject in binding["subjects"]:
            assert (subject["namespace"], subject["name"]) in names("ServiceAccount"), values


def test_viewers_view_and_editors_edit() -> None:
    roles = of_kind(render(), "ClusterRole")
    view, edit = roles["segue-music-view"], roles["segue-music-edit"]
    prefix = "rbac.authorization.k8s.io/aggregate-to-"
    assert {key.removeprefix(prefix) for key in view["metadata"]["labels"] if key.startswith(prefix)} == {
        "view",
        "edit",
        "admin",
    }
    assert view["rules"][0]["verbs"] == ["get", "list", "watch"]
    assert {key.removeprefix(prefix) for key in edit["metadata"]["labels"] if key.startswith(prefix)} == {
        "edit",
        "admin",
    }
    assert "create" in edit["rules"][0]["verbs"]


def test_charts_of_others_are_not_part_of_the_project() -> None:
    assert [path for path in (*SEGUE.rglob("*.tgz"), *STACK.rglob("*.tgz")) if "charts" not in _inside(path)] == []


def _inside(path: Path) -> tuple[str, ...]:
    return path.relative_to(STACK.parent).parts[1:]
