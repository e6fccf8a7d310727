"""What is wrong with a manifest, in sentences: the field's path, the fault, what to write instead."""

from __future__ import annotations

import difflib
import json
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from segue_operator.api.base import RULE_ERROR

PATTERNS: Mapping[str, str] = {
    r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$": (
        "use lowercase letters, digits and '-', with a letter or digit at both ends, for example my-music"
    ),
    r"^[a-z]([-a-z0-9]*[a-z0-9])?$": (
        "use lowercase letters, digits and '-', with a letter at the beginning, for example my-music"
    ),
    r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$": (
        "use lowercase letters, digits, '-' and '.', with a letter or digit at both ends"
    ),
    r"^[1-9][0-9]*[mg]$": "use a whole number with m or g behind it, for example 512m or 2g",
    r"^(0(\.[0-9]+)?|1(\.0+)?)$": 'use a fraction between "0" and "1" in quotes, for example "0.01"',
    r"^[A-Za-z_][A-Za-z0-9_.-]*$": "use letters, digits, '_', '-' and '.', not beginning with a digit",
}
"""Each pattern of the API in words."""


@dataclass(frozen=True)
class Problem:
    """One fault: where, and what to do about it."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """The choice that was probably meant; None if none is near."""
    by_lower = {choice.lower(): choice for choice in choices}
    found = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None


def explain(error: ValidationError, model: type[BaseModel]) -> Iterator[Problem]:
    """Every fault of a validation, once each."""
    seen = set()
    for details in error.errors(include_url=False):
        for problem in _problems(details, model):
            if problem not in seen:
                seen.add(problem)
                yield problem


def _problems(details: ErrorDetails, model: type[BaseModel]) -> Iterator[Problem]:
    path = _path(details["loc"])
    if details["type"] == RULE_ERROR:
        for sentence in details["ctx"]["sentences"]:
            yield Problem(path, sentence)
        return
    sentence_of = _SENTENCES.get(details["type"])
    yield Problem(path, sentence_of(details, model) if sentence_of else details["msg"])


def _path(location: tuple[int | str, ...]) -> str:
    text = ""
    for part in location:
        if part in ("int", "constrained-str", "str"):  # pydantic's names of a quantity's alternatives
            continue
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _shown(value: Any) -> str:
    text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= 60 else text[:59] + "…"


# -------------------------------------------------------------------------------------------------- fields of models


def _inner_model(hint: Any) -> type[BaseModel] | None:
    """The model that a field holds, through ``| None``, tuples and annotations."""
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
        return "is an unknown field: remove it"
    fields = _fields(holder)
    guess = nearest(str(details["loc"][-1]), fields)
    hint = f"did you mean {guess}?" if guess else f"the fields here are {', '.join(fields)}"
    return f"is an unknown field: {hint}"


def _missing(details: ErrorDetails, model: type[BaseModel]) -> str:
    inner = _model_at(details["loc"], model)
    return "is required" + (f": a mapping with {', '.join(_fields(inner))}" if inner is not None else "")


def _enumeration(details: ErrorDetails, model: type[BaseModel]) -> str:
    del model
    choices = [part.strip().strip("'") for part in details["ctx"]["expected"].replace(" or ", ", ").split(",")]
    given = details["input"]
    guess = nearest(given, choices) if isinstance(given, str) else None
    listed = f"use {_alternatives(choices)}"
    return f"{_shown(given)} is not one of its values: " + (f"did you mean {guess}? ({listed})" if guess else listed)


def _alternatives(choices: list[str]) -> str:
    return choices[0] if len(choices) == 1 else f"{', '.join(choices[:-1])} or {choices[-1]}"


def _wants(what: str) -> Callable[[ErrorDetails, type[BaseModel]], str]:
    def sentence(details: ErrorDetails, model: type[BaseModel]) -> str:
        del model
        return f"must be {what}, not {_shown(details['input'])}"

    return sentence


def _whole_number(details: ErrorDetails, model: type[BaseModel]) -> str:
    del model
    given = details["input"]
    if isinstance(given, str) and given.strip().lstrip("-").isdecimal():
        return f"must be a whole number: write {given.strip()} without quotes"
    return f"must be a whole number, not {_shown(given)}"


def _boolean(details: ErrorDetails, model: type[BaseModel]) -> str:
    del model
    given = details["input"]
    if isinstance(given, str) and given.lower() in ("true", "false"):
        return f"must be true or false: write {given.lower()} without quotes"
    return f"must be true or false, not {_shown(given)}"


def _text(details: ErrorDetails, model: type[BaseModel]) -> str:
    del model
    given = details["input"]
    if isinstance(given, int | float) and not isinstance(given, bool):
        return f'must be a text: write "{given}" in quotes'
    return f"must be a text, not {_shown(given)}"


def _pattern(details: ErrorDetails, model: type[BaseModel]) -> str:
    del model
    pattern = details["ctx"]["pattern"]
    return f"{_shown(details['input'])} is not valid: {PATTERNS.get(pattern, f'it must match {pattern}')}"


def _bound(words: str, key: str) -> Callable[[ErrorDetails, type[BaseModel]], str]:
    def sentence(details: ErrorDetails, model: type[BaseModel]) -> str:
        del model
        return f"must be {words} {details['ctx'][key]}, not {_shown(details['input'])}"

    return sentence


def _length(words: str, key: str, unit: str) -> Callable[[ErrorDetails, type[BaseModel]], str]:
    def sentence(details: ErrorDetails, model: type[BaseModel]) -> str:
        del model
        return f"must have {words} {details['ctx'][key]} {unit}"

    return sentence


_SENTENCES: Mapping[str, Callable[[ErrorDetails, type[BaseModel]], str]] = {
    "extra_forbidden": _unknown_field,
    "missing": _missing,
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
    "string_too_long": _length("at most", "max_length", "characters"),
    "string_too_short": _length("at least", "min_length", "characters"),
    "too_long": _length("at most", "max_length", "entries"),
    "too_short": _length("at least", "min_length", "entries"),
}
