"""What users can change in pods: the dozen fields people need, in Kubernetes' own shapes."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from pydantic import Field

from segue_core.contract import Env
from segue_operator.kinds.base import ApiModel, Integer, ResourceName, Rule, obeys, unique
from segue_operator.kinds.constants import GROUP

Quantity = (
    Annotated[int, Field(ge=0)]
    | Annotated[str, Field(max_length=64, pattern=r"^[0-9]+(\.[0-9]{1,3})?(m|[kMGTPE]|[KMGTPE]i)?$")]
)
LabelValue = Annotated[str, Field(max_length=63)]
VariableName = Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[A-Za-z_][A-Za-z0-9_.-]*$")]


_FACTORS = {"": Decimal(1), "m": Decimal("0.001")}
_FACTORS |= {suffix: Decimal(1000) ** power for power, suffix in enumerate("kMGTPE", start=1)}
_FACTORS |= {f"{suffix}i": Decimal(1024) ** power for power, suffix in enumerate("KMGTPE", start=1)}


def amount(quantity: int | str) -> Decimal:
    """Value of a valid quantity, for example 0.5 for ``500m`` and 1024 for ``1Ki``."""
    text = str(quantity)
    number = text.rstrip("mkKMGTPEi")
    return Decimal(number) * _FACTORS[text[len(number) :]]


class ResourceRequirements(ApiModel):
    """CPU and memory of the pod's container."""

    requests: Annotated[dict[str, Quantity], Field(max_length=16)] | None = None
    limits: Annotated[dict[str, Quantity], Field(max_length=16)] | None = None

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "a request must not exceed the limit of the same resource",
            lambda r: all(
                amount(request) <= amount((r.limits or {}).get(name, request))
                for name, request in (r.requests or {}).items()
            ),
        ),
    )


class TolerationOperator(StrEnum):
    """How a toleration's key and value are compared with a taint."""

    EXISTS = "Exists"
    EQUAL = "Equal"


class TaintEffect(StrEnum):
    """What a taint does."""

    NO_SCHEDULE = "NoSchedule"
    PREFER_NO_SCHEDULE = "PreferNoSchedule"
    NO_EXECUTE = "NoExecute"


class Toleration(ApiModel):
    """One toleration."""

    key: Annotated[str, Field(max_length=317)] | None = None
    operator: TolerationOperator | None = None
    value: LabelValue | None = None
    effect: TaintEffect | None = None
    toleration_seconds: Integer | None = None


class KeySelector(ApiModel):
    """One key of a Secret or a ConfigMap."""

    name: ResourceName
    key: Annotated[str, Field(min_length=1, max_length=253)]
    optional: Annotated[bool, Field(strict=True)] | None = None


class FieldSelector(ApiModel):
    """One field of the pod itself."""

    field_path: Annotated[str, Field(min_length=1, max_length=253)]


class EnvVarSource(ApiModel):
    """Where a variable's value comes from."""

    secret_key_ref: KeySelector | None = None
    config_map_key_ref: KeySelector | None = None
    field_ref: FieldSelector | None = None

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "set exactly one of secretKeyRef, configMapKeyRef and fieldRef",
            lambda s: [s.secret_key_ref, s.config_map_key_ref, s.field_ref].count(None) == 2,
        ),
    )


class EnvVar(ApiModel):
    """One environment variable."""

    name: VariableName
    value: Annotated[str, Field(max_length=4096)] | None = None
    value_from: EnvVarSource | None = None

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule("set value or valueFrom, not both", lambda v: v.value is None or v.value_from is None),
        Rule(f"{Env.SHARD} is set by the Job itself: omit it", lambda v: v.name != Env.SHARD),
    )


class LocalReference(ApiModel):
    """An object of the same namespace, by name."""

    name: ResourceName


class EnvFromSource(ApiModel):
    """All keys of a Secret or a ConfigMap as variables."""

    prefix: Annotated[str, Field(max_length=253)] | None = None
    secret_ref: LocalReference | None = None
    config_map_ref: LocalReference | None = None

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "set exactly one of secretRef and configMapRef",
            lambda s: (s.secret_ref is None) != (s.config_map_ref is None),
        ),
    )


RESERVED_PREFIXES = (f"{GROUP}/", "app.kubernetes.io/")
NO_RESERVED_LABEL = Rule(
    f"labels under {' and '.join(RESERVED_PREFIXES)} are reserved for the operator: choose another prefix",
    lambda labels: not any(key.startswith(RESERVED_PREFIXES) for key in labels),
)
EVERY_VARIABLE_ONCE = Rule(
    "an environment variable is listed twice: keep one of them",
    lambda variables: unique(tuple(variable.name for variable in variables)),
)


class PodOverrides(ApiModel):
    """Changes to the pods of a resource's own children; the sink belongs to none."""

    resources: ResourceRequirements | None = None
    node_selector: Annotated[dict[str, LabelValue], Field(max_length=32)] | None = None
    tolerations: Annotated[tuple[Toleration, ...], Field(max_length=32)] | None = None
    affinity: dict[str, Any] | None = None
    env: Annotated[tuple[EnvVar, ...], Field(max_length=64), obeys(EVERY_VARIABLE_ONCE)] | None = None
    env_from: Annotated[tuple[EnvFromSource, ...], Field(max_length=16)] | None = None
    image_pull_secrets: Annotated[tuple[LocalReference, ...], Field(max_length=16)] | None = None
    service_account_name: ResourceName | None = None
    priority_class_name: ResourceName | None = None
    labels: Annotated[dict[str, LabelValue], Field(max_length=32), obeys(NO_RESERVED_LABEL)] | None = None
    annotations: Annotated[dict[str, Annotated[str, Field(max_length=4096)]], Field(max_length=32)] | None = None
