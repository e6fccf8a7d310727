"""What the images must have in common with the code that names them, and how the Spark image starts."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

from segue_core.contract import TRAIN_APPLICATION_FILE
from segue_jobs.native import fourier
from segue_operator.children.spark_application import SPARK_VERSION, WORK_DIRECTORY
from support.recorded import Recorded

IMAGES = ("operator", "jobs", "spark", "api")
EXECUTOR = {
    "SPARK_DRIVER_URL": "spark://driver:7078",
    "SPARK_EXECUTOR_ID": "1",
    "SPARK_EXECUTOR_CORES": "2",
    "SPARK_EXECUTOR_MEMORY": "512m",
    "SPARK_APPLICATION_ID": "spark-1",
    "SPARK_EXECUTOR_POD_IP": "10.0.0.7",
    "SPARK_EXECUTOR_POD_NAME": "exec-1",
    "SPARK_RESOURCE_PROFILE_ID": "0",
}


def dockerfile(repository: Path, image: str) -> str:
    return (repository / "images" / image / "Dockerfile").read_text(encoding="utf-8")


@pytest.mark.parametrize("image", IMAGES)
def test_every_stage_begins_with_the_given_base(repository: Path, image: str) -> None:
    text = dockerfile(repository, image)
    assert "ARG BASE=docker.io/library/debian:trixie-slim\n" in text
    assert set(re.findall(r"^FROM (\S+)", text, re.MULTILINE)) == {"${BASE}"}


@pytest.mark.parametrize("image", IMAGES)
def test_programs_run_as_a_numeric_user_other_than_root(repository: Path, image: str) -> None:
    assert re.findall(r"^USER (.*)$", dockerfile(repository, image), re.MULTILINE) == ["10001:10001"]


@pytest.mark.parametrize("image", IMAGES)
def test_packages_come_from_locks_with_hashes_or_from_wheels_of_the_tree(repository: Path, image: str) -> None:
    text = re.sub(r"\\\n\s*", "", dockerfile(repository, image))
    installs = re.findall(r"pip[^&\n]*? (?:install|wheel) [^&\n]*", text)
    assert installs
    assert [call for call in installs if "--require-hashes" not in call and "--no-deps" not in call] == []


def test_the_spark_image_has_what_applications_name(repository: Path) -> None:
    text = dockerfile(repository, "spark")
    assert TRAIN_APPLICATION_FILE.removeprefix("local://") in text
    assert WORK_DIRECTORY in text


def test_one_version_of_spark_is_named_everywhere(repository: Path) -> None:
    assert f"spark-sql-kafka-0-10_2.13 {SPARK_VERSION} " in dockerfile(repository, "spark")
    jars = (repository / "images" / "spark" / "jars.sha256").read_text(encoding="utf-8")
    assert set(re.findall(r"spark-[\w-]+_2\.13-([\d.]+)\.jar", jars)) == {SPARK_VERSION}
    lock = (repository / "requirements" / "spark.txt").read_text(encoding="utf-8")
    assert f"\npyspark=={SPARK_VERSION} " in lock


def test_the_jobs_image_keeps_the_part_of_scipy_that_its_programs_load(repository: Path) -> None:
    """It has nothing else of it: any other import of scipy in what the image runs would fail there."""
    kept = re.findall(r"! -path '?scipy/(\S+?)'? ", dockerfile(repository, "jobs"))
    module = fourier.COMPILED[0].removeprefix("scipy.").replace(".", "/")
    assert [pattern for pattern in kept if fnmatch(f"{module}.cpython-313-x86_64-linux-gnu.so", pattern)]
    done = subprocess.run([sys.executable, "-c", WITHOUT_SCIPY], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


WITHOUT_SCIPY = """
import importlib, pkgutil, sys

class Removed:
    def find_spec(self, name, *_):
        if name.startswith("scipy."):
            raise ModuleNotFoundError(f"{name} is not in the image")

sys.meta_path.insert(0, Removed())
rooms = ["segue_core", *(f"segue_jobs.{room}" for room in "extract learned listing native sink verify".split())]
for package in map(importlib.import_module, rooms):
    for module in pkgutil.walk_packages(getattr(package, "__path__", ()), f"{package.__name__}."):
        if not module.name.endswith(("__main__", "librosa_engine")):
            importlib.import_module(module.name)

