"""YAML is read as Kubernetes reads it, and a manifest that was made to hurt ends soon, in few words."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue_operator.kinds.yaml_documents import (
    MAXIMUM_BYTES,
    MAXIMUM_DEPTH,
    MAXIMUM_VALUES,
    UnreadableYamlError,
    read_documents,
)


def read(folder: Path, text: str) -> list[Any]:
    file = folder / "manifest.yaml"
    file.write_text(text, encoding="utf-8")
    return read_documents(file)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("y", True), ("No", False), ("on", True), ("OFF", False), ("true", True), ("yellow", "yellow"),
        ("1e3", 1000), ("1.5", 1.5), (".5", 0.5), ("0o17", 15), ("017", 15), ("0x1F", 31), ("0b11", 3), ("1_000", 1000),
        ("-12", -12), ("089", 89), ("12:30", "12:30"), ("1:02:03", "1:02:03"), ("2024-01-31", "2024-01-31"),
        ("1.2.3", "1.2.3"), ("~", None), ("null", None), ("", None), ("'1e3'", "1e3"), ("512m", "512m"), ("=", "="),
    ],
)  # fmt: skip
def test_plain_values_mean_what_they_mean_to_kubernetes(tmp_path: Path, text: str, value: Any) -> None:
    (document,) = read(tmp_path, f"value: {text}\n")
    assert document == {"value": value}
    assert type(document["value"]) is type(value)


def test_aliases_and_merge_keys_work(tmp_path: Path) -> None:
    assert read(tmp_path, "a: &a {x: 1}\nb: *a\nc: {<<: *a, z: 2}\n") == [
        {"a": {"x": 1}, "b": {"x": 1}, "c": {"x": 1, "z": 2}}
    ]


def multiplying_aliases(levels: int) -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, levels)]
    return "\n".join(lines)


def multiplying_merge_keys(levels: int) -> str:
    lines = ["a0: &a0 {k: v}"]
    lines += [f"a{i}: &a{i} {{<<: [{', '.join([f'*a{i - 1}'] * 9)}]}}" for i in range(1, levels)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (multiplying_aliases(30), f"more than {MAXIMUM_VALUES:,} values"),
        (multiplying_merge_keys(30), f"more than {MAXIMUM_VALUES:,} values"),
        ("[" * 5000, f"more than {MAXIMUM_DEPTH} levels"),
        ("{a: " * 5000, f"more than {MAXIMUM_DEPTH} levels"),
        ("- " * 5000, f"more than {MAXIMUM_DEPTH} levels"),
        ("---\nkind: What\n" * 1001, "more than 1,000 documents"),
        ("[" + "x," * (MAXIMUM_VALUES + 1) + "]", f"more than {MAXIMUM_VALUES:,} values"),
        ("name: " + "x" * MAXIMUM_BYTES, "larger than 3 MiB"),
        ("a: [1\n", "is not valid YAML"),
        (r'a: "\ud800"', "is not valid YAML"),
    ],
    ids=str,
)
def test_what_is_made_to_hurt_is_refused_in_few_words(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(UnreadableYamlError) as error:
        read(tmp_path, text)
    assert problem in str(error.value)
    assert len(str(error.value)) < 200


def test_an_alias_that_contains_itself_does_not_run_for_ever(tmp_path: Path) -> None:
    (document,) = read(tmp_path, "a: &a [*a]\n")
    assert document["a"][0] is document["a"]


def test_only_files_are_read(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.yaml"
    os.mkfifo(pipe)
    for file in (pipe, Path("/dev/zero")):
        with pytest.raises(UnreadableYamlError, match="is a device, a pipe or a socket"):
            read_documents(file)
    with pytest.raises(UnreadableYamlError, match="cannot be read: No such file"):
        read_documents(tmp_path / "nothing.yaml")


@given(st.binary(max_size=300) | st.text("a&*<:-[]{}\n ?!|>'\"#%@`,~0", max_size=200).map(str.encode))
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    file = tmp_path_factory.getbasetemp() / "any.yaml"
    file.write_bytes(content)
    with suppress(UnreadableYamlError):
        read_documents(file)
