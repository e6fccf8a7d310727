"""What each child asks of Kubernetes or of the Spark operator, and what its programs find in their pods."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from segue_core.contract import ExitCode
from segue_operator.children.config import DEFAULT_RESOURCES, ChildConfig
from segue_operator.children.extract_job import build_extract_job
from segue_operator.children.sink_deployment import build_sink_deployment
from segue_operator.children.spark_application import SPARK_VERSION, WORK_DIRECTORY, build_spark_application
from segue_operator.children.verify_job import build_verify_job
from segue_operator.kinds.constants import Component
from support.children import OVERRIDES, PLAIN, SECURED, batch_model, run_model
from support.manifests import track_batch

Child = dict[str, Any]
RUN_OVERRIDES = {key: value for key, value in OVERRIDES.items() if key != "resources"}
BATCH_BUILDERS = {"extract": build_extract_job, "verify": build_verify_job}
JOBS_PROGRAMS = ("extract", "sink", "verify")

EVERYWHERE = {
    "SEGUE_DATABASE": "segue",
    "SEGUE_TOPIC_CREATE": "false",
    "SEGUE_METRICS_PORT": "8080",
    "MONGODB_URI": {"secretKeyRef": {"name": "segue-mongodb", "key": "uri"}},
}
ENVIRONMENTS: list[tuple[ChildConfig, dict[str, Any]]] = [
    (
        PLAIN,
        {
            "KAFKA_BOOTSTRAP": "kafka:9092",
            "KAFKA_SECURITY_PROTOCOL": "PLAINTEXT",
            "SEGUE_TOPIC_PREFIX": "segue",
            "SEGUE_TOPIC_PARTITIONS": "4",
            "SEGUE_LOG_FORMAT": "json",
        },
    ),
    (
        SECURED,
        {
            "KAFKA_BOOTSTRAP": "kafka:9093",
            "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
            "KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
            "KAFKA_USERNAME": "segue",
            "KAFKA_CA_FILE": "/etc/segue/kafka/ca.crt",
            "SEGUE_TOPIC_PREFIX": "music",
            "SEGUE_TOPIC_PARTITIONS": "8",
            "SEGUE_LOG_FORMAT": "json",
        },
    ),
]


def children(config: ChildConfig, overrides: dict[str, Any] | None = None) -> dict[str, Child]:
    """One child of each kind, by the program that runs in it."""
    batch = batch_model(podOverrides=overrides or {})
    run = run_model(podOverrides={key: value for key, value in (overrides or {}).items() if key != "resources"})
    made = {program: build(batch, config) for program, build in BATCH_BUILDERS.items()}
    overridden = replace(config, sink_pod_overrides=batch.spec.pod_overrides)
    made["sink"] = build_sink_deployment("default", [track_batch()], 1, overridden)
    return {**made, "train": build_spark_application(run, 3, config)}


def pods(child: Child) -> Iterator[tuple[Child, Child]]:
    """Spec of each pod and its container."""
    spec = child["spec"]
    templates = (
        [spec["template"]] if "template" in spec else [spec[role]["template"] for role in ("driver", "executor")]
    )
    for template in templates:
        (container,) = template["spec"]["containers"]
        yield template["spec"], container


def environment(container: Child) -> dict[str, Any]:
    """Variables by name: a value, or where it comes from."""
    return {one["name"]: one.get("value", one.get("valueFrom")) for one in container["env"]}


def failures(job: Child) -> dict[int, str]:
    """What a Job does about each exit code that it knows."""
    rules = job["spec"]["podFailurePolicy"]["rules"]
    codes = [rule for rule in rules if "onExitCodes" in rule]
    assert {rule["onExitCodes"]["operator"] for rule in codes} == {"In"}
    (name,) = {rule["onExitCodes"]["containerName"] for rule in codes}
    assert [container["name"] for _, container in pods(job)] == [name]
    return {code: rule["action"] for rule in codes for code in rule["onExitCodes"]["values"]}


def test_children_are_named_and_labelled_by_their_parent() -> None:
    made = children(PLAIN)
    del made["sink"]
    for program, child in made.items():
        parent, kind = ("weekly", "TrainingRun") if program == "train" else ("songs", "TrackBatch")
        metadata = child["metadata"]
        assert metadata["name"] == (f"{parent}-train-3" if program == "train" else f"{parent}-{program}")
        assert metadata["namespace"] == "default"
        assert {key: value for key, value in metadata["labels"].items() if key.startswith("app.kubernetes.io/")} == {
            "app.kubernetes.io/name": f"segue-{program}",
            "app.kubernetes.io/instance": parent,
            "app.kubernetes.io/component": program,
            "app.kubernetes.io/part-of": "segue",
            "app.kubernetes.io/managed-by": "segue-operator",
        }
        (owner,) = metadata["ownerReferences"]
        assert (owner["kind"], owner["name"], owner["uid"]) == (kind, parent, f"uid-{parent}")
        assert (owner["controller"], owner["blockOwnerDeletion"]) == (True, True)


# ------------------------------------------------------------------------------------------------ Jobs and Deployment


def test_a_shard_is_an_index_that_is_tried_again_by_itself() -> None:
    extraction = {"engine": "Librosa", "shards": 16, "parallelism": 4}
    spec = build_extract_job(batch_model(extraction=extraction, activeDeadlineSeconds=3600), PLAIN)["spec"]
    assert (spec["completionMode"], spec["completions"], spec["parallelism"]) == ("Indexed", 16, 4)
    assert (spec["backoffLimitPerIndex"], spec["maxFailedIndexes"]) == (3, 16)
    assert spec["activeDeadlineSeconds"] == 3600
    assert "activeDeadlineSeconds" not in build_extract_job(batch_model(), PLAIN)["spec"]


def test_verify_is_one_pod_that_is_tried_again() -> None:
    spec = build_verify_job(batch_model(), PLAIN)["spec"]
    assert (spec["completions"], spec["parallelism"], spec["backoffLimit"]) == (1, 1, 3)
    assert "completionMode" not in spec


def test_wrong_arguments_end_a_job_and_a_shard_that_cannot_succeed_alone() -> None:
    made = children(PLAIN)
    assert failures(made["extract"]) == {
        ExitCode.CONFIGURATION: "FailJob",
        ExitCode.UNRECOVERABLE: "FailIndex",
        ExitCode.OUTAGE: "Ignore",
    }
    ends = dict.fromkeys((ExitCode.CONFIGURATION, ExitCode.UNRECOVERABLE), "FailJob")
    assert failures(made["verify"]) == {**ends, ExitCode.OUTAGE: "Ignore"}


@pytest.mark.parametrize("program", ["extract", "verify"])
def test_an_evicted_pod_is_not_a_failure_and_is_gone_before_the_next_starts(program: str) -> None:
    spec = children(PLAIN)[program]["spec"]
    ignored = {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}
    assert ignored in spec["podFailurePolicy"]["rules"]
    assert spec["podReplacementPolicy"] == "Failed"


def test_a_sink_belongs_to_all_batches_that_need_it_and_is_named_after_none() -> None:
    sink = build_sink_deployment("music", [track_batch("a"), track_batch("b")], 2, PLAIN)
    metadata = sink["metadata"]
    assert (metadata["name"], metadata["namespace"], sink["spec"]["replicas"]) == ("segue-sink", "music", 2)
    assert [(owner["name"], owner["uid"]) for owner in metadata["ownerReferences"]] == [("a", "uid-a"), ("b", "uid-b")]
    assert not any("controller" in owner for owner in metadata["ownerReferences"])
    assert "segue.dev/trackbatch" not in metadata["labels"]


def test_a_sink_is_replaced_only_by_one_that_is_ready() -> None:
    sink = children(PLAIN)["sink"]
    one_more = {"maxSurge": 1, "maxUnavailable": 0}
    assert sink["spec"]["strategy"] == {"type": "RollingUpdate", "rollingUpdate": one_more}
    labels = sink["spec"]["template"]["metadata"]["labels"]
    selected = sink["spec"]["selector"]["matchLabels"]
    assert selected == {"segue.dev/component": "sink", "app.kubernetes.io/instance": "segue-sink"}
    assert selected.items() <= labels.items()
    ((_, container),) = pods(sink)
    (port,) = container["ports"]
    for probe, path in (("readinessProbe", "/readyz"), ("livenessProbe", "/livez")):
        assert container[probe]["httpGet"] == {"path": path, "port": port["name"]}


# ------------------------------------------------------------------------------------------------- SparkApplication


def test_a_training_is_a_python_program_that_spark_runs_once() -> None:
    spec = children(PLAIN)["train"]["spec"]
    assert (spec["type"], spec["mode"], spec["restartPolicy"]) == ("Python", "cluster", {"type": "Never"})
    assert (spec["sparkVersion"], spec["image"]) == (SPARK_VERSION, "segue-spark")
    assert spec["mainApplicationFile"] == "local:///opt/segue/train.py"
    assert spec["executor"]["instances"] == 2
    assert spec["executor"]["deleteOnTermination"] is True
    assert spec["driver"]["coreRequest"] == "250m"
    assert spec["sparkConf"]["spark.ui.prometheus.enabled"] == "true"
    assert spec["sparkConf"]["spark.kubernetes.driver.pod.excludedFeatureSteps"].endswith(".NetworkPolicyFeatureStep")


def test_a_training_is_labelled_by_its_attempt() -> None:
    labels = children(PLAIN)["train"]["metadata"]["labels"]
    assert (labels["segue.dev/attempt"], labels["segue.dev/trainingrun"]) == ("3", "weekly")


def test_spark_fills_the_containers_by_their_names() -> None:
    names = [container["name"] for _, container in pods(children(PLAIN)["train"])]
    assert names == ["spark-kubernetes-driver", "spark-kubernetes-executor"]


def test_spark_can_write_where_it_works() -> None:
    for _, container in pods(children(PLAIN)["train"]):
        assert {"name": "work", "mountPath": WORK_DIRECTORY} in container["volumeMounts"]


# ------------------------------------------------------------------------------------------------------------- pods


@pytest.mark.parametrize(("config", "expected"), ENVIRONMENTS, ids=["plain", "secured"])
def test_every_program_has_its_servers_in_its_environment(config: ChildConfig, expected: dict[str, Any]) -> None:
    for program, child in children(config).items():
        for _, container in pods(child):
            assert environment(container) == EVERYWHERE | expected | password_of(config, program)


def password_of(config: ChildConfig, program: str) -> dict[str, Any]:
    """How a program finds its user's password, if there is one."""
    user = config.kafka.user
    if user is None:
        return {}
    if program == "sink":
        return {"KAFKA_PASSWORD_FILE": "/etc/segue/kafka-user/password"}
    return {"KAFKA_PASSWORD": {"secretKeyRef": {"name": user.password.name, "key": user.password.key}}}


