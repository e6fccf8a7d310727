"""For any values, arguments survive the command line and summaries fit the termination message."""

import dataclasses
import json
import types
import typing
from datetime import UTC
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue_core.contract import (
    PUBLISHED_EAR,
    ExtractArguments,
    ExtractSummary,
    SinkArguments,
    TrainArguments,
    TrainSummary,
    VerifyArguments,
    VerifySummary,
)
from segue_core.contract.commandline import Arguments
from segue_core.contract.termination import TERMINATION_MESSAGE_BYTES, Summary

ARGUMENTS = (ExtractArguments, SinkArguments, VerifyArguments, TrainArguments)
SUMMARIES = (Summary, ExtractSummary, VerifySummary, TrainSummary)
NEEDED = ["--catalogue=c", "--batch=b", "--batch-uid=u", "--audio-root=/a"]
SPECIAL = {
    "shards": st.integers(1, 1000),
    "prefix": st.text(max_size=20),
    "maximum_missing_percent": st.integers(0, 100),
    "window_seconds": st.floats(0.1, 1e6),
    "started_at": st.none() | st.datetimes(timezones=st.just(UTC)).map(str),
    "column": st.dictionaries(st.text(min_size=1).filter(lambda name: "=" not in name), st.text(), max_size=4),
}  # fmt: skip


ANY_TEXT = st.text(st.characters(), max_size=4000) | st.binary(max_size=300).map(
    lambda raw: raw.decode("utf-8", "surrogateescape")
)


def _values(hint: Any) -> st.SearchStrategy[Any]:
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        return st.none() | _values(next(part for part in typing.get_args(hint) if part is not type(None)))
    if typing.get_origin(hint) is tuple:
        return st.lists(_values(typing.get_args(hint)[0]), min_size=1, max_size=4).map(tuple)
    if typing.get_origin(hint) is list:
        return st.lists(ANY_TEXT, max_size=60)
    if typing.get_origin(hint) is dict:
        return st.dictionaries(st.text(max_size=30), _values(typing.get_args(hint)[1]), max_size=6)
    if issubclass(hint, StrEnum):
        return st.sampled_from(list(hint))
    return {
        str: st.text(max_size=3000),
        int: st.integers(),
        bool: st.booleans(),
        float: st.floats(allow_nan=False),
    }[hint]


def _instances(kind: type[Any], special: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    hints = typing.get_type_hints(kind)
    names = [item.name for item in dataclasses.fields(kind)]
    return st.fixed_dictionaries(
        {name: special[name] if name in special else _values(hints[name]) for name in names}
    ).map(lambda values: kind(**_with_described_ear(values)))


def _with_described_ear(values: dict[str, Any]) -> dict[str, Any]:
    """Leave out the checksum of an ear that has no description: the command line refuses it."""
    if "ear" in values and values["ear"] in (None, PUBLISHED_EAR):
        return values | {"ear_sha256": None}
    return values


@given(st.one_of([_instances(kind, SPECIAL) for kind in ARGUMENTS]))
def test_arguments_survive_a_round_trip_through_the_command_line(arguments: Arguments) -> None:
    assert type(arguments).parse(arguments.to_argv()) == arguments


def _counted(kind: type[Any]) -> dict[str, st.SearchStrategy[Any]]:
    """Counts are never negative; a message may quote a path with undecodable bytes."""
    counts = {name: st.integers(0, 2**40) for name, hint in typing.get_type_hints(kind).items() if hint is int}
    mappings = {
        name: st.dictionaries(st.text(max_size=3000), st.integers(0, 9), max_size=80)
        for name, hint in typing.get_type_hints(kind).items()
        if hint == dict[str, int]
    }
    return {**counts, **mappings, "error": st.none() | ANY_TEXT}


@given(st.one_of([_instances(kind, _counted(kind)) for kind in SUMMARIES]))
def test_a_summary_is_json_that_fits(summary: Summary) -> None:
    text = summary.encode()
    assert len(text.encode()) <= TERMINATION_MESSAGE_BYTES
    assert isinstance(json.loads(text), dict)
    decoded = type(summary).decode(text)
    assert decoded is not None


FEW = {
    **dict.fromkeys(("first_missing", "links_passed_over"), st.lists(st.text(max_size=5), max_size=5)),
    "rejected_by_reason": st.just({"Silent": 2}),
    "passed_over": st.just({"Hidden": 1}),
}


@given(_instances(VerifySummary, {**_counted(VerifySummary), **FEW, "error": st.none()}))
def test_a_summary_that_fits_is_read_as_it_was_written(summary: VerifySummary) -> None:
    assert VerifySummary.decode(summary.encode()) == summary


@given(st.text(max_size=200) | st.none())
def test_any_other_text_is_not_a_summary_or_is_a_plain_one(text: str | None) -> None:
    assert VerifySummary.decode(text) is None or isinstance(json.loads(text or ""), dict)


@pytest.mark.parametrize(
    ("argv", "problem"),
    [
        (["--shards=0"], "--shards must be at least 1"),
        (["--prefix=" + 21 * "x"], "--prefix must have at most 20 characters"),
        (["--metadata-format=Csv"], "invalid choice: 'Csv'"),
        (["--column=title"], "'title' does not have the form NAME=VALUE"),
        (["--started-at=yesterday"], "yesterday"),
        (["--started-at=2026-01-01T00:00:00"], "is not a time with a time zone"),
        (["--unknown=1"], "unrecognized arguments"),
    ],
)
def test_a_wrong_command_line_is_explained(argv: list[str], problem: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        VerifyArguments.parse([*NEEDED, *argv])
    assert ended.value.code == 2
    assert problem in capsys.readouterr().err


@pytest.mark.parametrize("ear", [[], [f"--ear={PUBLISHED_EAR}"]])
def test_a_checksum_needs_a_described_ear(ear: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        ExtractArguments.parse([*NEEDED, *ear, f"--ear-sha256={64 * '0'}"])
    assert ended.value.code == 2
    assert "--ear-sha256 needs the path of a description in --ear" in capsys.readouterr().err
