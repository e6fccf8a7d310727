"""What holds for all children, whatever their parent says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from segue_jobs.contract import Env, ExtractArguments, SinkArguments, TrainArguments, VerifyArguments
from segue_operator.children.config import ChildConfig
from segue_operator.children.expansion import escape, expand
from segue_operator.children.extract_job import build_extract_job
from segue_operator.children.metadata import is_owned
from segue_operator.children.naming import application_name, child_name
from segue_operator.children.sink_deployment import build_sink_deployment
from segue_operator.children.spark_application import build_spark_application
from segue_operator.children.verify_job import build_verify_job
from support.children import OVERRIDES, PLAIN, SECURED, batch_model, run_model

RUN_OVERRIDES = {key: value for key, value in OVERRIDES.items() if key != "resources"}
CONFIGS = [PLAIN, SECURED]


def batch_children(config: ChildConfig, **spec: Any) -> list[dict[str, Any]]:
    batch = batch_model(**spec)
    return [build(batch, config) for build in (build_extract_job, build_sink_deployment, build_verify_job)]


def pod_specs(child: dict[str, Any]) -> list[dict[str, Any]]:
    if child["kind"] == "SparkApplication":
        return [child["spec"][role]["template"]["spec"] for role in ("driver", "executor")]
    return [child["spec"]["template"]["spec"]]


def all_children(config: ChildConfig, *, overrides: bool) -> list[dict[str, Any]]:
    extra = {"podOverrides": OVERRIDES} if overrides else {}
    run = run_model(**({"podOverrides": RUN_OVERRIDES} if overrides else {}))
    return [*batch_children(config, **extra), build_spark_application(run, 1, config)]


@pytest.mark.parametrize("config", CONFIGS)
@pytest.mark.parametrize("overrides", [False, True])
def test_every_pod_is_restricted_and_knows_no_secret(config: ChildConfig, overrides: bool) -> None:
    for child in all_children(config, overrides=overrides):
        for pod in pod_specs(child):
            assert pod["securityContext"] == {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
            (container,) = pod["containers"]
            assert container["securityContext"]["readOnlyRootFilesystem"] is True
            assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
            assert container["securityContext"]["allowPrivilegeEscalation"] is False
            assert container["terminationMessagePolicy"] == "FallbackToLogsOnError"
            variables = {variable["name"]: variable for variable in container["env"]}
            assert len(variables) == len(container["env"])
            for name in (Env.MONGODB_URI, Env.KAFKA_PASSWORD):
                if name in variables:
                    assert "value" not in variables[name]
                    assert set(variables[name]["valueFrom"]) == {"secretKeyRef"}
            mounted = {mount["name"] for mount in container["volumeMounts"]}
            assert mounted == {volume["name"] for volume in pod["volumes"]}


def test_only_the_driver_gets_a_token() -> None:
    for child in all_children(PLAIN, overrides=True):
        tokens = [pod["automountServiceAccountToken"] for pod in pod_specs(child)]
        assert tokens == ([True, False] if child["kind"] == "SparkApplication" else [False])


@pytest.mark.parametrize("config", CONFIGS)
def test_children_are_plain_data(config: ChildConfig) -> None:
    for child in all_children(config, overrides=True):
        assert json.loads(json.dumps(child)) == child
        yaml.safe_dump(child)


def test_every_child_is_owned_and_labelled_and_so_are_its_pods() -> None:
    batch = batch_model(podOverrides=OVERRIDES)
    for build in (build_extract_job, build_sink_deployment, build_verify_job):
        child = build(batch, PLAIN)
        assert is_owned(child, batch)
        labels = child["metadata"]["labels"]
        pod_labels = child["spec"]["template"]["metadata"]["labels"]
        assert labels["segue.dev/trackbatch"] == "songs"
        assert labels.items() <= pod_labels.items()
        assert pod_labels["team"] == "music"
    application = build_spark_application(run_model(podOverrides=RUN_OVERRIDES), 2, PLAIN)
    for role in ("driver", "executor"):
        assert application["metadata"]["labels"].items() <= application["spec"][role]["labels"].items()
        assert application["spec"][role]["labels"]["segue.dev/attempt"] == "2"


def test_a_namesake_of_the_owner_is_not_the_owner() -> None:
    batch = batch_model()
    child = build_extract_job(batch, PLAIN)
    child["metadata"]["ownerReferences"][0]["uid"] = "another"
    assert not is_owned(child, batch)


def test_arguments_are_what_the_programs_parse() -> None:
    extract, sink, verify = (child["spec"]["template"]["spec"]["containers"][0] for child in batch_children(PLAIN))
    assert ExtractArguments.parse(extract["args"]).audio_root == "/source"
    assert VerifyArguments.parse(verify["args"]).metadata_path == "/source/tracks.csv"
    assert SinkArguments.parse(sink["args"]) == SinkArguments()
    arguments = TrainArguments.parse(build_spark_application(run_model(), 1, PLAIN)["spec"]["arguments"])
    assert (arguments.run, arguments.run_uid, arguments.k) == ("weekly", "uid-weekly", (8, 16, 32, 64))


def test_extract_and_verify_list_the_same_source() -> None:
    extract, _, verify = (
        child["spec"]["template"]["spec"]["containers"][0]["args"]
        for child in batch_children(PLAIN, extraction={"shards": 3})
    )
    assert [argument for argument in extract if argument in verify] == verify[: len(verify) - 1]


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40))
def test_a_path_reaches_the_program_as_it_is(name: str) -> None:
    path = f"a{name}b".replace("/", "-")
    source = {"volume": {"hostPath": {"path": "/m"}}, "metadata": {"format": "Tags"}, "audioPath": path}
    args = build_extract_job(batch_model(source=source), PLAIN)["spec"]["template"]["spec"]["containers"][0]["args"]
    seen = [expand(argument, {"HOME": "/home", "MONGODB_URI": "secret"}) for argument in args]
    assert ExtractArguments.parse(seen).audio_root == f"/source/{path}"


@given(st.text(st.sampled_from("$()AB x")))
def test_an_escaped_text_expands_to_itself(text: str) -> None:
    assert expand(escape(text), {"A": "1", "B": "2", "AB": "3", "": "4"}) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [("$(A)", "1"), ("$$(A)", "$(A)"), ("$$$(A)", "$1"), ("$(C)", "$(C)"), ("$A", "$A"), ("$(A", "$(A"), ("$", "$")],
)
def test_expansion_is_the_kubelet_s(text: str, expected: str) -> None:
    assert expand(text, {"A": "1"}) == expected


# ------------------------------------------------------------------------------------------------------------- names


@given(st.text("ab-", min_size=1, max_size=253), st.integers(1, 30))
def test_names_fit_and_keep_their_suffix(parent: str, attempt: int) -> None:
    for component in ("extract", "sink", "verify"):
        name = child_name(parent, component)
        assert len(name) <= 63
        assert name.endswith(f"-{component}")
    assert len(application_name(parent, attempt)) <= 56
    assert application_name(parent, attempt).endswith(f"-train-{attempt}")


def test_short_names_are_kept_and_long_ones_stay_apart() -> None:
    assert child_name("songs", "extract") == "songs-extract"
    assert application_name("a" * 40, 21) == "a" * 40 + "-train-21"
    assert child_name("a" * 80 + "x", "sink") != child_name("a" * 80 + "y", "sink")
    assert child_name("a" * 80, "sink") == child_name("a" * 80, "sink")


# --------------------------------------------------------------------------------------------------------- schema


@pytest.mark.parametrize("config", CONFIGS)
@pytest.mark.parametrize("overrides", [{}, RUN_OVERRIDES])
def test_applications_fit_the_spark_operator_s_schema(
    repository: Path, config: ChildConfig, overrides: dict[str, Any]
) -> None:
    path = repository.parent / "shared" / "crds" / "sparkoperator.k8s.io_sparkapplications.yaml"
    if not path.exists():
        pytest.skip("the Spark operator's CRD is not at hand")
    crd = yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    (schema,) = (v["schema"]["openAPIV3Schema"] for v in crd["spec"]["versions"] if v["name"] == "v1beta2")
    application = build_spark_application(run_model(podOverrides=overrides), 1, config)
    Draft202012Validator(schema).validate(application)
    spec = schema["properties"]["spec"]["properties"]
    assert set(application["spec"]) <= set(spec)
    for role in ("driver", "executor"):
        assert set(application["spec"][role]) <= set(spec[role]["properties"])


# ------------------------------------------------------------------------------------------------------ suspension


def test_a_suspended_parent_makes_suspended_children() -> None:
    extract, sink, verify = batch_children(PLAIN, suspend=True)
    assert (extract["spec"]["suspend"], sink["spec"]["replicas"], verify["spec"]["suspend"]) == (True, 0, True)
    assert build_spark_application(run_model(suspend=True), 1, PLAIN)["spec"]["suspend"] is True


def test_the_digest_of_a_sink_follows_everything_but_itself() -> None:
    def digest(config: ChildConfig = PLAIN, **spec: Any) -> str:
        return build_sink_deployment(batch_model(**spec), config)["metadata"]["annotations"]["segue.dev/applied"]

    assert digest() == digest()
    assert len({digest(), digest(SECURED), digest(sink={"replicas": 2}), digest(suspend=True)}) == 4
