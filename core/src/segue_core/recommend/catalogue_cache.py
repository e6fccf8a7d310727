"""Assembled recommenders in a folder, for programs that answer a question and end.

The folder is a convenience: whatever is missing, damaged or out of date is loaded from the database again, and a folder
that cannot be written is passed over.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import tempfile
from dataclasses import dataclass
from pathlib import Path

from segue_core.recommend.recommender import Recommender
from segue_core.recommend.saved_recommender import DamagedFileError, load, save
from segue_core.store.models import ModelDocument

logger = logging.getLogger(__name__)

_SUFFIX, _UNFINISHED = ".npz", ".part"
_ABANDONED_SECONDS = 3600.0
_MOST_FILES = 4
_MOST_BYTES = 1 << 30
"""The files used last stay; a million tracks take half of it."""


@dataclass(frozen=True)
class CatalogueCache:
    """One file for each model that was asked lately.

    Parameters
    ----------
    folder
        Made when it is needed; only its owner can read it.
    """

    folder: Path

    def find(self, model: str, fingerprint: str) -> Recommender | None:
        """The recommender of a model as it was assembled from content with this fingerprint; None if there is none."""
        path = self._path(model)
        try:
            found = load(path, fingerprint)
        except FileNotFoundError:
            return None
        except (DamagedFileError, OSError) as error:
            logger.info("a saved catalogue cannot be used; it is loaded from the database: %s", error)
            return None
        if found is not None:
            with contextlib.suppress(OSError):  # another program has removed it
                path.touch()
        return found

    def keep(self, recommender: Recommender, model: ModelDocument, fingerprint: str) -> None:
        """Save a recommender as it was assembled, in place of what the model had; the oldest files go."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self.folder, suffix=_UNFINISHED, delete=False) as file:
                unfinished = Path(file.name)
                try:
                    save(file, recommender, model, fingerprint)
                except BaseException:
                    unfinished.unlink(missing_ok=True)
                    raise
            unfinished.replace(self._path(model.key))
            self._forget_old()
        except OSError as error:
            logger.info("a catalogue cannot be saved; the next question loads it again: %s", error)

    def clear(self) -> None:
        """Delete all files: nothing of what was forgotten stays."""
        for path in (*self.folder.glob(f"*{_SUFFIX}"), *self.folder.glob(f"*{_UNFINISHED}")):
            path.unlink(missing_ok=True)

    def _path(self, model: str) -> Path:
        return self.folder / f"{hashlib.sha256(model.encode()).hexdigest()[:32]}{_SUFFIX}"

    def _forget_old(self) -> None:
        newest = sorted(self.folder.glob(f"*{_SUFFIX}"), key=lambda path: path.stat().st_mtime, reverse=True)
        size = 0
        for number, path in enumerate(newest):
            size += path.stat().st_size
            if number and (number >= _MOST_FILES or size > _MOST_BYTES):
                path.unlink(missing_ok=True)
        for path in self.folder.glob(f"*{_UNFINISHED}"):  # of a program that was killed
            if path.stat().st_mtime < newest[0].stat().st_mtime - _ABANDONED_SECONDS:
                path.unlink(missing_ok=True)
