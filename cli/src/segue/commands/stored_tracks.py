"""The tracks of a catalogue that are stored, before a model has them."""

from __future__ import annotations

from segue.commands.catalogue_view import check_catalogue
from segue.render.track_entries import TrackEntry
from segue_core.store.catalogues import has_tracks
from segue_core.store.database import Database
from segue_core.store.model_versions import model_keys
from segue_core.store.presence import hidden_ids
from segue_core.store.tracks import read_rows


def has_model(database: Database, catalogue: str) -> bool:
    """Whether the catalogue has a model, active or not, or nothing that could be listed without one.

    Raises
    ------
    UsageError
        There is no such catalogue.
    """
    check_catalogue(database, catalogue)
    return bool(model_keys(database, catalogue)) or not has_tracks(database, catalogue)


def stored_entries(database: Database, catalogue: str) -> list[TrackEntry]:
    """The stored tracks whose files are there, ordered by id."""
    hidden = hidden_ids(database, catalogue)
    rows = (row for row in read_rows(database, catalogue) if row.track_id not in hidden)
    return [TrackEntry.of_stored(row) for row in sorted(rows, key=lambda row: row.track_id)]
