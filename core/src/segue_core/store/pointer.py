"""The rules for a catalogue's pointer to its active model. Pure: pointer and change in, pointer or refusal out.

`segue_core.store.catalogues.change_active_model` applies them to the database; training, API and command line all
use it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from msgspec import UNSET, UnsetType

from segue_core.contract.wording import shorten
from segue_core.store.models import CatalogueDocument

MAXIMUM_TEXT = 500
"""Characters of a reason, and of a name."""
_SHOWN_TEXT = 200


class RefusalReason(StrEnum):
    """Why a change is refused."""

    MOVED = "Moved"
    """Another version is active than the one that the change expects."""
    PINNED = "Pinned"
    """The active version is pinned."""
    NONE_ACTIVE = "NoneActive"
    """The catalogue has no active version."""
    UNKNOWN_MODEL = "UnknownModel"
    """The catalogue has no such version."""


class ChangeRefusedError(Exception):
    """The pointer stays as it is; the message says why."""

    def __init__(self, reason: RefusalReason, message: str) -> None:
        self.reason = reason
        super().__init__(message)


@dataclass(frozen=True, kw_only=True)
class Activate:
    """Make a version the active one; an older version is a rollback."""

    model: str
    """Key of the version."""


@dataclass(frozen=True, kw_only=True)
class Pin:
    """Keep training runs from replacing a version, and make it the active one if it is not."""

    model: str | None = None
    """Key of the version; None for the active one."""


@dataclass(frozen=True)
class Unpin:
    """Let training runs replace the active version again."""


Change = Activate | Pin | Unpin


@dataclass(frozen=True, kw_only=True)
class ChangeNote:
    """Who makes a change, and why.

    Raises
    ------
    ValueError
        One of them is empty or too long.
    """

    by: str
    """``TrainingRun demo/weekly``, ``segue models activate``, ``api key NAME``."""
    reason: str
    """A sentence."""

    def __post_init__(self) -> None:
        """Check both texts."""
        for name, text in (("name of who makes the change", self.by), ("reason", self.reason)):
            if not text.strip() or len(text) > MAXIMUM_TEXT:
                raise ValueError(f"the {name} must have 1 to {MAXIMUM_TEXT} characters, not {len(text)}")


def change(
    pointer: CatalogueDocument | None,
    wanted: Change,
    note: ChangeNote,
    *,
    catalogue: str,
    time: str,
    expected: str | UnsetType | None = UNSET,
) -> CatalogueDocument:
    """The pointer after a change; the same object if there is nothing to change.

    Parameters
    ----------
    pointer
        None if the catalogue has no active version yet.
    time
        RFC 3339, UTC.
    expected
        The version that must be active, None for no version; by default any may be.

    Raises
    ------
    ChangeRefusedError
        The change does not apply to this pointer.
    """
    active = pointer.active_model if pointer else None
    if expected not in (UNSET, active):
        raise ChangeRefusedError(
            RefusalReason.MOVED,
            f"the active model of {catalogue!r} is {active or 'none'}, not {expected or 'none'} as expected: "
            "somebody else has changed it",
        )
    model, pinned = _outcome(pointer, wanted, catalogue)
    if pointer and (model, pinned) == (active, pointer.pinned) and not isinstance(wanted, Pin):
        return pointer
    return CatalogueDocument(
        catalogue=catalogue,
        active_model=model,
        previous_model=_previous(pointer, model),
        pinned=pinned,
        by=note.by,
        reason=note.reason,
        updated=time,
        revision=(pointer.revision if pointer else 0) + 1,
    )


def _outcome(pointer: CatalogueDocument | None, wanted: Change, catalogue: str) -> tuple[str, bool]:
    """The version that is active afterwards, and whether it is pinned."""
    if isinstance(wanted, Activate):
        if pointer and pointer.pinned and wanted.model != pointer.active_model:
            raise ChangeRefusedError(
                RefusalReason.PINNED, f"model {pointer.active_model!r} is {pin_in_words(pointer)}; unpin it first"
            )
        return wanted.model, bool(pointer and pointer.pinned)
    pinned = isinstance(wanted, Pin)
    if isinstance(wanted, Pin) and wanted.model is not None:
        return wanted.model, pinned
    if pointer is None:
        raise ChangeRefusedError(RefusalReason.NONE_ACTIVE, f"catalogue {catalogue!r} has no active model")
    return pointer.active_model, pinned


def _previous(pointer: CatalogueDocument | None, model: str) -> str | None:
    if pointer is None:
        return None
    return pointer.previous_model if pointer.active_model == model else pointer.active_model


def pin_in_words(pointer: CatalogueDocument) -> str:
    """Who pinned the active version, when and why: ``pinned (by NAME, TIME: REASON)``."""
    by, reason = _shown(pointer)
    return f"pinned (by {by}, {pointer.updated}: {reason})"


def changed_in_words(pointer: CatalogueDocument) -> str:
    """When the active version became so, by whom and why: ``TIME, when KEY replaced it (by NAME: REASON)``."""
    by, reason = _shown(pointer)
    return f"{pointer.updated}, when {pointer.active_model} replaced it (by {by}: {reason})"


def _shown(pointer: CatalogueDocument) -> tuple[str, str]:
    return shorten(pointer.by, _SHOWN_TEXT), shorten(pointer.reason, _SHOWN_TEXT)
