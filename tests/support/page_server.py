"""The service with its page, on a loopback port: synthetic tracks in memory, and one sound for all of them."""

from __future__ import annotations

import json
import math
import struct
import threading
import time
import wave
from collections.abc import Sequence
from pathlib import Path

import msgspec
import uvicorn

from segue_api.service.upkeep import Upkeep
from segue_core.contract import Role
from segue_core.store.facts import FileFacts, Root
from segue_core.store.records import TrackRecord
from segue_core.store.rejections import Rejection
from support.service import MemoryService

SOUND_SECONDS = 12
_RATE = 8000
_VOLUME = "hostPath/srv/music"


def write_sound(path: Path) -> Path:
    """A quiet tone of 12 seconds."""
    samples = (round(800 * math.sin(2 * math.pi * 220 * n / _RATE)) for n in range(SOUND_SECONDS * _RATE))
    with wave.open(str(path), "wb") as target:
        target.setnchannels(1)
        target.setsampwidth(2)
        target.setframerate(_RATE)
        target.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))
    return path


def _volumes(folder: Path) -> Path:
    listed = folder / "volumes.json"
    listed.write_text(json.dumps({"volumes": [{"catalogue": "fma", "volume": _VOLUME, "path": str(folder)}]}))
    return listed


class PageServer:
    """Serves until it is closed; `key` makes a listener or an owner."""

    def __init__(
        self, folder: Path, *, count: int = 240, plays: bool = True, titles: Sequence[str] = (),
        words: Sequence[str] = (),
    ) -> None:  # fmt: skip
        self.memory = MemoryService(queue=64, streams=16, audio_file=_volumes(folder) if plays else None)
        self.memory.volumes.refresh()
        records = self.memory.train("fma", count, k=6, words=words)
        self.memory.train("fma", count, number=2, k=4, active=False, words=words)
        sound = write_sound(folder / "sound.wav")
        file = FileFacts(path=b"sound.wav", root=Root(volume=_VOLUME), size=sound.stat().st_size, suffix="wav")
        self.memory.store.stored_tracks = [msgspec.structs.replace(record, file=file) for record in records]
        self.memory.store.stored_rejections.append(
            Rejection(
                catalogue="fma", track_id="broken", batch="batch", batch_uid="batch-uid", stage="decode",
                reason="DecodeError", path="broken.mp3", message="no frame", time=0,
            )
        )  # fmt: skip
        self.memory.loader.look()
        if titles:
            self._rename(records, titles)
        self._server = uvicorn.Server(uvicorn.Config(self.memory.app, host="127.0.0.1", port=0, log_level="warning"))
        self._upkeep = Upkeep(often=(self.memory.loader.look,), seldom=(), pause_seconds=0.1)
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def _rename(self, records: Sequence[TrackRecord], titles: Sequence[str]) -> None:
        renamed = [
            msgspec.structs.replace(
                record, metadata=msgspec.structs.replace(record.metadata, title=title, artist=title, album=title)
            )
            for record, title in zip(records, titles, strict=False)
        ]
        self.memory.catalogues.change_tracks("fma", renamed)

    def __enter__(self) -> PageServer:
        self._thread.start()
        self._upkeep.start()
        while not self._server.started:
            time.sleep(0.01)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._upkeep.stop()
        self._thread.join(10)

    @property
    def address(self) -> str:
        """URL without a slash at its end."""
        return f"http://127.0.0.1:{self._server.servers[0].sockets[0].getsockname()[1]}"

    def key(self, user: str | None) -> str:
        """A new key: of a listener, or of an admin for None."""
        return self.memory.key(Role.ADMIN if user is None else Role.LISTENER, user).token

    def events(self, user: str) -> list[tuple[str, str | None]]:
        """What was told of a listener: types and tracks."""
        return [(str(event.type), event.track_id) for event in self.memory.log.events if event.user == user]
