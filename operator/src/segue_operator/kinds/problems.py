"""What is wrong with a manifest: the field's path, the problem, and what to write instead."""

from __future__ import annotations

import json
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from segue_operator.kinds.base import RULE_ERROR
from segue_operator.kinds.messages import nearest, shorten
from segue_operator.kinds.schedule import PATTERN as SCHEDULE

PATTERNS: Mapping[str, str] = {
    r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$": (
        "use lowercase letters, digits and '-', starting and ending with a letter or digit, for example my-music"
    ),
    r"^[a-z]([-a-z0-9]*[a-z0-9])?$": (
        "use lowercase letters, digits and '-', starting with a letter, for example my-music"
    ),
    r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$": (
        "use lowercase letters, digits, '-' and '.', starting and ending with a letter or digit"
    ),
    r"^[A-Za-z0-9][A-Za-z0-9._/-]*$": (
        "use letters, digits, '.', '_', '/' and '-', starting with a letter or digit, for example vinyl/"
    ),
    r"^[0-9a-f]{64}$": "use the 64 lowercase hexadecimal digits that sha256sum prints",
    r"^([1-9][0-9]*g|(51[2-9]|5[2-9][0-9]|[6-9][0-9][0-9]|[1-9][0-9]{3,})m)$": (
        "use a whole number followed by m or g, at least 512m, for example 512m or 2g"
    ),
    r"^[0-9]+(\.[0-9]{1,3})?(m|[kMGTPE]|[KMGTPE]i)?$": (
        "use a number with a unit of Kubernetes, for example 500m or 2 for CPU, 512Mi or 2Gi for memory"
    ),
    r"^(0(\.[0-9]+)?|1(\.0+)?)$": 'use a fraction between "0" and "1" in quotes, for example "0.01"',
    SCHEDULE: 'use five fields of cron (minute, hour, day, month, day of the week), for example "0 3 * * *"',
    r"^[A-Za-z_][A-Za-z0-9_.-]*$": "use letters, digits, '_', '-' and '.', not starting with a digit",
}
"""What each pattern of the API asks for, in words."""

Sentence = Callable[[ErrorDetails], str]


@dataclass(frozen=True)
class Problem:
    """One problem: where it is, and what to do about it."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


def explain(error: ValidationError, model: type[BaseModel]) -> Iterator[Problem]:
    """Every problem that a validation found, once each."""
    seen = set()
    for details in error.errors(include_url=False):
        for problem in _problems(details, model):
            if problem not in seen:
                seen.add(problem)
                yield problem


def _problems(details: ErrorDetails, model: type[BaseModel]) -> Iterator[Problem]:
    if _counts_valid_entries_only(details):
        return
    path = _path(details["loc"])
    if details["type"] == RULE_ERROR:
        for sentence in details["ctx"]["sentences"]:
            yield Problem(path, sentence)
        return
    yield Problem(path, _sentence(details, model))


def _counts_valid_entries_only(details: ErrorDetails) -> bool:
    """Whether a list is called too short because pydantic leaves out its invalid entries, which it reports as well."""
    return details["type"] == "too_short" and len(details["input"]) >= details["ctx"]["min_length"]


def _sentence(details: ErrorDetails, model: type[BaseModel]) -> str:
    kind = details["type"]
    if kind == "extra_forbidden":
        return _unknown_field(details, model)
    if kind == "missing":
        return _missing(details, model)
    sentence_of = _SENTENCES.get(kind)
    return sentence_of(details) if sentence_of else details["msg"]


def _path(location: tuple[int | str, ...]) -> str:
    text = ""
    for part in location:
        if part in ("int", "constrained-str", "str"):  # pydantic's names for the alternatives of a quantity
            continue
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _shown(value: Any) -> str:
    return shorten(json.dumps(value, default=str, ensure_ascii=False), 60)


# -------------------------------------------------------------------------------------------------- fields of models


def _inner_model(hint: Any) -> type[BaseModel] | None:
    """The model in a field's type, inside ``| None``, tuples and annotations."""
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return hint
    origin = typing.get_origin(hint)
    if origin in (types.UnionType, typing.Union, tuple, typing.Annotated):
        for part in typing.get_args(hint):
            found = _inner_model(part)
            if found is not None:
                return found
    return None


