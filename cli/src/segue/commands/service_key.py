"""The key of ``segue serve``: made at the first start, and kept where only its user can read it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from segue.errors import CommandError
from segue.state import State
from segue_core.contract import Role
from segue_core.store.database import Database
from segue_core.store.keys import create_key, key_id, read_keys


@dataclass(frozen=True)
class ServiceKey:
    """Where the key is."""

    path: Path
    token: str | None = field(default=None, repr=False)
    """The key itself, if it was made now."""

    def read(self) -> str:
        """The key, whenever it was made."""
        return self.token or _read(self.path)


def service_key(state: State, database: Database) -> ServiceKey:
    """The key that opens the service, made anew where there is none, or where the database no longer knows it.

    Raises
    ------
    CommandError
        The file cannot be read or written.
    """
    path = state.service / "key"
    try:
        if _opens(database, _read(path)):
            return ServiceKey(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        made = create_key(database, Role.ADMIN, note="segue serve")
        _write(path, made.token)
    except OSError as error:
        raise CommandError(
            f"cannot keep the service's key in {path}: {error.strerror}", "choose another folder with --state DIR"
        ) from error
    return ServiceKey(path, made.token)


def _opens(database: Database, token: str) -> bool:
    identifier = key_id(token)
    return identifier is not None and any(
        record.id == identifier and record.opens_with(token)
        for record in read_keys(database, on_unreadable=lambda _id, _problem: None)
    )


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except FileNotFoundError:
        return ""


def _write(path: Path, token: str) -> None:
    partial = path.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as target:
        target.write(f"{token}\n")
    partial.replace(path)
