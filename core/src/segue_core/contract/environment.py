"""Reading environment variables: every error names the variable and says what it should hold."""

from __future__ import annotations

import re
from collections.abc import Mapping


class SettingsError(ValueError):
    """The environment is wrong; the message names the variable and what it should hold."""


def text(environ: Mapping[str, str], name: str, default: str) -> str:
    """Value of a variable; an empty one counts as unset."""
    return environ.get(name, "").strip() or default


def required(environ: Mapping[str, str], name: str, example: str) -> str:
    """Value of a variable that must be set.

    Raises
    ------
    SettingsError
        It is not set, or empty.
    """
    value = text(environ, name, "")
    if not value:
        raise SettingsError(f"{name} is not set; set it, for example {name}={example}")
    return value


def choice(environ: Mapping[str, str], name: str, default: str, choices: tuple[str, ...]) -> str:
    """One of a few words.

    Raises
    ------
    SettingsError
        It is another word.
    """
    value = text(environ, name, default)
    if value not in choices:
        raise SettingsError(f"{name}={value!r}: use {', '.join(choices[:-1])} or {choices[-1]}")
    return value


def matching(environ: Mapping[str, str], name: str, default: str, pattern: re.Pattern[str], rule: str) -> str:
    """A value of a certain form.

    Raises
    ------
    SettingsError
        It does not match the pattern; the message states the rule.
    """
    value = text(environ, name, default)
    if not pattern.fullmatch(value):
        raise SettingsError(f"{name}={value!r}: {rule}")
    return value


def whole_number(environ: Mapping[str, str], name: str, default: int, *, least: int, most: int | None = None) -> int:
    """A whole number, 0 or more, within bounds.

    Raises
    ------
    SettingsError
        It is not a whole number, or out of bounds.
    """
    value = text(environ, name, str(default))
    is_number = value.isascii() and value.isdecimal()
    if not is_number or int(value) < least or (most is not None and int(value) > most):
        bounds = f"of at least {least}" if most is None else f"from {least} to {most}"
        raise SettingsError(f"{name}={value!r} is not a whole number {bounds}")
    return int(value)
