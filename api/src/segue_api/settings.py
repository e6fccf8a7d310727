"""Settings of the service: read once from the environment, printable without secrets."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from segue_core.contract import Env
from segue_core.contract.environment import matching, text, whole_number
from segue_core.settings import KafkaSettings, MongoSettings, ProgramSettings

_HOST = re.compile(r"[0-9A-Za-z.:\[\]_-]{1,255}")
DEFAULT_PORT = 8000


@dataclass(frozen=True, kw_only=True)
class ApiSettings:
    """How the service listens, what it serves, and what it needs for that."""

    kafka: KafkaSettings
    mongodb: MongoSettings
    program: ProgramSettings = field(default_factory=ProgramSettings)
    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    catalogues: tuple[str, ...] = ()
    """Names of the catalogues to serve; none for all that have an active model."""
    keys_file: Path | None = None
    """Further keys, one a line, for a cluster: a mounted Secret."""
    audio_file: Path | None = None
    """Which volumes hold the audio; without it, no audio and no covers are served."""
    streams: int = 64
    """Audio files that are sent at the same time."""
    cache: Path | None = None
    """Folder for catalogues as they were assembled, so that the next start is quick."""
    threads: int = 1
    """Questions that are answered at the same time."""
    queue: int = 64
    """Questions that may wait for a thread; more are refused."""
    trusted_proxies: str = "127.0.0.1"
    """Addresses whose ``X-Forwarded-For`` names the client; '*' for all."""
    poll_seconds: float = 1.5
    """Pause between looks at the active models and the keys."""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> ApiSettings:
        """Read the ``SEGUE_API_*`` variables, and those that every program uses.

        Raises
        ------
        SettingsError
            A variable is missing or wrong.
        """
        names = text(environ, Env.API_CATALOGUES, "").split(",")
        keys_file, audio_file, cache = (
            text(environ, name, "") for name in (Env.API_KEYS_FILE, Env.API_AUDIO_FILE, Env.API_CACHE)
        )
        return cls(
            kafka=KafkaSettings.from_environment(environ),
            mongodb=MongoSettings.from_environment(environ),
            program=ProgramSettings.from_environment(environ),
            host=matching(environ, Env.API_HOST, "127.0.0.1", _HOST, "give a name or an address to listen on"),
            port=whole_number(environ, Env.API_PORT, DEFAULT_PORT, least=0, most=65535),
            catalogues=tuple(dict.fromkeys(name.strip() for name in names if name.strip())),
            keys_file=Path(keys_file) if keys_file else None,
            audio_file=Path(audio_file) if audio_file else None,
            streams=whole_number(environ, Env.API_STREAMS, 64, least=1, most=1000),
            cache=Path(cache) if cache else None,
            threads=whole_number(environ, Env.API_THREADS, len(os.sched_getaffinity(0)), least=1, most=256),
            queue=whole_number(environ, Env.API_QUEUE, 64, least=1, most=10_000),
            trusted_proxies=text(environ, Env.API_TRUSTED_PROXIES, "127.0.0.1"),
            poll_seconds=whole_number(environ, Env.API_POLL_MILLISECONDS, 1500, least=100, most=60_000) / 1000,
        )
