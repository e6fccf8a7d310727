"""A program's command line as a value: the operator writes it, the program reads it, one definition serves both.

Needs only the standard library.
"""

from __future__ import annotations

import argparse
import dataclasses
import types
import typing
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar, Self


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _boolean(text: str) -> bool:
    if text not in ("true", "false"):
        raise argparse.ArgumentTypeError(f"{text!r} is neither 'true' nor 'false'")
    return text == "true"


def _pair(text: str) -> tuple[str, str]:
    key, separator, value = text.partition("=")
    if not separator or not key:
        raise argparse.ArgumentTypeError(f"{text!r} does not have the form NAME=VALUE")
    return key, value


class _PairsAction(argparse.Action):
    def __call__(self, _parser: Any, namespace: Any, values: Any, _option: str | None = None) -> None:
        setattr(namespace, self.dest, {**getattr(namespace, self.dest, {}), values[0]: values[1]})


def _add_argument(parser: argparse.ArgumentParser, item: dataclasses.Field[Any], hint: Any) -> None:
    origin, kind = typing.get_origin(hint), hint
    if origin in (types.UnionType, typing.Union):
        kind = next(part for part in typing.get_args(hint) if part is not type(None))
    required = item.default is dataclasses.MISSING and item.default_factory is dataclasses.MISSING
    options: dict[str, Any] = {"dest": item.name, "required": required, "default": argparse.SUPPRESS}
    options["help"] = item.metadata.get("help", "").replace("%", "%%")
    if origin is tuple:
        kind = typing.get_args(hint)[0]
        options["action"] = "append"
    elif origin is dict:
        parser.add_argument(_option(item.name), type=_pair, action=_PairsAction, metavar="NAME=VALUE", **options)
        return
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        options["choices"] = [str(member) for member in kind]
        kind = str
    parser.add_argument(_option(item.name), type=_boolean if kind is bool else kind, **options)


def _restore(value: Any, hint: Any) -> Any:
    origin = typing.get_origin(hint)
    if origin in (types.UnionType, typing.Union):
        hint = next(part for part in typing.get_args(hint) if part is not type(None))
    if origin is tuple:
        element = typing.get_args(hint)[0]
        return tuple(_restore(entry, element) for entry in value)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return hint(value)
    return value


def argument(text: str, **options: Any) -> Any:
    """Field of an `Arguments` dataclass, with its help text."""
    return field(metadata={"help": text}, **options)


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """A program's command line as a value: ``to_argv`` writes it, ``parse`` reads it."""

    MODULE: ClassVar[str] = ""
    SUMMARY: ClassVar[str] = ""

    def to_argv(self) -> list[str]:
        """The arguments in a stable order, without those that are unset."""
        argv: list[str] = []
        for item in dataclasses.fields(self):
            value = getattr(self, item.name)
            if value is None:
                continue
            if isinstance(value, tuple):
                values = [_text(entry) for entry in value]
            elif isinstance(value, dict):
                values = [f"{key}={entry}" for key, entry in sorted(value.items())]
            else:
                values = [_text(value)]
            argv.extend(f"{_option(item.name)}={text}" for text in values)
        return argv

    @classmethod
    def command(cls) -> list[str]:
        """The program's command in an image, without its arguments."""
        return ["python", "-m", cls.MODULE]

    @classmethod
    def parse(cls, argv: Sequence[str] | None = None) -> Self:
        """Parse a command line; if it is wrong, argparse says why and exits with 2 (``ExitCode.CONFIGURATION``)."""
        parser = argparse.ArgumentParser(prog=f"python -m {cls.MODULE}", description=cls.SUMMARY)
        hints = typing.get_type_hints(cls)
        for item in dataclasses.fields(cls):
            _add_argument(parser, item, hints[item.name])
        given = vars(parser.parse_args(argv))
        try:
            return cls(**{name: _restore(value, hints[name]) for name, value in given.items()})
        except ValueError as error:
            parser.error(str(error))
