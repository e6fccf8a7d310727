"""Every example of docs/api.md works, and every operation has one."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest
from starlette.testclient import TestClient

from segue_api.http.operation import AnyOperation
from segue_api.routes import OPERATIONS
from segue_core.recommend.track_names import normalise_name
from segue_core.store.facts import Cover, FileFacts, Root
from support.service import MemoryService

PAGE = Path(__file__).parents[3] / "docs" / "api.md"
IDS = ("ardentryst-castle", "mrrescue-roof", "drascula-track6")


@dataclass(frozen=True)
class Example:
    """A call of the page's function ``api``."""

    method: str
    path: str
    body: str | None


def examples() -> list[Example]:
    text = PAGE.read_text(encoding="utf-8")
    blocks = re.findall(r"(?:^    .*\n)+", text, re.MULTILINE)
    words = [shlex.split(block) for block in blocks if "$SEGUE/v1" in block]
    calls: list[list[str]] = []
    for word in (word for block in words for word in block):
        if word == "api":
            calls.append([])
        else:
            calls[-1].append(word)
    return [_example(call) for call in calls]


def _example(words: list[str]) -> Example:
    body = words[words.index("--json") + 1] if "--json" in words else None
    method = words[words.index("-X") + 1] if "-X" in words else "POST" if body else "GET"
    (url,) = [word for word in words if word.startswith("$SEGUE/")]
    return Example(method, url.removeprefix("$SEGUE"), body)


def operation_of(example: Example) -> AnyOperation:
    path = example.path.partition("?")[0]
    for operation in OPERATIONS:
        pattern = re.sub(r"\{\w+(:path)?\}", ".+", operation.path)
        if operation.method == example.method and re.fullmatch(pattern, path):
            return operation
    raise AssertionError(f"no operation for {example}")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    """A service with the page's tracks, their files and two versions."""
    service = MemoryService(audio_file=_volumes(tmp_path_factory.mktemp("volume")))
    service.volumes.refresh()
    service.train("demo", 120, names=IDS)
    service.train("demo", 120, names=IDS, number=2, k=4, active=False)
    service.loader.look()
    cover = Cover(media_type="image/jpeg", name=b"cover.jpg")
    file = FileFacts(path=b"castle.mp3", root=Root(volume="hostPath/srv/music"), size=5, suffix="mp3", cover=cover)
    tracks = service.store.stored_tracks
    service.store.stored_tracks = [msgspec.structs.replace(track, file=file) for track in tracks]
    return service.client()


def _volumes(folder: Path) -> Path:
    """The page's file of volumes, for a folder with a track."""
    (folder / "castle.mp3").write_bytes(b"music")
    (folder / "cover.jpg").write_bytes(b"\xff\xd8\xff picture")
    (line,) = re.findall(r'^    ({"volumes": .*)$', PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    path = folder / "audio.json"
    path.write_text(line.replace('"/srv/music"', f'"{folder}"'))
    return path


def test_every_operation_has_an_example() -> None:
    assert {operation.name for operation in OPERATIONS} == {operation_of(one).name for one in examples()}


@pytest.mark.parametrize("example", examples(), ids=lambda one: f"{one.method} {one.path}")
def test_an_example_works(client: TestClient, example: Example) -> None:
    token = client.headers["Authorization"].removeprefix("Bearer ")
    body = None if example.body is None else msgspec.json.decode(example.body.replace("$KEY", token))
    answer = client.request(example.method, example.path, json=body)
    assert answer.status_code == operation_of(example).status, answer.text
    if "refused" in answer.text:
        assert answer.json()["refused"] == []


def test_problems_of_the_page_exist() -> None:
    page = normalise_name(PAGE.read_text(encoding="utf-8"))
    service = MemoryService()
    service.train("demo", 60, names=IDS)
    service.loader.look()
    answer = service.client().get("/v1/tracks/castle").json()
    assert answer["type"] in page
