"""The rules of the pointer to the active model, as laws over any sequence of changes."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec import UNSET

from segue_core.store.models import CatalogueDocument
from segue_core.store.pointer import (
    MAXIMUM_TEXT,
    Activate,
    Change,
    ChangeNote,
    ChangeRefusedError,
    Pin,
    RefusalReason,
    Unpin,
    change,
    pin_in_words,
)
from segue_core.store.records import to_document

TIME = "2026-11-29T16:00:00Z"
NOTE = ChangeNote(by="segue models activate", reason="the new one repeats itself")
MODELS = st.sampled_from([f"c:{number}" for number in range(1, 5)])
CHANGES: st.SearchStrategy[Change] = st.one_of(
    MODELS.map(lambda key: Activate(model=key)),
    st.one_of(st.none(), MODELS).map(lambda key: Pin(model=key)),
    st.just(Unpin()),
)
POINTERS = st.builds(
    CatalogueDocument,
    catalogue=st.just("c"),
    active_model=MODELS,
    previous_model=st.none() | MODELS,
    pinned=st.booleans(),
    by=st.just("TrainingRun demo/weekly"),
    reason=st.just("the catalogue had no active model"),
    updated=st.just(TIME),
    revision=st.integers(0, 9),
).filter(lambda pointer: pointer.previous_model != pointer.active_model)


def apply(pointer: CatalogueDocument | None, wanted: Change, **options: object) -> CatalogueDocument:
    return change(pointer, wanted, NOTE, catalogue="c", time=TIME, **options)  # type: ignore[arg-type]


def outcome(pointer: CatalogueDocument | None, wanted: Change, **options: object) -> CatalogueDocument | RefusalReason:
    try:
        return apply(pointer, wanted, **options)
    except ChangeRefusedError as error:
        return error.reason


def refusal(pointer: CatalogueDocument | None, wanted: Change, **options: object) -> RefusalReason:
    with pytest.raises(ChangeRefusedError) as caught:
        apply(pointer, wanted, **options)
    return caught.value.reason


@given(POINTERS, MODELS)
def test_activating_keeps_what_was_active_as_the_previous_one(pointer: CatalogueDocument, key: str) -> None:
    assume(not pointer.pinned and key != pointer.active_model)
    after = apply(pointer, Activate(model=key))
    assert (after.active_model, after.previous_model, after.pinned) == (key, pointer.active_model, False)
    assert (after.by, after.reason, after.updated) == (NOTE.by, NOTE.reason, TIME)


@given(POINTERS, MODELS)
def test_a_rollback_is_an_activation_and_can_be_undone_by_another(pointer: CatalogueDocument, key: str) -> None:
    assume(not pointer.pinned and key != pointer.active_model)
    back = apply(apply(pointer, Activate(model=key)), Activate(model=pointer.active_model))
    assert (back.active_model, back.previous_model) == (pointer.active_model, key)


@given(POINTERS, MODELS)
def test_no_activation_replaces_a_pinned_version(pointer: CatalogueDocument, key: str) -> None:
    pinned = apply(pointer, Pin())
    if key == pinned.active_model:
        assert apply(pinned, Activate(model=key)) is pinned
    else:
        assert refusal(pinned, Activate(model=key)) == RefusalReason.PINNED
        assert apply(apply(pinned, Unpin()), Activate(model=key)).active_model == key


@given(POINTERS, st.none() | MODELS)
def test_what_is_pinned_is_active(pointer: CatalogueDocument, key: str | None) -> None:
    after = apply(pointer, Pin(model=key))
    assert (after.active_model, after.pinned) == (key or pointer.active_model, True)
    unpinned = apply(after, Unpin())
    assert (unpinned.active_model, unpinned.previous_model, unpinned.pinned) == (
        after.active_model, after.previous_model, False,
    )  # fmt: skip


@given(st.none() | POINTERS, CHANGES, st.none() | MODELS)
def test_a_change_applies_to_the_expected_version_alone(
    pointer: CatalogueDocument | None, wanted: Change, expected: str | None
) -> None:
    active = pointer.active_model if pointer else None
    if expected != active:
        assert refusal(pointer, wanted, expected=expected) == RefusalReason.MOVED
        return
    assert outcome(pointer, wanted, expected=expected) == outcome(pointer, wanted)


@given(CHANGES)
def test_a_catalogue_without_an_active_version_gets_one_by_name_alone(wanted: Change) -> None:
    if isinstance(wanted, Unpin) or wanted.model is None:
        assert refusal(None, wanted) == RefusalReason.NONE_ACTIVE
        return
    after = apply(None, wanted)
    assert (after.active_model, after.previous_model, after.revision) == (wanted.model, None, 1)
    assert after.pinned == isinstance(wanted, Pin)


@given(st.none() | POINTERS, st.lists(CHANGES, max_size=12))
def test_whatever_happens_the_pointer_is_consistent(pointer: CatalogueDocument | None, changes: list[Change]) -> None:
    for wanted in changes:
        after = outcome(pointer, wanted, expected=UNSET)
        if isinstance(after, RefusalReason):
            continue
        assert after.previous_model != after.active_model
        if after is not pointer:
            assert after.revision == (pointer.revision if pointer else 0) + 1
            assert (after.by, after.reason) == (NOTE.by, NOTE.reason)
            if pointer and pointer.active_model != after.active_model:
                assert not pointer.pinned or isinstance(wanted, Pin)
        assert msgspec.convert(to_document(after), CatalogueDocument) == after
        pointer = after


@given(POINTERS)
def test_a_change_that_changes_nothing_writes_nothing(pointer: CatalogueDocument) -> None:
    assert apply(pointer, Activate(model=pointer.active_model)) is pointer
    if not pointer.pinned:
        assert apply(pointer, Unpin()) is pointer


def test_a_pointer_of_an_earlier_release_is_read_and_changed() -> None:
    old = msgspec.convert({"catalogue": "c", "activeModel": "c:1", "updated": TIME}, CatalogueDocument)
    assert (old.previous_model, old.pinned, old.by, old.reason, old.revision) == (None, False, "", "", 0)
    after = apply(old, Activate(model="c:2"), expected="c:1")
    assert (after.previous_model, after.revision) == ("c:1", 1)


@pytest.mark.parametrize(("by", "reason"), [("", "why"), ("who", " "), ("who", "x" * (MAXIMUM_TEXT + 1))])
def test_a_change_needs_a_name_and_a_reason_of_readable_length(by: str, reason: str) -> None:
    with pytest.raises(ValueError, match=f"must have 1 to {MAXIMUM_TEXT} characters"):
        ChangeNote(by=by, reason=reason)


def test_a_refusal_says_who_pinned_and_why_in_bounded_length() -> None:
    pinned = change(None, Pin(model="c:1"), ChangeNote(by="b" * 500, reason="r" * 500), catalogue="c", time=TIME)
    assert len(pin_in_words(pinned)) < 500
    with pytest.raises(ChangeRefusedError, match=r"model 'c:1' is pinned \(by bbb.*: rrr.*\); unpin it first"):
        apply(pinned, Activate(model="c:2"))
