"""What applying manifests changes, and what it may not change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from segue_operator.controller.cluster import InvalidError
from segue_operator.kinds.conditions import is_finished
from segue_operator.kinds.manifests import ManifestError, validate_update, with_defaults
from segue_operator.kinds.objects import Key, Manifest


class Change(StrEnum):
    """What an apply changed, in kubectl's words."""

    CREATED = "created"
    CONFIGURED = "configured"
    UNCHANGED = "unchanged"
    REPLACED = "replaced"


def change_of(existing: Manifest | None, manifest: Manifest) -> Change:
    """What applying a manifest to an existing object will do.

    Raises
    ------
    ManifestError
        It would change an immutable field.
    """
    if existing is None:
        return Change.CREATED
    validate_update(existing, manifest)
    same = with_defaults(existing)["spec"] == with_defaults(manifest)["spec"]
    return Change.UNCHANGED if same else Change.CONFIGURED


def check_stored(new: Manifest, old: Manifest | None) -> Manifest:
    """What the local cluster stores of a TrackBatch or TrainingRun, as an API server with the CRDs would.

    Raises
    ------
    InvalidError
        The API server would refuse it.
    """
    try:
        if old is not None:
            validate_update(old, new)
        return with_defaults(new)
    except ManifestError as error:
        raise InvalidError(str(error)) from error


def all_done(manifests: Iterable[Manifest], existing: Mapping[Key, Manifest]) -> bool:
    """Whether applying these manifests changes nothing and all resources have finished already."""
    return all(
        (found := existing.get(Key.of(manifest))) is not None
        and change_of(found, manifest) is Change.UNCHANGED
        and is_finished(found)
        for manifest in manifests
    )
