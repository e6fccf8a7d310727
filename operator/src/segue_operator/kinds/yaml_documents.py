"""YAML as Kubernetes reads it, from files that anyone may have written: bounded before anything is built from it.

Kubernetes reads YAML 1.1 by Go's rules: ``y`` is true, ``1e3`` and ``0o17`` are numbers, ``12:30`` and dates are
strings. A small file can describe an enormous value, by aliases and merge keys that multiply. So its events are counted
first, and every alias counts with all that it stands for.
"""

from __future__ import annotations

import re
import stat
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

MAXIMUM_BYTES = 3 * 1024 * 1024
"""As much as an API server takes in one request."""
MAXIMUM_VALUES = 200_000
MAXIMUM_DEPTH = 60
MAXIMUM_DOCUMENTS = 1000

try:
    from yaml import CSafeLoader as _SafeLoader
except ImportError:  # a PyYAML that was built without libyaml: slower, and otherwise alike
    from yaml import SafeLoader as _SafeLoader  # type: ignore[assignment]


class UnreadableYamlError(ValueError):
    """A file that cannot be read as YAML; the message continues the file's name."""


class _Loader(_SafeLoader):
    """Resolves plain scalars by Go's rules instead of Python's."""


_Loader.yaml_implicit_resolvers = {}


def _resolve(tag: str, pattern: str, first: str) -> None:
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"(?:{pattern})\\Z"), list(first))


_TRUE = frozenset(("y", "yes", "true", "on"))
_FALSE = frozenset(("n", "no", "false", "off"))
_WORDS = "|".join(form for word in sorted(_TRUE | _FALSE) for form in (word, word.capitalize(), word.upper()))
_resolve("bool", _WORDS, "yYnNtTfFoO")
_resolve("int", r"[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|[1-9][0-9_]*|0)", "-+0123456789")
_resolve(
    "float",
    r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
    "-+.0123456789",
)
_resolve("null", r"~|null|Null|NULL|", "~nN")
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"\Z"), [""])
_resolve("merge", "<<", "<")


def _boolean(loader: yaml.Loader, node: yaml.ScalarNode) -> bool:
    return str(loader.construct_scalar(node)).lower() in _TRUE


def _integer(loader: yaml.Loader, node: yaml.ScalarNode) -> int:
    text = str(loader.construct_scalar(node)).replace("_", "")
    digits = text.lstrip("-+")
    octal = digits[1:].isdecimal() and digits.startswith("0")
    number = int(digits, 8) if octal else int(digits, 0)
    return -number if text.startswith("-") else number


def _number(loader: yaml.Loader, node: yaml.ScalarNode) -> float | int:
    text = str(loader.construct_scalar(node)).lower()
    number = float(text.replace(".inf", "inf").replace(".nan", "nan"))
    # JSON has one kind of number: to an API server, 1e3 is the whole number 1000.
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


_Loader.add_constructor("tag:yaml.org,2002:bool", _boolean)
_Loader.add_constructor("tag:yaml.org,2002:int", _integer)
_Loader.add_constructor("tag:yaml.org,2002:float", _number)


def read_documents(file: Path) -> list[Any]:
    """All documents of a file, ``/dev/stdin`` included.

    Raises
    ------
    UnreadableYamlError
        The file is not a regular file, too large, not UTF-8, not YAML, or describes more than the limits allow.
    """
    text = _read_text(file)
    try:
        _check_size(text)
        return list(yaml.load_all(text, _Loader))
    except yaml.YAMLError as error:
        raise UnreadableYamlError(f"is not valid YAML: {_explain(error)}") from None
    except RecursionError:
        raise UnreadableYamlError(f"is nested more than {MAXIMUM_DEPTH} levels deep: remove levels") from None


def _read_text(file: Path) -> str:
    try:
        mode = file.stat().st_mode
        if str(file) != "/dev/stdin" and not stat.S_ISREG(mode):
            raise UnreadableYamlError("is a device, a pipe or a socket: name a file, or use - for standard input")
        with file.open("rb") as source:
            content = source.read(MAXIMUM_BYTES + 1)
    except OSError as error:
        raise UnreadableYamlError(f"cannot be read: {error.strerror}") from None
    if len(content) > MAXIMUM_BYTES:
        raise UnreadableYamlError(f"is larger than {MAXIMUM_BYTES >> 20} MiB: divide it into several files")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UnreadableYamlError(f"is not UTF-8 text: byte {error.start}") from None


class _Count:
    """Values of a document so far, with every alias counted as what it stands for."""

    def __init__(self) -> None:
        self.values = 0
        self._open: list[tuple[str | None, int]] = []
        self._anchors: Counter[str] = Counter()

    def add(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.AliasEvent):
            self._grow(self._anchors[event.anchor or ""])
        elif isinstance(event, yaml.ScalarEvent):
            self._grow(1)
            self._anchors[event.anchor or ""] = 1
        elif isinstance(event, yaml.CollectionStartEvent):
            self._open.append((event.anchor, self.values))
            self._grow(1)
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = self._open.pop()
            self._anchors[anchor or ""] = self.values - before

    def _grow(self, count: int) -> None:
        self.values += count
        if self.values > MAXIMUM_VALUES:
            raise UnreadableYamlError(
                f"describes more than {MAXIMUM_VALUES:,} values, with its aliases and merge keys written out: "
                "divide it into several files"
            )
        if len(self._open) > MAXIMUM_DEPTH:
            raise UnreadableYamlError(f"is nested more than {MAXIMUM_DEPTH} levels deep: remove levels")


def _check_size(text: str) -> None:
    documents, total = 0, _Count()
    for event in _events(text):
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
        if documents > MAXIMUM_DOCUMENTS:
            raise UnreadableYamlError(f"has more than {MAXIMUM_DOCUMENTS:,} documents: divide it into several files")
        total.add(event)


def _events(text: str) -> Iterator[yaml.Event]:
    return iter(yaml.parse(text, _Loader))


def _explain(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    return f"{problem} in line {mark.line + 1}, column {mark.column + 1}" if mark else str(problem)