def test_the_password_of_a_sink_is_a_file_so_that_it_may_change_while_it_runs() -> None:
    ((pod, container),) = pods(children(SECURED)["sink"])
    mount = {"name": "kafka-user", "mountPath": "/etc/segue/kafka-user", "readOnly": True}
    assert mount in container["volumeMounts"]
    files = {"secretName": "segue-kafka", "items": [{"key": "password", "path": "password"}]}
    assert {"name": "kafka-user", "secret": files} in pod["volumes"]
    assert "kafka-user" not in str(children(PLAIN))


def test_where_secrets_cannot_be_mounted_the_password_is_a_variable() -> None:
    config = replace(SECURED, kafka=replace(SECURED.kafka, password_as_file=False))
    ((_, container),) = pods(children(config)["sink"])
    assert environment(container)["KAFKA_PASSWORD"] == {"secretKeyRef": {"name": "segue-kafka", "key": "password"}}
    assert "kafka-user" not in str(container["volumeMounts"])


def test_the_brokers_certificate_is_a_file_where_one_is_named() -> None:
    mount = {"name": "kafka-ca", "mountPath": "/etc/segue/kafka", "readOnly": True}
    files = {"secretName": "cluster-ca-cert", "items": [{"key": "ca.crt", "path": "ca.crt"}]}
    for child in children(SECURED).values():
        for pod, container in pods(child):
            assert mount in container["volumeMounts"]
            assert {"name": "kafka-ca", "secret": files} in pod["volumes"]
    assert "kafka-ca" not in str(children(PLAIN))


