"""Read environment variables; every error names the variable and says what it should contain."""

from __future__ import annotations

from collections.abc import Mapping


class ConfigError(ValueError):
    """The operator's environment is invalid; the message names the variable and says what it should contain."""


def text(environ: Mapping[str, str], name: str, default: str) -> str:
    """A variable's value, or the default if it is empty or not set."""
    return environ.get(name, "").strip() or default


def required(environ: Mapping[str, str], name: str, example: str) -> str:
    """Value of a variable that must be set."""
    value = environ.get(name, "").strip()
    if not value:
        raise ConfigError(f"{name} is not set; set it, for example {name}={example}")
    return value


def choice(environ: Mapping[str, str], name: str, default: str, choices: tuple[str, ...]) -> str:
    """A value from a closed set."""
    value = text(environ, name, default)
    if value not in choices:
        raise ConfigError(f"{name}={value!r}: use one of {', '.join(choices)}")
    return value


def whole_number(environ: Mapping[str, str], name: str, default: int, *, least: int, most: int | None = None) -> int:
    """A whole number within bounds."""
    value = text(environ, name, str(default))
    if not value.isdecimal() or not least <= int(value) <= (int(value) if most is None else most):
        bounds = f"of at least {least}" if most is None else f"from {least} to {most}"
        raise ConfigError(f"{name}={value!r} is not a whole number {bounds}")
    return int(value)
