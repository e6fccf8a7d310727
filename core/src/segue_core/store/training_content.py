"""Whether a catalogue still has what a model was trained on."""

from __future__ import annotations

import hashlib

from segue_core.store.database import Collection, Database, of_catalogue
from segue_core.store.presence import hidden_ids

_FIELDS = ("trackId", "audioSha256", "recipe", "metadata.artist", "metadata.genres")
_SEPARATOR = b"\0"


def training_digest(target: Database, catalogue: str) -> str:
    """A digest of what training reads: while it is the same, another training would learn the same again.

    It changes with the tracks that are shown, their audio, recipes, artists and genres. Vectors follow from audio and
    recipe, and are not read.
    """
    hidden, digest = hidden_ids(target, catalogue), hashlib.sha256()
    found = target[Collection.TRACKS].find(of_catalogue(catalogue), list(_FIELDS))
    for document in sorted(found, key=lambda document: str(document["_id"])):
        if document.get("trackId") not in hidden:
            names = document.get("metadata") or {}
            parts = (*(document.get(name) for name in _FIELDS[:3]), names.get("artist"), names.get("genres"))
            digest.update(repr(parts).encode("utf-8", "surrogatepass") + _SEPARATOR)
    return digest.hexdigest()