def test_every_program_can_write_to_tmp_and_serves_its_metrics() -> None:
    for program, child in children(PLAIN).items():
        for pod, container in pods(child):
            assert {"name": "tmp", "mountPath": "/tmp"} in container["volumeMounts"]
            assert {"name": "tmp", "emptyDir": {}} in pod["volumes"]
            if "executor" not in container["name"]:
                assert container["ports"] == [{"name": "metrics", "containerPort": 8080, "protocol": "TCP"}], program


@pytest.mark.parametrize(
    ("volume", "mounted"),
    [
        ({"hostPath": {"path": "/srv/music"}}, {"hostPath": {"path": "/srv/music", "type": "Directory"}}),
        (
            {"persistentVolumeClaim": {"claimName": "fma"}},
            {"persistentVolumeClaim": {"claimName": "fma", "readOnly": True}},
        ),
    ],
    ids=["hostPath", "claim"],
)
def test_who_lists_the_source_mounts_it_read_only(volume: Child, mounted: Child) -> None:
    batch = batch_model(source={"volume": volume, "metadata": {"path": "tracks.csv"}})
    for build in BATCH_BUILDERS.values():
        ((pod, container),) = pods(build(batch, PLAIN))
        mounts = [mount for mount in container["volumeMounts"] if mount["name"] == "source"]
        assert mounts == [{"name": "source", "mountPath": "/source", "readOnly": True}]
        assert [one for one in pod["volumes"] if one["name"] == "source"] == [{"name": "source", **mounted}]
    assert "source" not in {volume["name"] for pod, _ in pods(children(PLAIN)["sink"]) for volume in pod["volumes"]}


