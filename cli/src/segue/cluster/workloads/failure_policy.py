"""A Job's podFailurePolicy: what a failed pod means. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from segue.cluster.pods import has_condition, terminated
from segue_operator.kinds.objects import Key, Manifest


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


def judge(policy: Mapping[str, Any], pod: Manifest) -> Verdict:
    """Evaluate the rules in their order for a failed pod: by its exit code, or by its conditions."""
    key, code = Key.of(pod), terminated(pod)["exitCode"]
    for number, rule in enumerate(policy.get("rules") or ()):
        action, on_exit_codes = Action(rule["action"]), rule.get("onExitCodes") or {"values": ()}
        if code in on_exit_codes["values"]:
            failed = f"Container {on_exit_codes['containerName']} for pod {key.namespace}/{key.name} failed"
            return Verdict(action, f"{failed} with exit code {code} matching {action} rule at index {number}")
        if any(has_condition(pod, condition["type"]) for condition in rule.get("onPodConditions") or ()):
            return Verdict(action)
    return Verdict(Action.COUNT)
