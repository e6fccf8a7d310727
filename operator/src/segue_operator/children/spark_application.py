"""The SparkApplication of one attempt of a training run.

Fields that only the Spark operator's webhook would apply are in the pod templates instead, so it works without the
webhook too.
"""

from __future__ import annotations

from typing import Any

from segue_core.contract import TRAIN_APPLICATION_FILE, TrainArguments
from segue_operator.children.config import ChildConfig
from segue_operator.children.metadata import labels, metadata
from segue_operator.children.naming import application_name
from segue_operator.children.override_pod import override_pod
from segue_operator.children.pod import (
    CONTAINER_SECURITY,
    POD_SECURITY,
    certificate_mounts,
    certificate_volumes,
    environment,
    metrics_port,
)
from segue_operator.kinds.constants import Component, Label
from segue_operator.kinds.objects import Kind, Manifest, type_meta
from segue_operator.kinds.trainingrun import TrainingRun

SPARK_VERSION = "4.2.0"
DRIVER_CONTAINER = "spark-kubernetes-driver"
EXECUTOR_CONTAINER = "spark-kubernetes-executor"
WORK_DIRECTORY = "/opt/spark/work-dir"
DRIVER_CORE_REQUEST = "250m"
"""The driver mostly waits for its executors. It has no limit, so it can use free CPU."""

SPARK_CONFIGURATION = {
    # Creating a NetworkPolicy for the driver needs a right that the Spark operator does not have.
    "spark.kubernetes.driver.pod.excludedFeatureSteps": (
        "org.apache.spark.deploy.k8s.features.NetworkPolicyFeatureStep"
    ),
    "spark.ui.prometheus.enabled": "true",
}


def train_arguments(run: TrainingRun) -> TrainArguments:
    """Command line of the training program."""
    spec, retrain = run.spec, run.status.retrain
    again = f".{retrain.round}" if retrain is not None and retrain.round > 1 else ""
    return TrainArguments(
        catalogue=spec.catalogue,
        run=run.metadata.name,
        namespace=run.metadata.namespace,
        run_uid=f"{run.metadata.uid}{again}",
        family=spec.families,
        k=spec.kmeans.k,
        seed=spec.kmeans.seed,
        maximum_iterations=spec.kmeans.max_iterations,
        distance=spec.kmeans.distance,
        promotion=spec.promotion.policy,
        tolerance=float(spec.promotion.tolerance),
    )


def _pod_template(run: TrainingRun, config: ChildConfig, container: str, *, is_driver: bool) -> Manifest:
    mounts = [
        {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - an emptyDir of its own
        {"name": "work", "mountPath": WORK_DIRECTORY},
        *certificate_mounts(config),
    ]
    template: Manifest = {
        "metadata": {},
        "spec": {
            "automountServiceAccountToken": is_driver,
            "enableServiceLinks": False,
            "securityContext": POD_SECURITY,
            "containers": [
                {
                    "name": container,
                    "env": environment(config, Component.TRAIN),
                    **({"ports": [metrics_port()]} if is_driver else {}),
                    "securityContext": CONTAINER_SECURITY,
                    "terminationMessagePolicy": "FallbackToLogsOnError",
                    "volumeMounts": mounts,
                }
            ],
            "volumes": [
                {"name": "tmp", "emptyDir": {}},
                {"name": "work", "emptyDir": {}},
                *certificate_volumes(config),
            ],
        },
    }
    return override_pod(template, run.spec.pod_overrides)


def _role(run: TrainingRun, config: ChildConfig, attempt: int, template: Manifest) -> dict[str, Any]:
    """Fields of driver or executor that spark-submit sets by options and does not take from the template."""
    service_account = template["spec"].pop("serviceAccountName", config.spark_service_account)
    template["spec"].pop("imagePullSecrets", None)  # spec.imagePullSecrets has them already
    given = template.pop("metadata")
    role: dict[str, Any] = {
        "serviceAccount": service_account,
        "labels": given.get("labels", {}) | labels(run, Component.TRAIN) | {str(Label.ATTEMPT): str(attempt)},
        "template": template,
    }
    if given.get("annotations"):
        role["annotations"] = given["annotations"]
    return role


def build_spark_application(run: TrainingRun, attempt: int, config: ChildConfig) -> Manifest:
    """SparkApplication of an attempt. Segue retries with a new one; the Spark operator never does."""
    spark = run.spec.spark
    driver = _role(run, config, attempt, _pod_template(run, config, DRIVER_CONTAINER, is_driver=True))
    executor = _role(run, config, attempt, _pod_template(run, config, EXECUTOR_CONTAINER, is_driver=False))
    spec: dict[str, Any] = {
        "type": "Python",
        "pythonVersion": "3",
        "mode": "cluster",
        "sparkVersion": SPARK_VERSION,
        "image": config.spark_image,
        "imagePullPolicy": config.image_pull_policy,
        "mainApplicationFile": TRAIN_APPLICATION_FILE,
        "arguments": train_arguments(run).to_argv(),
        "restartPolicy": {"type": "Never"},
        "suspend": run.spec.suspend,
        "sparkConf": dict(SPARK_CONFIGURATION),
        "driver": {"cores": 1, "coreRequest": DRIVER_CORE_REQUEST, "memory": spark.driver_memory, **driver},
        "executor": {
            "instances": spark.executors,
            "cores": spark.executor_cores,
            "memory": spark.executor_memory,
            "deleteOnTermination": True,
            **executor,
        },
    }
    overrides = run.spec.pod_overrides
    if overrides is not None and overrides.image_pull_secrets:
        spec["imagePullSecrets"] = [secret.name for secret in overrides.image_pull_secrets]
    return {
        **type_meta(Kind.SPARK_APPLICATION),
        "metadata": metadata(
            run, application_name(run.metadata.name, attempt), Component.TRAIN, {str(Label.ATTEMPT): str(attempt)}
        ),
        "spec": spec,
    }
