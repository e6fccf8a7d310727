"""What holds for all children, whatever their parent says."""

from __future__ import annotations

import json
import re
from dataclasses import fields, replace
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from segue_core.contract import (
    Env,
    ExtractArguments,
    MissingPolicy,
    SinkArguments,
    SourceArguments,
    TrainArguments,
    VerifyArguments,
)
from segue_operator.children.config import ChildConfig
from segue_operator.children.extract_job import build_extract_job
from segue_operator.children.metadata import is_owned
from segue_operator.children.naming import application_name, child_name
from segue_operator.children.pod import escape
from segue_operator.children.sink_deployment import build_sink_deployment
from segue_operator.children.spark_application import build_spark_application
from segue_operator.children.verify_job import build_verify_job
from support.children import OVERRIDES, PLAIN, SECURED, batch_model, run_model
from support.manifests import track_batch
from support.other_charts import foreign_crds, undefined
from support.schemas import check_custom, crd_schemas

_REFERENCE = re.compile(r"\$(?:\$|\(([^)]*)\))")
RUN_OVERRIDES = {key: value for key, value in OVERRIDES.items() if key != "resources"}
CONFIGS = [PLAIN, SECURED]


def expanded(text: str, variables: dict[str, str]) -> str:
    """As the kubelet does it: ``$$`` is ``$``, ``$(NAME)`` a variable's value, an unknown name stays."""

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        return "$" if name is None else variables.get(name, match.group(0))

    return _REFERENCE.sub(value, text)


def batch_children(config: ChildConfig, **spec: Any) -> list[dict[str, Any]]:
    batch = batch_model(**spec)
    overridden = replace(config, sink_pod_overrides=batch.spec.pod_overrides)
    sink = build_sink_deployment("default", [track_batch()], 1, overridden)
    return [build_extract_job(batch, config), sink, build_verify_job(batch, config)]


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
    for build in (build_extract_job, build_verify_job):
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
    shared = tuple(f"--{field.name.replace('_', '-')}=" for field in fields(SourceArguments))
    of_source = [[argument for argument in arguments if argument.startswith(shared)] for arguments in (extract, verify)]
    assert of_source[0] == of_source[1] != []


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40))
def test_a_path_reaches_the_program_as_it_is(name: str) -> None:
    path = f"a{name}b".replace("/", "-")
    source = {"volume": {"hostPath": {"path": "/m"}}, "metadata": {"format": "Tags"}, "audioPath": path}
    args = build_extract_job(batch_model(source=source), PLAIN)["spec"]["template"]["spec"]["containers"][0]["args"]
    seen = [expanded(argument, {"HOME": "/home", "MONGODB_URI": "secret"}) for argument in args]
    assert ExtractArguments.parse(seen).audio_root == f"/source/{path}"


@given(st.text(st.sampled_from("$()AB x")))
def test_an_escaped_text_expands_to_itself(text: str) -> None:
    assert expanded(escape(text), {"A": "1", "B": "2", "AB": "3", "": "4"}) == text


# ------------------------------------------------------------------------------------------------------------- names


@given(st.text("ab-", min_size=1, max_size=253), st.integers(1, 30))
def test_names_fit_and_keep_their_suffix(parent: str, attempt: int) -> None:
    for component in ("extract", "verify"):
        name = child_name(parent, component)
        assert len(name) <= 63
        assert name.endswith(f"-{component}")
    assert len(application_name(parent, attempt)) <= 56
    assert application_name(parent, attempt).endswith(f"-train-{attempt}")


def test_short_names_are_kept_and_long_ones_stay_apart() -> None:
    assert child_name("songs", "extract") == "songs-extract"
    assert application_name("a" * 40, 21) == "a" * 40 + "-train-21"
    assert child_name("a" * 80 + "x", "verify") != child_name("a" * 80 + "y", "verify")
    assert child_name("a" * 80, "verify") == child_name("a" * 80, "verify")


# --------------------------------------------------------------------------------------------------------- schema


