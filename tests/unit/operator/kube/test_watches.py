"""What kopf is told: watch, and neither write nor keep anything."""

from __future__ import annotations

import kopf

from segue_operator.kube.watches import kopf_settings
from support.workloads import job


def test_kopf_copies_no_object_to_compare_it_later() -> None:
    storage = kopf_settings().persistence.diffbase_storage
    body, patch = kopf.Body(job("songs-extract")), kopf.Patch()
    essence = storage.build(body=body)
    storage.store(body=body, patch=patch, essence=essence)
    assert not essence
    assert storage.fetch(body=body) is None
    assert not patch
