"""The operator's guide is complete, and what it names exists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from segue_core.contract import Topic
from segue_operator.kinds.constants import ConditionReason, TrackBatchCondition, TrainingRunCondition
from segue_operator.kinds.manifests import validate
from support.chart_values import SEGUE, STACK

PAGES = (
    "README.md",
    "docs/operations.md",
    "docs/runbooks.md",
    "charts/segue/README.md",
    "charts/segue-stack/README.md",
    "examples/README.md",
)
EACH = pytest.mark.parametrize("page", PAGES)
NAMES_IN_KAFKA = frozenset({*map(str, Topic), "features", "sink"})


def first_cells(text: str) -> list[str]:
    return re.findall(r"^\| `([A-Za-z]+)` \|", text, re.MULTILINE)


def test_every_reason_is_explained_once(repository: Path) -> None:
    text = (repository / "docs" / "operations.md").read_text("utf-8")
    reasons = first_cells(text.partition("### Reasons")[2].partition("## Upgrade")[0])
    assert sorted(reasons) == sorted(str(reason) for reason in ConditionReason)


def test_every_condition_is_explained_once(repository: Path) -> None:
    text = (repository / "docs" / "operations.md").read_text("utf-8")
    types = first_cells(text.partition("## Conditions")[2].partition("### Reasons")[0])
    assert sorted(types) == sorted({*map(str, TrackBatchCondition), *map(str, TrainingRunCondition)})


def anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@EACH
def test_links_lead_somewhere(repository: Path, page: str) -> None:
    text = (repository / page).read_text("utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in target:
            continue
        path, _, fragment = target.partition("#")
        found = (repository / page).parent / path if path else repository / page
        assert found.exists(), target
        if fragment:
            headings = re.findall(r"^#+ (.+)$", found.read_text("utf-8"), re.MULTILINE)
            assert fragment in {anchor(heading) for heading in headings}, target


def defaults() -> dict[str, object]:
    segue = yaml.safe_load((SEGUE / "values.yaml").read_text("utf-8"))
    stack = yaml.safe_load((STACK / "values.yaml").read_text("utf-8"))
    both = {key: [one[key] for one in (segue, stack) if key in one] for key in {*segue, *stack}}
    both["segue"] = [segue]
    return both


def named_values(text: str) -> Iterator[str]:
    tops = "|".join(sorted(defaults(), key=len, reverse=True))
    for path in re.findall(rf"(?:`|--set )((?:{tops})(?:\.[\w-]+)+)\b", text):
        if not path.endswith((".md", ".yaml", ".py", ".dev")):
            yield path


def exists(values: object, parts: list[str]) -> bool:
    if not parts:
        return True
    return isinstance(values, dict) and parts[0] in values and exists(values[parts[0]], parts[1:])


@EACH
def test_values_that_pages_name_exist(repository: Path, page: str) -> None:
    known = defaults()
    text = (repository / page).read_text("utf-8")
    named = {path for path in named_values(text) if path.removeprefix("segue.") not in NAMES_IN_KAFKA}
    missing = [
        path
        for path in sorted(named)
        for top, *rest in [path.split(".")]
        if not any(exists(values, rest) for values in known[top])
    ]
    assert missing == []


def manifests(repository: Path) -> list[dict[str, object]]:
    return [
        document
        for path in sorted((repository / "examples" / "kubernetes").glob("*.yaml"))
        for document in yaml.safe_load_all(path.read_text("utf-8"))
    ]


def test_examples_are_what_a_cluster_takes(repository: Path) -> None:
    kinds = set()
    for document in manifests(repository):
        kinds.add(document["kind"])
        if document["apiVersion"] == "v1":
            kubernetes_validate.validate(document, "1.34", strict=True)
        else:
            validate(document)
    assert kinds == {"PersistentVolumeClaim", "Pod", "TrackBatch", "TrainingRun"}


def test_examples_belong_together(repository: Path) -> None:
    found = {str(document["kind"]): document for document in manifests(repository)}
    batch, run = found["TrackBatch"], found["TrainingRun"]
    assert batch["spec"]["source"]["volume"]["persistentVolumeClaim"]["claimName"] == "music"
    assert found["PersistentVolumeClaim"]["metadata"]["name"] == "music"
    assert run["spec"]["batches"] == [batch["metadata"]["name"]]
    assert run["spec"]["catalogue"] == batch["spec"]["catalogue"]
    guide = (repository / "docs" / "operations.md").read_text("utf-8")
    assert f"wait trackbatch/{batch['metadata']['name']} " in guide
