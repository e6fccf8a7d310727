"""A kubeconfig for a server of the tests."""

from __future__ import annotations

from pathlib import Path

import yaml


def write_kubeconfig(folder: Path, server: str, **cluster: str) -> Path:
    """Write ``kubeconfig`` into a folder: a token, and what else is known of the cluster."""
    named = {
        "clusters": [{"name": "test", "cluster": {"server": server, **cluster}}],
        "users": [{"name": "test", "user": {"token": "test"}}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
    }
    path = folder / "kubeconfig"
    path.write_text(yaml.safe_dump({"apiVersion": "v1", "kind": "Config", "current-context": "test", **named}))
    return path
