"""What people see at the end of batches and runs."""

from __future__ import annotations

import io

from rich.console import Console

from segue.render.results import Summary, failures, took
from segue_core.store.rejections import Rejection
from segue_operator.kinds.objects import Manifest
from support.local_state import ended
from support.manifests import put, track_batch, training_run


def shown(resources: list[Manifest], **given: object) -> str:
    output = io.StringIO()
    rejection = Rejection(
        catalogue="demo", track_id="x", batch="songs", batch_uid="u", stage="decode", reason="DecodeError",
        path="a/b\x1b.mp3", message="no MPEG frame\nin it", time=0,
    )  # fmt: skip
    rejections = [rejection]
    Summary(Console(file=output, width=400, markup=False), rejections, **{"compared": {}, **given}).show(resources)
    return output.getvalue()


def test_a_batch_ends_in_a_table_with_an_example_of_each_reason() -> None:
    counts = {"listed": 1200, "extracted": 1000, "skipped": 0, "rejected": 200, "stored": 1000}
    batch = ended(
        track_batch("songs"), reason="PartiallyCompleted", message="m", tracks=counts,
        rejectedByReason={"DecodeError": 150, "TooShort": 50},
    )  # fmt: skip
    lines = [line.split() for line in shown([batch]).splitlines() if line.strip()]
    assert lines[1] == ["songs", "1,200", "1,000", "0", "200", "1,000", "1", "min", "05", "s"]
    assert lines[3] == ["DecodeError", "150", "a/b\\x1b.mp3", "no", "MPEG", "frame"]
    assert lines[4] == ["TooShort", "50", "-", "-"]


def test_of_several_batches_each_says_what_is_its_own() -> None:
    details = {"rejectedByReason": {"TooShort": 1}, "passedOver": {"NotAudio": 2}}
    batches = [ended(track_batch(name), reason="PartiallyCompleted", message="m", **details) for name in ("a", "b")]
    lines = shown(batches).splitlines()
    assert [line for line in lines if "passed over" in line] == [
        "a: passed over: 2 NotAudio",
        "b: passed over: 2 NotAudio",
    ]
    assert [line.split()[:2] for line in lines if "REJECTED " in line][1:] == [["a:", "REJECTED"], ["b:", "REJECTED"]]


def test_in_80_columns_the_reasons_are_whole() -> None:
    batch = ended(
        track_batch("songs"), reason="PartiallyCompleted", message="m", rejectedByReason={"DecodeError": 150},
    )  # fmt: skip
    message = "the stream ends after 3 of 215 seconds; the file was cut off while it was copied"
    output = io.StringIO()
    rejection = Rejection(
        catalogue="demo", track_id="x", batch="songs", batch_uid="u", stage="decode", reason="DecodeError",
        path="Some Artist/Some Very Long Album (Deluxe Edition)/01 Song.mp3", message=message, time=0,
    )  # fmt: skip
    console = Console(file=output, width=80, markup=False, force_terminal=True, color_system=None, highlight=False)
    Summary(console, [rejection], {}).show([batch])
    lines = output.getvalue().splitlines()
    assert all(len(line.rstrip()) <= 80 for line in lines)
    words = output.getvalue().split()
    assert all(word in words for word in message.split())
    assert "01 Song.mp3" in output.getvalue()


def test_a_finished_run_shows_its_model_beside_the_previous_one() -> None:
    model = {"version": "music:2", "k": 8, "tracks": 1000, "excluded": 1, "metrics": {"reachAt10": "0.81"}}
    run = ended(
        training_run("weekly"), reason="Completed", message="m", model=model,
        decision={"promoted": True, "reason": "not worse than model 1"},
    )  # fmt: skip
    text = shown([run], compared={"music:2": ("music:1", {"reachAt10": 0.5})})
    assert "model music:2: 1,000 tracks in 8 clusters, 1 left out, trained in 1 min 05 s" in text
    assert "active now: not worse than model 1" in text
    assert "MUSIC:1" in text
    assert text.splitlines()[-1].split()[-2:] == ["0.81", "0.50"]


def test_a_clock_that_was_set_back_leaves_the_time_unknown() -> None:
    batch = ended(track_batch("songs"), reason="Completed", message="m")
    assert took(batch) == "1 min 05 s"
    assert took(put(batch, "status.completionTime", "2025-12-31T10:00:00Z")) == "-"


def test_failures_are_sentences() -> None:
    run = ended(training_run("weekly"), reason="TrainingFailed", message="no tracks", failed=True)
    batch = ended(track_batch("songs"), reason="Completed", message="m")
    assert [sentence for _, sentence in failures([batch, run])] == [
        "trainingrun/weekly failed: TrainingFailed: no tracks"
    ]


def test_a_batch_says_what_it_did_not_take_and_what_it_passed_over() -> None:
    batch = ended(
        track_batch("songs"), reason="Completed", message="m", tracks={"listed": 3, "stored": 3, "alternatives": 2},
        passedOver={"NotAudio": 4, "LinkedTwice": 1}, linksPassedOver=["a/up/"],
    )  # fmt: skip
    *_, alternatives, passed_over = shown([batch]).splitlines()
    catalogue = batch["spec"]["catalogue"]
    hint = f"segue rejected --catalogue {catalogue} --reason Alternative"
    assert alternatives == f"2 other files of stored tracks were not taken: {hint}"
    assert passed_over == "passed over: 1 LinkedTwice, 4 NotAudio (links: a/up/)"


def test_a_batch_says_what_came_and_went() -> None:
    tracks = {"listed": 1200, "stored": 1200, "added": 1, "removed": 2, "moved": 3}
    batch = ended(track_batch("songs"), reason="Completed", message="m", tracks=tracks)
    assert "songs: 1,200 listed: 1 came, 2 went, 3 moved" in shown([batch]).splitlines()