@pytest.mark.parametrize("config", CONFIGS)
@pytest.mark.parametrize("overrides", [{}, RUN_OVERRIDES])
def test_applications_fit_the_spark_operator_s_schema(config: ChildConfig, overrides: dict[str, Any]) -> None:
    application = build_spark_application(run_model(podOverrides=overrides), 1, config)
    if not check_custom(application, crd_schemas(foreign_crds())):
        undefined(["SparkApplication"])


# ------------------------------------------------------------------------------------------------------ suspension


def test_a_suspended_parent_makes_suspended_children() -> None:
    extract, _, verify = batch_children(PLAIN, suspend=True)
    assert (extract["spec"]["suspend"], verify["spec"]["suspend"]) == (True, True)
    assert build_spark_application(run_model(suspend=True), 1, PLAIN)["spec"]["suspend"] is True


def test_the_digest_of_a_sink_follows_everything_but_itself() -> None:
    def digest(*batches: str, replicas: int = 1, config: ChildConfig = PLAIN) -> str:
        sink = build_sink_deployment("default", [track_batch(name) for name in batches], replicas, config)
        return str(sink["metadata"]["annotations"]["segue.dev/applied"])

    assert digest("a") == digest("a")
    others = {digest("a"), digest("a", "b"), digest("a", replicas=2), digest("a", config=SECURED)}
    assert len(others) == 4


def _args(job: dict[str, Any]) -> list[str]:
    return list(pod_specs(job)[0]["containers"][0]["args"])


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ({"volume": {"hostPath": {"path": "/srv/music"}}}, "hostPath/srv/music"),
        ({"volume": {"hostPath": {"path": "/srv/music/"}}, "audioPath": "./rock//"}, "hostPath/srv/music/rock"),
        (
            {"volume": {"persistentVolumeClaim": {"claimName": "fma"}}, "audioPath": "fma_small"},
            "persistentVolumeClaim/default/fma/fma_small",
        ),
        ({"volume": {"persistentVolumeClaim": {"claimName": "fma"}}}, "persistentVolumeClaim/default/fma"),
        ({"volume": {"hostPath": {"path": "/srv/music"}}, "name": "vinyl", "prefix": "vinyl/"}, "vinyl"),
    ],
)
def test_extract_and_verify_name_the_source_alike(source: dict[str, Any], name: str) -> None:
    batch = batch_model(source={"metadata": {"format": "Tags"}, **source})
    extract = ExtractArguments.parse(_args(build_extract_job(batch, PLAIN)))
    verify = VerifyArguments.parse(_args(build_verify_job(batch, PLAIN)))
    assert extract.source == verify.source == name
    assert extract.prefix == verify.prefix == source.get("prefix", "")


@pytest.mark.parametrize(
    ("volume", "name"),
    [
        ({"hostPath": {"path": "/srv/music/"}}, "hostPath/srv/music"),
        ({"hostPath": {"path": "/"}}, "hostPath"),
        ({"persistentVolumeClaim": {"claimName": "fma"}}, "persistentVolumeClaim/default/fma"),
    ],
)
def test_extract_says_which_folder_of_which_volume_it_reads(volume: dict[str, Any], name: str) -> None:
    source = {"metadata": {"format": "Tags"}, "volume": volume, "audioPath": "./rock//", "name": "vinyl"}
    extract = ExtractArguments.parse(_args(build_extract_job(batch_model(source=source), PLAIN)))
    assert (extract.volume, extract.folder) == (name, "rock")


def test_verify_gets_what_happens_to_missing_tracks() -> None:
    source = {"volume": {"hostPath": {"path": "/srv/music"}}, "metadata": {"format": "Tags"}}
    batch = batch_model(source={**source, "missing": "Delete", "maxMissingPercent": 50})
    arguments = VerifyArguments.parse(_args(build_verify_job(batch, PLAIN)))
    assert (arguments.missing, arguments.maximum_missing_percent) == (MissingPolicy.DELETE, 50)
