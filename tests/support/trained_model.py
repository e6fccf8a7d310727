"""A model document with one dimension, for rules that look at its measures alone."""

from __future__ import annotations

from typing import Any

import msgspec

from segue_core.contract import Distance, Family, PromotionPolicy
from segue_core.contract.measures import Metric
from segue_core.store.models import FamilyLayout, ModelDocument, Scaler


def model_document(number: int, **changes: Any) -> ModelDocument:
    document = ModelDocument(
        catalogue="c", number=number, run="r", run_uid=f"uid-{number}", created="2026-01-01T00:00:00+00:00",
        feature_set="set-1", recipe="recipe-1",
        layout=(FamilyLayout(family=Family.RHYTHM, dimensions=("a",)),),
        scaler=Scaler(mean=(0.0,), deviation=(1.0,), clip=4.0, weights=(1.0,)),
        k=1, centres=((1.0,),), distance=Distance.COSINE, seed=1, maximum_iterations=50,
        metrics={
            Metric.PRECISION.value: 0.4, Metric.RECALL.value: 0.9, Metric.REACH.value: 0.9, Metric.HUBNESS.value: 1.0,
        },
        candidates=(), snapshot=(), tracks=10, excluded_by_reason={},
        promotion=PromotionPolicy.IF_NOT_WORSE,
    )  # fmt: skip
    return msgspec.structs.replace(document, **changes)
