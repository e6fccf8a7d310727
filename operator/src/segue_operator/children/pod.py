"""Parts of a pod template that all children share: restricted, read-only, secrets by reference."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import Any

from segue_core.contract import METRICS_PORT, SOURCE_MOUNT_PATH, Env
from segue_operator.children.config import ChildConfig, SecretKey
from segue_operator.kinds.constants import Component
from segue_operator.kinds.trackbatch import Volume

CA_MOUNT_PATH = "/etc/segue/kafka"
CA_FILE = "ca.crt"
USER_MOUNT_PATH = "/etc/segue/kafka-user"
USER_FILE = "password"
TERMINATION_GRACE_SECONDS = 60

POD_SECURITY = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
CONTAINER_SECURITY = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
    "runAsNonRoot": True,
}


def escape(text: str) -> str:
    """Keep the kubelet from expanding ``$(NAME)`` in an argument or a value: a file may be named ``$(HOME)``."""
    return text.replace("$", "$$")


def value_from_secret(name: str, secret: SecretKey) -> dict[str, Any]:
    """Variable whose value the kubelet reads from a Secret."""
    return {"name": str(name), "valueFrom": {"secretKeyRef": {"name": secret.name, "key": secret.key}}}


def environment(config: ChildConfig, component: Component) -> list[dict[str, Any]]:
    """Environment of a program; only the broker's user, and where its password is, differ between programs."""
    kafka = config.kafka
    user, in_file = kafka.user_of(component), _mounts_password(config, component)
    plain: dict[Env, str | None] = {
        Env.KAFKA_BOOTSTRAP: kafka.bootstrap,
        Env.KAFKA_SECURITY_PROTOCOL: kafka.security_protocol,
        Env.KAFKA_SASL_MECHANISM: kafka.sasl_mechanism,
        Env.KAFKA_USERNAME: user.name if user else None,
        Env.KAFKA_PASSWORD_FILE: f"{USER_MOUNT_PATH}/{USER_FILE}" if in_file else None,
        Env.KAFKA_CA_FILE: f"{CA_MOUNT_PATH}/{CA_FILE}" if kafka.ca_certificate else None,
        Env.DATABASE: config.database,
        Env.TOPIC_PREFIX: config.topic_prefix,
        Env.TOPIC_CREATE: "true" if config.create_topics else "false",
        Env.TOPIC_PARTITIONS: str(config.topic_partitions),
        Env.METRICS_PORT: str(METRICS_PORT),
        Env.LOG_FORMAT: config.log_format,
    }
    variables = [{"name": str(name), "value": escape(value)} for name, value in plain.items() if value is not None]
    if user is not None and not in_file:
        variables.append(value_from_secret(Env.KAFKA_PASSWORD, user.password))
    variables.append(value_from_secret(Env.MONGODB_URI, config.mongodb_uri))
    return variables


def metrics_port() -> dict[str, Any]:
    """Port of the metrics and the probes; Prometheus finds declared ports only."""
    return {"name": "metrics", "containerPort": METRICS_PORT, "protocol": "TCP"}


def certificate_volumes(config: ChildConfig) -> list[dict[str, Any]]:
    """Volume with the broker's CA, if it has one."""
    certificate = config.kafka.ca_certificate
    if certificate is None:
        return []
    items = [{"key": certificate.key, "path": CA_FILE}]
    return [{"name": "kafka-ca", "secret": {"secretName": certificate.name, "items": items}}]


def certificate_mounts(config: ChildConfig) -> list[dict[str, Any]]:
    """Mount of the broker's CA, if it has one."""
    if config.kafka.ca_certificate is None:
        return []
    return [{"name": "kafka-ca", "mountPath": CA_MOUNT_PATH, "readOnly": True}]


def _mounts_password(config: ChildConfig, component: Component) -> bool:
    """Whether a program reads the password of its user from a file, and not from a variable.

    A sink runs for long, and Strimzi may change a password just after it has made the Secret. Jobs start anew anyway,
    and if the Secret of a variable is missing, their pods say so.
    """
    kafka = config.kafka
    return component is Component.SINK and kafka.password_as_file and kafka.user_of(component) is not None


def _password_volumes(config: ChildConfig, component: Component) -> list[dict[str, Any]]:
    """Volume with the password of a program's user, if it reads it from a file."""
    user = config.kafka.user_of(component)
    if user is None or not _mounts_password(config, component):
        return []
    items = [{"key": user.password.key, "path": USER_FILE}]
    return [{"name": "kafka-user", "secret": {"secretName": user.password.name, "items": items}}]


def _password_mounts(config: ChildConfig, component: Component) -> list[dict[str, Any]]:
    """Mount of that volume."""
    if not _mounts_password(config, component):
        return []
    return [{"name": "kafka-user", "mountPath": USER_MOUNT_PATH, "readOnly": True}]


def source_volume(volume: Volume) -> dict[str, Any]:
    """The batch's volume, read-only."""
    if volume.persistent_volume_claim is not None:
        claim = {"claimName": volume.persistent_volume_claim.claim_name, "readOnly": True}
        return {"name": "source", "persistentVolumeClaim": claim}
    if volume.host_path is not None:
        return {"name": "source", "hostPath": {"path": volume.host_path.path, "type": "Directory"}}
    raise ValueError("validation lets no volume without a source pass")


def source_path(path: str) -> str:
    """Path in the container of a path in the volume."""
    return posixpath.normpath(posixpath.join(SOURCE_MOUNT_PATH, path))


def pod_spec(
    config: ChildConfig,
    component: Component,
    *,
    command: list[str],
    arguments: list[str],
    restart_policy: str,
    volume: Volume | None = None,
) -> dict[str, Any]:
    """Pod that runs one program of the jobs image."""
    mounts = [
        {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - an emptyDir of its own
        *certificate_mounts(config),
        *_password_mounts(config, component),
    ]
    volumes: list[Mapping[str, Any]] = [
        {"name": "tmp", "emptyDir": {}},
        *certificate_volumes(config),
        *_password_volumes(config, component),
    ]
    if volume is not None:
        mounts.append({"name": "source", "mountPath": SOURCE_MOUNT_PATH, "readOnly": True})
        volumes.append(source_volume(volume))
    container = {
        "name": str(component),
        "image": config.jobs_image,
        "imagePullPolicy": config.image_pull_policy,
        "command": command,
        "args": [escape(argument) for argument in arguments],
        "env": environment(config, component),
        "ports": [metrics_port()],
        "resources": {part: dict(values) for part, values in config.resources[component].items()},
        "securityContext": CONTAINER_SECURITY,
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": mounts,
    }
    return {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "restartPolicy": restart_policy,
        "securityContext": POD_SECURITY,
        "serviceAccountName": config.service_accounts[component],
        "terminationGracePeriodSeconds": TERMINATION_GRACE_SECONDS,
        "containers": [container],
        "volumes": volumes,
    }