from segue_jobs.extract.engine import Engine, warm_up
warm_up(Engine.NATIVE)
"""


def started(repository: Path, tmp_path: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """What the entry point would hand to tini, a line an argument."""
    (tmp_path / "tini").write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    (tmp_path / "tini").chmod(0o755)
    return subprocess.run(
        [str(repository / "images" / "spark" / "entrypoint.sh"), *arguments],
        env={
            "PATH": f"{tmp_path}:{os.environ['PATH']}",
            "SPARK_HOME": "/opt/spark",
            "JAVA_HOME": "/usr/lib/jvm/default",
            **environ,
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_driver_is_submitted_in_client_mode_at_its_own_address(repository: Path, tmp_path: Path) -> None:
    command = ["driver", "--class", "org.apache.spark.deploy.PythonRunner", "local:///opt/segue/train.py", "a b"]
    done = started(repository, tmp_path, *command, SPARK_DRIVER_BIND_ADDRESS="10.0.0.5")
    lines = done.stdout.splitlines()
    assert lines[:3] == ["-s", "--", "/opt/spark/bin/spark-submit"]
    assert "spark.driver.bindAddress=10.0.0.5" in lines
    assert lines[lines.index("--deploy-mode") + 1] == "client"
    assert lines[-4:] == command[1:]


def test_an_executor_gets_its_options_whole_and_in_order(repository: Path, tmp_path: Path) -> None:
    options = {f"SPARK_JAVA_OPT_{number}": f"-Dname{number}=a 'b' \"c\"" for number in range(11)}
    lines = started(repository, tmp_path, "executor", **EXECUTOR, **options).stdout.splitlines()
    assert lines[2] == "/usr/lib/jvm/default/bin/java"
    assert lines[3:14] == list(options.values())
    assert lines[14:16] == ["-Xms512m", "-Xmx512m"]
    assert lines[lines.index("--podName") + 1] == "exec-1"
    assert lines[lines.index("--driver-url") + 1] == "spark://driver:7078"


@pytest.mark.parametrize(
    ("arguments", "environ", "named"),
    [
        (("executor",), {}, "SPARK_DRIVER_URL"),
        (("driver", "x.py"), {}, "SPARK_DRIVER_BIND_ADDRESS"),
        ((), {}, "say driver, executor, or a command"),
    ],
)
def test_what_is_missing_is_named(
    repository: Path, tmp_path: Path, arguments: tuple[str, ...], environ: dict[str, str], named: str
) -> None:
    done = started(repository, tmp_path, *arguments, **environ)
    assert done.returncode == 2
    assert named in done.stderr


def skaffold(repository: Path) -> dict[str, Any]:
    configuration: dict[str, Any] = yaml.safe_load((repository / "skaffold.yaml").read_text(encoding="utf-8"))
    return configuration


def profile(repository: Path, name: str) -> dict[str, Any]:
    (found,) = (one for one in skaffold(repository)["profiles"] if one["name"] == name)
    return found


def test_skaffold_builds_what_make_builds(repository: Path) -> None:
    makes = subprocess.run(["make", "-n", "images"], cwd=repository, capture_output=True, text=True, check=True).stdout
    (default,) = set(re.findall(r"--build-arg BASE=(\S+)", makes))
    bases = {item["docker"]["buildArgs"]["BASE"] for item in skaffold(repository)["build"]["artifacts"]}
    assert bases == {f'{{{{default "{default}" .BASE}}}}'}
    built = {item["image"]: item["docker"]["dockerfile"] for item in skaffold(repository)["build"]["artifacts"]}
    assert built == {f"segue-{image}": f"images/{image}/Dockerfile" for image in IMAGES}
    for path in (*built.values(), skaffold(repository)["deploy"]["helm"]["releases"][0]["chartPath"]):
        assert (repository / path).exists(), path


def test_without_docker_skaffold_watches_what_the_images_copy(repository: Path) -> None:
    artifacts = profile(repository, "buildah")["build"]["artifacts"]
    assert [one["image"] for one in artifacts] == [f"segue-{image}" for image in IMAGES]
    for image, artifact in zip(IMAGES, artifacts, strict=True):
        assert f"make image-{image} BUILDER=buildah" in artifact["custom"]["buildCommand"]
        copied = re.findall(r"^COPY (?!--from)(.+) \S+$", dockerfile(repository, image), re.MULTILINE)
        houses = {source.split("/")[0] for sources in copied for source in sources.split()} - {"LICENSE", "images"}
        assert set(artifact["custom"]["dependencies"]["paths"]) == {*houses, f"images/{image}"}


@pytest.mark.parametrize("name", [None, "segue-only"])
def test_skaffold_sets_the_images_by_values_that_the_chart_has(repository: Path, name: str | None) -> None:
    if name:
        (patch,) = profile(repository, name)["patches"]
        (release,), prefix = patch["value"], ""
    else:
        (release,), prefix = skaffold(repository)["deploy"]["helm"]["releases"], "segue."
    values = yaml.safe_load((repository / "charts" / "segue" / "values.yaml").read_text(encoding="utf-8"))
    assert set(IMAGES) <= set(values["images"])
    assert release["setValueTemplates"] == {
        f"{prefix}images.{image}": f"{{{{.IMAGE_FULLY_QUALIFIED_segue_{image}}}}}" for image in IMAGES
    }


def test_for_a_release_images_are_pushed_with_an_sbom_and_their_provenance(repository: Path, tmp_path: Path) -> None:
    recorded = Recorded(tmp_path / "bin")
    recorded.program("docker")
    release = ("BUILDER=buildx", "REGISTRY=registry.example.org/music", "TAG=1.2.3")
    done = recorded.run("make", "images", *release, cwd=repository)
    assert done.returncode == 0, done.stderr
    assert [call[call.index("--tag") + 1] for call in recorded.calls] == [
        f"registry.example.org/music/segue-{image}:1.2.3" for image in IMAGES
    ]
    for call in recorded.calls:
        assert call[:3] == ["docker", "buildx", "build"]
        assert {"--push", "--sbom=true", "--provenance=mode=max", "linux/amd64,linux/arm64"} <= set(call)


def test_a_builder_that_is_not_known_is_named(repository: Path, tmp_path: Path) -> None:
    done = Recorded(tmp_path / "bin").run("make", "images", "BUILDER=podman", cwd=repository)
    assert done.returncode != 0
    assert "BUILDER is docker, buildah or buildx, not podman" in done.stdout
