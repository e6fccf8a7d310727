"""A Job's podFailurePolicy: what a failed pod means. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from segue_operator.api.objects import Key, Manifest
from segue_operator.local.workloads.pods import exit_codes, has_condition


class Action(StrEnum):
    """What to do about a failed pod."""

    COUNT = "Count"
    IGNORE = "Ignore"
    FAIL_INDEX = "FailIndex"
    FAIL_JOB = "FailJob"


@dataclass(frozen=True)
class Verdict:
    """The first rule that matched; ``Count`` when none did."""

    action: Action
    message: str = ""


def judge(policy: Mapping[str, Any] | None, pod: Manifest) -> Verdict:
    """Evaluate the rules in their order for a failed pod."""
    for number, rule in enumerate((policy or {}).get("rules") or ()):
        reason = _match(rule, pod)
        if reason is not None:
            action = Action(rule["action"])
            return Verdict(action, f"{reason} matching {action} rule at index {number}")
    return Verdict(Action.COUNT)


def _match(rule: Mapping[str, Any], pod: Manifest) -> str | None:
    key = Key.of(pod)
    wanted = rule.get("onExitCodes")
    if wanted:
        for container, code in exit_codes(pod).items():
            if code == 0 or wanted.get("containerName") not in (None, container):
                continue
            if (code in wanted["values"]) == (wanted.get("operator", "In") == "In"):
                return f"Container {container} for pod {key.namespace}/{key.name} failed with exit code {code}"
    for condition in rule.get("onPodConditions") or ():
        if has_condition(pod, condition["type"], condition.get("status", "True")):
            return f"Pod {key.namespace}/{key.name} has condition {condition['type']}"
    return None