def _model_at(location: tuple[int | str, ...], model: type[BaseModel]) -> type[BaseModel] | None:
    current: type[BaseModel] | None = model
    for part in location:
        if isinstance(part, int):
            continue
        if current is None:
            return None
        field = next((f for f in current.model_fields.values() if f.alias == part), None)
        current = _inner_model(field.annotation) if field is not None else None
    return current


def _fields(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


# -------------------------------------------------------------------------------------------------------- sentences


def _unknown_field(details: ErrorDetails, model: type[BaseModel]) -> str:
    holder = _model_at(details["loc"][:-1], model)
    if holder is None:
        return "unknown field: remove it"
    fields = _fields(holder)
    guess = nearest(str(details["loc"][-1]), fields)
    hint = f"did you mean {guess}?" if guess else f"the fields here are {', '.join(fields)}"
    return f"unknown field: {hint}"


def _missing(details: ErrorDetails, model: type[BaseModel]) -> str:
    inner = _model_at(details["loc"], model)
    return "is required" + (f": a mapping with {', '.join(_fields(inner))}" if inner is not None else "")


def _enumeration(details: ErrorDetails) -> str:
    choices = [part.strip().strip("'") for part in details["ctx"]["expected"].replace(" or ", ", ").split(",")]
    given = details["input"]
    guess = nearest(given, choices) if isinstance(given, str) else None
    listed = f"use {_alternatives(choices)}"
    return f"{_shown(given)} is not a valid value: " + (f"did you mean {guess}? ({listed})" if guess else listed)


def _alternatives(choices: list[str]) -> str:
    return choices[0] if len(choices) == 1 else f"{', '.join(choices[:-1])} or {choices[-1]}"


def _wants(what: str) -> Sentence:
    def sentence(details: ErrorDetails) -> str:
        return f"must be {what}, not {_shown(details['input'])}"

    return sentence


def _whole_number(details: ErrorDetails) -> str:
    given = details["input"]
    if isinstance(given, str) and given.strip().lstrip("-").isdecimal():
        return f"must be a whole number: write {given.strip()} without quotes"
    return f"must be a whole number, not {_shown(given)}"


def _boolean(details: ErrorDetails) -> str:
    given = details["input"]
    if isinstance(given, str) and given.lower() in ("true", "false"):
        return f"must be true or false: write {given.lower()} without quotes"
    return f"must be true or false, not {_shown(given)}"


def _text(details: ErrorDetails) -> str:
    given = details["input"]
    if isinstance(given, int | float) and not isinstance(given, bool):
        return f'must be a string: write "{given}" in quotes'
    return f"must be a string, not {_shown(given)}"


def _pattern(details: ErrorDetails) -> str:
    pattern = details["ctx"]["pattern"]
    return f"{_shown(details['input'])} is not valid: {PATTERNS.get(pattern, f'it must match {pattern}')}"


def _bound(words: str, key: str) -> Sentence:
    def sentence(details: ErrorDetails) -> str:
        return f"must be {words} {details['ctx'][key]}, not {_shown(details['input'])}"

    return sentence


def _length(words: str, key: str, one: str, several: str) -> Sentence:
    def sentence(details: ErrorDetails) -> str:
        count = details["ctx"][key]
        return f"must have {words} {count} {one if count == 1 else several}"

    return sentence


_SENTENCES: Mapping[str, Sentence] = {
    "enum": _enumeration,
    "literal_error": _enumeration,
    "int_type": _whole_number,
    "int_parsing": _whole_number,
    "int_from_float": _whole_number,
    "bool_type": _boolean,
    "bool_parsing": _boolean,
    "string_type": _text,
    "string_pattern_mismatch": _pattern,
    "model_type": _wants("a mapping (key: value)"),
    "model_attributes_type": _wants("a mapping (key: value)"),
    "dict_type": _wants("a mapping (key: value)"),
    "tuple_type": _wants("a list"),
    "list_type": _wants("a list"),
    "greater_than_equal": _bound("at least", "ge"),
    "less_than_equal": _bound("at most", "le"),
    "string_too_long": _length("at most", "max_length", "character", "characters"),
    "string_too_short": _length("at least", "min_length", "character", "characters"),
    "too_long": _length("at most", "max_length", "entry", "entries"),
    "too_short": _length("at least", "min_length", "entry", "entries"),
}
