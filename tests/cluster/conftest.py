"""One installed system a session: the stack's chart in a namespace of its own, real music on a volume."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from support.end_to_end import (
    CLAIM,
    NAMESPACE,
    RELEASE,
    System,
    Trained,
    claim,
    delete_resources,
    install,
    loader_pod,
    mongodb,
    track_batch,
    training_run,
    uninstall,
    unique,
)
from support.kubectl import Kubectl

PACKAGES = ("amoebax-data", "mrrescue", "noiz2sa-data", "tumiki-fighters-data")

NOT_SERVED_YET = "ensure CRDs are installed first"
"""What Helm says where a busy API server does not serve yet what it has just been given."""


class Progress:
    """Lines about what takes long, whatever pytest captures."""

    def __init__(self, config: pytest.Config) -> None:
        self._terminal = config.pluginmanager.getplugin("terminalreporter")
        self._capture = config.pluginmanager.getplugin("capturemanager")
        self._began = time.monotonic()

    def __call__(self, what: str) -> None:
        with self._capture.global_and_fixture_disabled():
            self._terminal.ensure_newline()
            self._terminal.write_line(f"[{time.monotonic() - self._began:4.0f} s] {what}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Add what the cluster looks like to a failed test's report, before anything is cleaned up."""
    report = yield
    system = getattr(item, "funcargs", {}).get("system")
    if report.failed and isinstance(system, System):
        report.sections.append(("the cluster", system.kubectl.describe_failure()))
    return report


@pytest.fixture(scope="session")
def progress(request: pytest.FixtureRequest) -> Progress:
    """Where long steps are told."""
    return Progress(request.config)


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest) -> Kubectl:
    """The cluster that KUBECONFIG names; never one that a plain run of all tests finds by chance."""
    if "cluster" not in request.config.option.markexpr:
        pytest.skip(reason="end-to-end tests are run by make test-cluster")
    return Kubectl(Path(os.environ["KUBECONFIG"]))


@pytest.fixture(scope="session")
def music(repository: Path, progress: Progress) -> Path:
    """A folder with real music and its CSV; synthesised music where there are no Debian packages."""
    out = repository / "build" / "cluster" / "music"
    if (out / "tracks.csv").exists():
        return out
    progress("fetching music")
    fetch = [sys.executable, "examples/fetch_music.py", str(out), "--packages", *PACKAGES]
    if subprocess.run(fetch, cwd=repository, check=False).returncode:
        synthesise = [sys.executable, "examples/synthesise_music.py", str(out)]
        subprocess.run(synthesise, cwd=repository, check=True)
    return out


@pytest.fixture(scope="session")
def system(cluster: Kubectl, music: Path, progress: Progress) -> System:
    """The stack, installed by its chart, with the music on its volume."""
    kubectl = cluster.within(NAMESPACE)
    progress(f"namespace {NAMESPACE}")
    delete_resources(kubectl)
    uninstall(kubectl)
    cluster.delete("namespace", NAMESPACE)
    cluster.run("create", "namespace", NAMESPACE)
    cluster.run("label", "namespace", NAMESPACE, "pod-security.kubernetes.io/enforce=baseline")
    kubectl.apply(*mongodb(), claim(CLAIM), loader_pod())
    with ThreadPoolExecutor(1) as pool:
        loading = pool.submit(_load, kubectl, music)
        progress("helm install segue-stack")
        _install(kubectl, progress)
        loading.result()
    kubectl.wait("deployment", "mongodb", "Available")
    progress("waiting for Kafka")
    kubectl.wait("kafka", RELEASE, "Ready")
    progress("installed")
    return System(kubectl)


@pytest.fixture(scope="session")
def trained(system: System, progress: Progress) -> Trained:
    """Both manifests applied at once: the run waits for its batch."""
    name = unique("songs")
    system.kubectl.apply(track_batch(name, name), training_run(name, name, batches=[name]))
    progress("waiting for the batch")
    batch = system.kubectl.wait("trackbatch", name, "Succeeded")
    progress("waiting for the training run")
    run = system.kubectl.wait("trainingrun", name, "Succeeded", seconds=300)
    progress("trained")
    return Trained(name, batch, run)


@pytest.fixture(scope="session")
def key(system: System) -> str:
    """An administrator's key of the service."""
    return str(system.segue("keys", "create", "--role", "admin")["token"])


def _load(kubectl: Kubectl, music: Path) -> None:
    kubectl.wait("pod", "loader", "Ready")
    head, *rows = (music / "tracks.csv").read_text("utf-8").splitlines(keepends=True)
    (music / "few.csv").write_text("".join([head, *rows[: len(rows) // 2]]), "utf-8")
    for part in ("music", "tracks.csv", "few.csv"):
        kubectl.run("cp", str(music / part), f"loader:/{CLAIM}/{part}", seconds=300)
    kubectl.delete("pod", "loader")


def _install(kubectl: Kubectl, progress: Progress) -> None:
    try:
        try:
            install(kubectl)
        except AssertionError as error:
            if NOT_SERVED_YET not in str(error):
                raise
            progress(f'helm: "{NOT_SERVED_YET}"; once more, as the guide says')
            install(kubectl)
    except AssertionError as error:
        # The reason last: a log is read from its end.
        pytest.exit(f"{kubectl.describe_failure()}\n\n{error}", returncode=1)
