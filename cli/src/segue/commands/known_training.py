"""Whether a training run would only learn again what its model knows already; remembered in the state directory."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from segue.commands.changes import all_done
from segue.render.resources import at, is_true
from segue_core.store.database import Database
from segue_core.store.model_versions import list_models
from segue_core.store.training_content import training_digest
from segue_operator.kinds.manifests import ManifestError
from segue_operator.kinds.objects import Key, Manifest


@dataclass(frozen=True)
class KnownTraining:
    """What the training runs of a catalogue were last trained on."""

    path: Path
    """Where that is remembered; if it is lost, they train once more."""
    catalogue: str

    def content(self, database: Database) -> str:
        """What training would read now; take it before training begins."""
        return training_digest(database, self.catalogue)

    def model_of(
        self, content: str, runs: Sequence[Manifest], existing: Mapping[Key, Manifest], database: Database
    ) -> str | None:
        """The model that these runs would train once more; None if they would learn something, or it is gone."""
        try:
            found = [existing[Key.of(run)] for run in runs] if all_done(runs, existing, datetime.now(UTC)) else []
        except ManifestError:  # a field has changed that only another run may have
            return None
        if not found or not all(is_true(run, "Succeeded") for run in found):
            return None
        with suppress(OSError, ValueError):
            if json.loads(self.path.read_text(encoding="utf-8")) == _note(content, found):
                version = str(at(found[-1], "status", "model", "version"))
                return version if version in {model.key for model in list_models(database).models} else None
        return None

    def remember(self, content: str, runs: Sequence[Manifest]) -> None:
        """Keep what these runs, which have succeeded, were trained on."""
        with suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.write_text(json.dumps(_note(content, runs)), encoding="utf-8")

    def forget(self) -> None:
        """Train the next time, whatever was learnt."""
        with suppress(OSError):
            self.path.unlink(missing_ok=True)


def _note(content: str, runs: Sequence[Manifest]) -> dict[str, object]:
    return {"content": content, "runs": [run["metadata"]["uid"] for run in runs]}
