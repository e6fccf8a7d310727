"""What the chart makes of the service: its environment, and the way of a request to its pods."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from segue_api.service.audio_volumes import AudioVolumes
from segue_core.settings import KafkaSettings, MongoSettings
from segue_core.store.facts import Root
from support.chart_values import MATRIX
from support.charts import environment, of_kind, render, selects, serving


@pytest.mark.parametrize("values", MATRIX.values(), ids=MATRIX)
def test_the_service_understands_its_environment(values: Mapping[str, object]) -> None:
    objects = render(values)
    for program in ("api", "events"):
        (container,) = serving(objects)[program][1]["containers"]
        given = {one["name"]: one.get("value", "mongodb://db") for one in container["env"]}
        given.pop("KAFKA_CA_FILE", None)  # only a pod has it, and the next one
        if given.pop("KAFKA_PASSWORD_FILE", None):
            given["KAFKA_PASSWORD"] = "hunter2"
        kafka = KafkaSettings.from_environment(given)
        assert kafka.bootstrap == environment(objects)["KAFKA_BOOTSTRAP"]
        assert kafka.create_topics == (environment(objects)["SEGUE_TOPIC_CREATE"] == "true")
        assert MongoSettings.from_environment(given).database == "segue"


def test_the_service_is_reached_through_its_service() -> None:
    objects = render(MATRIX["everything-on"], release="segue")
    labels, spec = serving(objects)["api"]
    (service,) = of_kind(objects, "Service").values()
    assert selects({"matchLabels": service["spec"]["selector"]}, labels)
    (port,) = service["spec"]["ports"]
    assert port["targetPort"] in {one["name"] for one in spec["containers"][0]["ports"]}
    (ingress,) = of_kind(objects, "Ingress").values()
    (path,) = ingress["spec"]["rules"][0]["http"]["paths"]
    assert path["backend"]["service"] == {"name": service["metadata"]["name"], "port": {"name": port["name"]}}
    (route,) = of_kind(objects, "HTTPRoute").values()
    (backend,) = route["spec"]["rules"][0]["backendRefs"]
    assert backend == {"name": service["metadata"]["name"], "port": port["port"]}


def test_without_the_service_nothing_of_it_is_made() -> None:
    names = {one["metadata"]["name"] for one in render({**MATRIX["monitored"], "api": {"enabled": False}})}
    assert not {name for name in names if name.endswith(("-api", "segue-events"))}


def test_audio_is_mounted_read_only_under_the_names_that_records_have(tmp_path: Path) -> None:
    listed = [{"catalogue": "mine", "claim": "music"}, {"catalogue": "demo", "hostPath": "/srv/music/"}]
    objects = render({"api": {"audio": {"volumes": listed, "streams": 7}}})
    spec = of_kind(objects, "Deployment")["segue-api"]["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    variables = {one["name"]: one.get("value") for one in container["env"]}
    assert variables["SEGUE_API_STREAMS"] == "7"
    mounts = {one["name"]: one for one in container["volumeMounts"]}
    volumes = {one["name"]: one for one in spec["volumes"]}
    config = of_kind(objects, "ConfigMap")[volumes["audio"]["configMap"]["name"]]
    folder, _, name = variables["SEGUE_API_AUDIO_FILE"].rpartition("/")
    assert mounts["audio"]["mountPath"] == folder
    (tmp_path / name).write_text(config["data"][name])
    found = AudioVolumes(tmp_path / name)
    found.refresh()
    wanted = {"mine": "persistentVolumeClaim/music/music", "demo": "hostPath/srv/music"}
    for number, (catalogue, volume) in enumerate(wanted.items()):
        assert found.find(catalogue, Root(volume=volume)) == Path(mounts[f"audio-{number}"]["mountPath"])
        assert mounts[f"audio-{number}"]["readOnly"] is True
    assert volumes["audio-0"]["persistentVolumeClaim"] == {"claimName": "music", "readOnly": True}
    assert volumes["audio-1"]["hostPath"]["path"] == "/srv/music/"


def test_without_volumes_no_audio_is_served() -> None:
    objects = render()
    (container,) = serving(objects)["api"][1]["containers"]
    assert "SEGUE_API_AUDIO_FILE" not in {one["name"] for one in container["env"]}
    assert "segue-api-audio" not in of_kind(objects, "ConfigMap")


def test_with_autoscaling_the_number_of_pods_is_not_set() -> None:
    spec = of_kind(render({"api": {"autoscaling": {"enabled": True}}}), "Deployment")["segue-api"]["spec"]
    assert "replicas" not in spec
    assert of_kind(render(), "Deployment")["segue-api"]["spec"]["replicas"] == 2
