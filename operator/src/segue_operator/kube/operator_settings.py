"""The operator's settings, read from the environment once and validated."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

from segue_core.contract import Env
from segue_operator.children.config import ChildConfig
from segue_operator.children.environment import ConfigError, whole_number

WATCH_NAMESPACES = "SEGUE_WATCH_NAMESPACES"
HTTP_PORT = "SEGUE_HTTP_PORT"
RESYNC_SECONDS = "SEGUE_RESYNC_SECONDS"
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How the operator runs. Nothing here is secret: Secrets are known by name only."""

    children: ChildConfig
    namespaces: tuple[str, ...] = ()
    """Namespaces to serve; empty for all."""
    http_port: int = 8080
    workers: int = 4
    resync_seconds: int = 300
    log_format: str = "json"
    log_level: str = "INFO"

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Settings:
        """Read the environment.

        Raises
        ------
        ConfigError
            A variable is missing or invalid; the message names it.
        """
        children = ChildConfig.from_environment(environ)
        return cls(
            children=children,
            namespaces=_namespaces(environ.get(WATCH_NAMESPACES, "")),
            http_port=whole_number(environ, HTTP_PORT, 8080, least=0, most=65535),
            workers=whole_number(environ, Env.WORKERS, 4, least=1, most=64),
            resync_seconds=whole_number(environ, RESYNC_SECONDS, 300, least=10, most=86400),
            log_format=children.log_format,
            log_level=_level(environ.get(Env.LOG_LEVEL, "")),
        )

    def describe(self) -> dict[str, object]:
        """Settings for the log."""
        children = self.children
        return {
            "namespaces": ", ".join(self.namespaces) or "all",
            "http_port": self.http_port,
            "workers": self.workers,
            "resync_seconds": self.resync_seconds,
            "log_level": self.log_level,
            "kafka": f"{children.kafka.bootstrap} ({children.kafka.security_protocol})",
            "mongodb_secret": f"{children.mongodb_uri.name}/{children.mongodb_uri.key}",
            "database": children.database,
            "topic_prefix": children.topic_prefix,
            "jobs_image": children.jobs_image,
            "spark_image": children.spark_image,
            "active_batches": children.active_batches,
            "sink_max_replicas": children.sink_max_replicas,
        }


def _namespaces(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    for name in names:
        if not _NAMESPACE.fullmatch(name):
            raise ConfigError(f"{WATCH_NAMESPACES}: {name!r} is not a valid namespace; separate names with commas")
    return names


def _level(text: str) -> str:
    level = text.strip().upper() or "INFO"
    if level not in _LEVELS:
        raise ConfigError(f"{Env.LOG_LEVEL}={text!r}: use one of {', '.join(_LEVELS)}")
    return level
