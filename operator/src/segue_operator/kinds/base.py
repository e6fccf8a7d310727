"""What the models of both kinds share: names and types of fields, and rules across fields.

A `Rule` repeats one ``x-kubernetes-validations`` entry of the CRD, with the same message at the same path. A test
compares them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

RULE_ERROR = "rule"
"""Type of the pydantic error that carries the messages of broken rules."""
MAXIMUM_INT32 = 2_147_483_647


@dataclass(frozen=True)
class Rule:
    """One rule across fields: the check, and the message if it fails."""

    message: str
    holds: Callable[[Any], bool]


def broken_rules(sentences: list[str]) -> PydanticCustomError:
    """Error that carries the messages of broken rules to `ManifestError`."""
    return PydanticCustomError(RULE_ERROR, "{text}", {"text": "; ".join(sentences), "sentences": sentences})


def obeys(*rules: Rule) -> AfterValidator:
    """Rules of a single value, for ``Annotated``."""

    def check(value: Any) -> Any:
        broken = [rule.message for rule in rules if not rule.holds(value)]
        if broken:
            raise broken_rules(broken)
        return value

    return AfterValidator(check)


class ApiModel(BaseModel):
    """Part of a spec: frozen, in camelCase, without unknown fields or coercion."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, validate_by_alias=True, validate_by_name=True
    )
    RULES: ClassVar[tuple[Rule, ...]] = ()

    @model_validator(mode="after")
    def _obey_rules(self) -> Self:
        broken = [rule.message for rule in self.RULES if not rule.holds(self)]
        if broken:
            raise broken_rules(broken)
        return self


class StatusModel(ApiModel):
    """Part of a status. Unknown fields are ignored, so that an operator can read what a newer one wrote."""

    model_config = ConfigDict(extra="ignore")


Integer = Annotated[int, Field(strict=True)]
Boolean = Annotated[bool, Field(strict=True)]
Seconds = Annotated[int, Field(strict=True, ge=1, le=MAXIMUM_INT32)]
Count = Annotated[int, Field(strict=True, ge=0)]
Message = Annotated[str, Field(max_length=1024)]
ResourceName = Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$")]
NamespaceName = Annotated[str, Field(min_length=1, max_length=63, pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")]
Timestamp = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
"""RFC 3339 in UTC with whole seconds, as Kubernetes writes it."""


class ObjectMeta(StatusModel):
    """The part of the metadata that a plan needs."""

    name: str
    namespace: NamespaceName = "default"
    uid: str = ""
    generation: int = 1
    labels: dict[str, str] = Field(default_factory=dict)
    annotations: dict[str, str] = Field(default_factory=dict)


def unique(values: tuple[Any, ...]) -> bool:
    """Whether every value occurs only once."""
    return len(set(values)) == len(values)
