"""Makes a published version the catalogue's active one, if the policy allows it."""

from __future__ import annotations

from segue_core.contract import TrainArguments
from segue_core.contract.wording import shorten
from segue_core.errors import ProgramError
from segue_core.store.catalogues import change_active_model, read_active_model, read_pointer
from segue_core.store.database import Database
from segue_core.store.model_versions import read_model
from segue_core.store.models import ModelDocument
from segue_core.store.pointer import MAXIMUM_TEXT, Activate, ChangeNote, ChangeRefusedError
from segue_jobs.train.promotion import Decision, decide

_ATTEMPTS = 100


def find_active(target: Database, catalogue: str) -> ModelDocument | None:
    """The catalogue's active version; None if there is none.

    Raises
    ------
    UnreadableDocumentError
        It, or the pointer to it, cannot be read.
    """
    key = read_active_model(target, catalogue)
    return None if key is None else read_model(target, key)


def promote(target: Database, model: ModelDocument, arguments: TrainArguments) -> Decision:
    """Decide on a published version and set the pointer; if somebody changes it meanwhile, decide again.

    Raises
    ------
    ProgramError
        The pointer changed during every attempt.
    UnreadableDocumentError
        The active version, or the pointer to it, cannot be read.
    """
    for _ in range(_ATTEMPTS):
        pointer = read_pointer(target, model.catalogue)
        active = None if pointer is None else read_model(target, pointer.active_model)
        decision = decide(arguments.promotion, arguments.tolerance, model, active, pointer)
        if not decision.promoted:
            return decision
        note = ChangeNote(by=_run_name(arguments), reason=shorten(decision.reason, MAXIMUM_TEXT))
        expected = None if pointer is None else pointer.active_model
        try:
            change_active_model(target, model.catalogue, Activate(model=model.key), note, expected=expected)
        except ChangeRefusedError:
            continue  # it was changed or pinned since
        return decision
    raise ProgramError(f"cannot set the active model of {model.catalogue!r}: others keep changing it")


def _run_name(arguments: TrainArguments) -> str:
    name = f"{arguments.namespace}/{arguments.run}" if arguments.namespace else arguments.run
    return f"TrainingRun {name}"