@pytest.mark.parametrize("component", [Component.EXTRACT, Component.SINK, Component.VERIFY])
def test_each_program_has_an_account_and_resources_of_its_own(component: Component) -> None:
    ((pod, container),) = pods(children(PLAIN)[component])
    assert pod["serviceAccountName"] == f"segue-{component}"
    assert container["resources"] == DEFAULT_RESOURCES[component]
    assert container["command"] == ["python", "-m", f"segue_jobs.{component}"]
    assert (container["image"], container["imagePullPolicy"]) == ("segue-jobs", "IfNotPresent")
    assert pod["restartPolicy"] == ("Always" if component is Component.SINK else "Never")
    assert (pod["terminationGracePeriodSeconds"], pod["enableServiceLinks"]) == (60, False)


def test_driver_and_executors_have_sparks_account() -> None:
    spec = children(PLAIN)["train"]["spec"]
    assert {spec[role]["serviceAccount"] for role in ("driver", "executor")} == {"segue-spark"}


# -------------------------------------------------------------------------------------------------------- overrides


def test_what_the_owner_of_a_resource_overrides_is_in_every_pod() -> None:
    for program, child in children(SECURED, OVERRIDES).items():
        for pod, container in pods(child):
            for field in ("nodeSelector", "tolerations", "affinity", "priorityClassName"):
                assert pod[field] == OVERRIDES[field], program
            assert container["envFrom"] == OVERRIDES["envFrom"]
            variables = environment(container)
            assert variables["SEGUE_LOG_FORMAT"] == "text"
            assert variables["SEGUE_WORKERS"] == "4"
            assert variables["TOKEN"] == {"secretKeyRef": {"name": "tokens", "key": "music"}}
            assert variables["KAFKA_BOOTSTRAP"] == "kafka:9093"


def test_jobs_and_deployments_take_resources_accounts_and_annotations() -> None:
    made = children(PLAIN, OVERRIDES)
    for program in JOBS_PROGRAMS:
        ((pod, container),) = pods(made[program])
        assert container["resources"] == OVERRIDES["resources"]
        assert pod["serviceAccountName"] == "musician"
        assert pod["imagePullSecrets"] == [{"name": "registry"}]
        metadata = made[program]["spec"]["template"]["metadata"]
        assert metadata["annotations"] == OVERRIDES["annotations"]
        assert metadata["labels"]["team"] == "music"


def test_a_training_takes_them_where_the_spark_operator_looks() -> None:
    spec = children(PLAIN, OVERRIDES)["train"]["spec"]
    assert spec["imagePullSecrets"] == ["registry"]
    for role in ("driver", "executor"):
        assert spec[role]["serviceAccount"] == "musician"
        assert spec[role]["annotations"] == OVERRIDES["annotations"]
        assert spec[role]["labels"]["team"] == "music"


def test_without_overrides_none_of_their_fields_is_there() -> None:
    for child in children(PLAIN).values():
        for pod, container in pods(child):
            assert not {"nodeSelector", "tolerations", "affinity", "priorityClassName", "imagePullSecrets"} & set(pod)
            assert "envFrom" not in container
