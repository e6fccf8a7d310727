"""Models: which there are, how two differ, which one is active."""

from __future__ import annotations

from msgspec import UNSET

from segue_api.http.operation import ADMINS, AnyOperation, Call, Operation, Service
from segue_api.problems import Problem, ProblemError
from segue_api.service.comparison import compare
from segue_api.wire.common import CatalogueParameter
from segue_api.wire.comparison import DiffAnswer
from segue_api.wire.models import (
    ActiveModelAnswer,
    ActiveModelBody,
    DiffParameters,
    ModelAnswer,
    ModelList,
    ModelParameters,
    ModelSummary,
)
from segue_core.store.models import version_key
from segue_core.store.pointer import Activate, Change, ChangeNote, ChangeRefusedError, Pin, RefusalReason, Unpin

_REFUSALS = {RefusalReason.UNKNOWN_MODEL: Problem.UNKNOWN_MODEL}


async def list_models(service: Service, call: Call[CatalogueParameter, None]) -> ModelList:
    """List a catalogue's versions."""
    served = service.catalogues.find(call.parameters.catalogue)

    def work() -> ModelList:
        pointer = service.store.pointers().get(served.name)
        return ModelList(
            catalogue=served.name,
            active=pointer.active_model if pointer else None,
            previous=pointer.previous_model if pointer else None,
            pinned=bool(pointer and pointer.pinned),
            by=pointer.by if pointer else "",
            reason=pointer.reason if pointer else "",
            updated=pointer.updated if pointer else None,
            serving=served.recommender.model,
            models=tuple(
                ModelSummary(
                    key=model.key,
                    number=model.number,
                    run=model.run,
                    created=model.created,
                    k=model.k,
                    tracks=model.tracks,
                    metrics=model.metrics,
                )
                for model in service.store.models(served.name)
            ),
        )

    return await service.io.run(work)


async def get_model(service: Service, call: Call[ModelParameters, None]) -> ModelAnswer:
    """Show one version."""
    served = service.catalogues.find(call.parameters.catalogue)
    key = version_key(served.name, call.parameters.version)

    def work() -> ModelAnswer:
        model = service.store.model(key)
        if model is None or model.catalogue != served.name:
            raise ProblemError(Problem.UNKNOWN_MODEL, f"catalogue {served.name!r} has no model {key!r}")
        pointer = service.store.pointers().get(served.name)
        return ModelAnswer(
            catalogue=served.name,
            active=pointer is not None and pointer.active_model == key,
            model=ModelSummary(
                key=model.key,
                number=model.number,
                run=model.run,
                created=model.created,
                k=model.k,
                tracks=model.tracks,
                metrics=model.metrics,
            ),
            candidates={str(tried.k): tried.metrics for tried in model.candidates},
            excluded_by_reason={str(reason): count for reason, count in model.excluded_by_reason.items()},
            families=tuple(str(part.family) for part in model.layout),
        )

    return await service.io.run(work)


async def diff_models(service: Service, call: Call[DiffParameters, None]) -> DiffAnswer:
    """Compare the lists of two versions."""
    served, wanted = service.catalogues.find(call.parameters.catalogue), call.parameters
    before, after = version_key(served.name, wanted.a), version_key(served.name, wanted.b)
    return await service.comparisons.run(lambda: compare(service.store, served, before, after))


async def put_active_model(service: Service, call: Call[CatalogueParameter, ActiveModelBody]) -> ActiveModelAnswer:
    """Make a version the active one."""
    served, body = service.catalogues.find(call.parameters.catalogue), call.body
    key = version_key(served.name, body.model)
    expected = body.expected
    if isinstance(expected, str):
        expected = version_key(served.name, expected)
    change: Change = Activate(model=key)
    if body.pin is True:
        change = Pin(model=key)
    elif body.pin is False:
        change, expected = Unpin(), key if expected is UNSET else expected
        if expected != key:
            raise ProblemError(Problem.INVALID_BODY, "only the active version can be unpinned")
    note = ChangeNote(by=f"api key {call.identity.key}", reason=body.reason)
    try:
        pointer = await service.io.run(
            lambda: service.store.change_active(served.name, change, note, expected=expected)
        )
    except ChangeRefusedError as error:
        raise ProblemError(_REFUSALS.get(error.reason, Problem.POINTER_MOVED), str(error)) from error
    except ValueError as error:
        raise ProblemError(Problem.INVALID_BODY, str(error)) from error
    return ActiveModelAnswer(
        catalogue=served.name,
        active=pointer.active_model,
        previous=pointer.previous_model,
        pinned=pointer.pinned,
        by=pointer.by,
        reason=pointer.reason,
        updated=pointer.updated,
    )


_STORE = (Problem.DATABASE_UNAVAILABLE,)

OPERATIONS: tuple[AnyOperation, ...] = (
    Operation(
        name="listModels",
        method="GET",
        path="/v1/models",
        summary="The versions of a catalogue's model, and which one is active.",
        parameters=CatalogueParameter,
        handle=list_models,
        answer=ModelList,
        problems=_STORE,
    ),
    Operation(
        name="diffModels",
        method="GET",
        path="/v1/models/diff",
        summary="The same seeds under two versions: what their lists have in common.",
        parameters=DiffParameters,
        handle=diff_models,
        answer=DiffAnswer,
        roles=ADMINS,
        problems=(Problem.UNKNOWN_MODEL, Problem.MODEL_UNUSABLE, Problem.QUESTION_REFUSED, *_STORE),
    ),
    Operation(
        name="getModel",
        method="GET",
        path="/v1/models/{version}",
        summary="One version.",
        parameters=ModelParameters,
        handle=get_model,
        answer=ModelAnswer,
        problems=(Problem.UNKNOWN_MODEL, Problem.MODEL_UNUSABLE, *_STORE),
    ),
    Operation(
        name="putActiveModel",
        method="PUT",
        path="/v1/active-model",
        summary="Make a version the active one, if the active one is still the expected one.",
        parameters=CatalogueParameter,
        handle=put_active_model,
        answer=ActiveModelAnswer,
        body=ActiveModelBody,
        roles=ADMINS,
        problems=(Problem.INVALID_BODY, Problem.UNKNOWN_MODEL, Problem.POINTER_MOVED, Problem.MODEL_UNUSABLE, *_STORE),
    ),
)
